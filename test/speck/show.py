"""show.py FILE PATH...: each value at PATH (keys with / between) of a JSON file, one a line."""
import json
import sys

with open(sys.argv[1], encoding="utf8") as f:
    tree = json.load(f)
for path in sys.argv[2:]:
    value = tree
    for key in path.split("/"):
        value = value[int(key) if isinstance(value, list) else key]
    print(path, json.dumps(value, separators=(",", ":")))
