"""Holds the synaptic operations of a report against those that `nirc-run --stats` counted, which are totals: stats.py REPORT.json STATS. Exit status 1 where they differ."""
import json
import sys


def main(report, stats):
    with open(report, encoding="utf-8") as f:
        root = json.load(f)
    runs = root["activity"]["steps"] * root["activity"]["samples"]
    found = {layer["name"]: layer for layer in root["layers"]}
    bad = compared = 0
    with open(stats, encoding="utf-8") as f:
        for line in f:
            _, node, key, value = line.split()
            layer = found[node]
            ours = layer["synaptic_operations"] if key == "synaptic_operations" else layer["activity"]["active_per_step"]
            compared += 1
            if abs(ours * runs - int(value)) > 1e-9 * int(value):
                bad += 1
                print(f"{node} {key}: {ours * runs}, {value} is counted")
    sys.exit(bool(bad) or compared < 6)


main(*sys.argv[1:])
