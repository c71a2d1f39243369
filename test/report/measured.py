"""Holds the activity in a module's text against what nirc-run counts: measured.py MODULE.nirt STATS RUNS, RUNS being steps times samples."""
import re
import sys
from collections import defaultdict

NAMES = r'nodes = strings<\[\d+\] ([^>]*)>'


def listed(text, name):
    """{node: per_step}, entries of one name added up."""
    m = re.search(name + r' = \{' + NAMES + r', elements = (\S+<i64\[\d+\] [^>]*>), per_step = (dense|splat)<f64\[\d+\] ([^>]*)>', text)
    nodes, values = re.findall(r'"([^"]*)"', m[1]), [float(x) for x in m[4].split(", ")]
    found = defaultdict(float)
    for node, value in zip(nodes, values if m[3] == "dense" else values * len(nodes), strict=True):
        found[node] += value
    return found


def main(module, stats, runs):
    with open(module, encoding="utf-8") as f:
        text = f.read()
    ours = {"spikes": listed(text, "spikes"), "synaptic_operations": listed(text, "operations")}
    counted = {"spikes": defaultdict(float), "synaptic_operations": defaultdict(float)}
    with open(stats, encoding="utf-8") as f:
        for line in f:
            _, node, key, value = line.split()
            if key in counted and not node.startswith("/"):                # spikes by core are the same ones again
                counted[key][node] += int(value) / int(runs)
    assert counted["spikes"] and counted["synaptic_operations"] and max(counted["spikes"].values()) > 0, "the run says too little"
    for key, nodes in counted.items():
        for node, value in nodes.items():
            assert abs(ours[key][node] - value) <= 1e-12 * value, f"{node} {key}: {ours[key][node]}, nirc-run counts {value}"


main(*sys.argv[1:])
