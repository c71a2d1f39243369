"""Holds a report against values worked out by hand:

  expect.py REPORT.json 'layers/fc/parameters=12' 'totals/state_bytes=8' ...

PATH=JSON; a list of objects is entered by the name of one. Prints what differs; exit status 1 where something does.
"""
import json
import sys


def entered(value, key):
    if isinstance(value, list):
        found = [v for v in value if v["name"] == key]
        assert len(found) == 1, f"{len(found)} of the name {key!r}"
        return found[0]
    return value[key]


def main(report, *expected):
    with open(report, encoding="utf-8") as f:
        root = json.load(f)
    bad = 0
    for e in expected:
        path, wanted = e.rsplit("=", 1)
        value = root
        for key in path.split("/"):
            value = entered(value, key.replace("|", "/"))
        if value != json.loads(wanted):
            bad += 1
            print(f"{path}: {json.dumps(value)}, {wanted} is wanted")
    sys.exit(bad > 0)


main(*sys.argv[1:])
