"""Whether a report has the figures of placement.json:  partition_figures.py REPORT.json PLACEMENT.json"""
import json
import sys


def flat(p):
    inner = p.pop("spikes_per_step")
    return {**p, **inner}


with open(sys.argv[1]) as f:
    got = json.load(f)["chip"]["partition"]
with open(sys.argv[2]) as f:
    want = flat(json.load(f)["partition"])
want["assumed_rate"] = want.pop("spikes_per_neuron_and_step")
want.pop("activity")
if "first_fit" in want:
    want["first_fit"] = flat(want["first_fit"])
assert got == want, (got, want)
