"""Checks the estimates of a report.

  estimate.py labels REPORT.json       every number of an estimate is called one; every figure names a source
  estimate.py page REPORT.html         beside every number of the page's section stands the word
  estimate.py stats REPORT.json STATS  counts against `nirc-run --stats` on the same input

Exit status 1 with what is wrong.
"""
import html.parser
import json
import sys
from collections import defaultdict

GIVEN = {"published", "year", "source", "steps", "samples", "steps_of_an_inference", "spikes_of_an_element_and_step"}     # what estimates follow from


def numbers(value, key=""):
    if isinstance(value, dict):
        for k, v in value.items():
            yield from numbers(v, k)
    elif isinstance(value, list):
        for v in value:
            yield from numbers(v, key)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield key, value


def labels(path):
    with open(path, encoding="utf-8") as f:
        e = json.load(f)["estimate"]
    found = list(numbers(e))
    assert len(found) > 10, "hardly any numbers"
    for key, value in found:
        assert key in GIVEN or key.startswith("estimate_"), f"{key}: {value}"
    for name in "synaptic_operation", "neuron_update", "message", "static_power":
        part = e["energy"][name]
        if part["figure"] is None:
            assert part["estimate_joules_per_step"] == [None, None], f"{name}: a number without a figure"
            assert name in e["energy"]["lacks"]
            continue
        s = e["sources"][part["figure"]["source"]]
        assert all(s[k] for k in ("authors", "title", "where", "link", "read")) and 1990 < s["year"] < 2100, s
        assert part["figure"]["conditions"] and part["figure"]["unit"] and part["figure"]["chip"]


class Section(html.parser.HTMLParser):
    """Cells of the tables of the section `estimate`, with the heads of their columns."""

    def __init__(self):
        super().__init__()
        self.inside = False
        self.cells, self.heads, self.column, self.text, self.kind = [], [], 0, None, ""

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == "section":
            self.inside = a.get("aria-labelledby") == "estimate"
        if tag == "tr":
            self.column = 0
        if tag == "thead":
            self.heads = []
        if self.inside and tag in ("th", "td"):
            self.text, self.kind = "", a.get("class", "") if tag == "td" else "th " + a.get("scope", "")

    def handle_data(self, data):
        if self.text is not None:
            self.text += data

    def handle_endtag(self, tag):
        if tag not in ("th", "td") or self.text is None:
            return
        if self.kind == "th col":
            self.heads.append(self.text)
        elif self.kind.startswith("n"):
            self.cells.append((self.heads[self.column], self.text))
        self.column += 1
        self.text = None


def page(path):
    s = Section()
    with open(path, encoding="utf-8") as f:
        s.feed(f.read())
    assert len(s.cells) > 10, "hardly any cells"
    for head, text in s.cells:
        assert text == "—" or "estimate" in text or "estimate" in head, f"{head}: {text}"


def stats(path, counted):
    with open(path, encoding="utf-8") as f:
        e = json.load(f)["estimate"]
    runs = e["activity"]["steps"] * e["activity"]["samples"]
    theirs = {"synaptic_operations": defaultdict(float), "spikes": defaultdict(float)}
    with open(counted, encoding="utf-8") as f:
        for line in f:
            _, node, key, value = line.split()
            if key in theirs and not node.startswith("/"):                 # spikes by core are the same ones again
                theirs[key][node] += int(value)
    inputs = set(theirs["spikes"]) - {l["name"] for l in e["layers"] if l["estimate_spikes_per_step"] is not None}
    assert len(inputs) <= 1, f"no layers: {inputs}"                        # a chip may count what arrives at an Input, too
    for key, nodes in theirs.items():
        total = sum(v for node, v in nodes.items() if node not in inputs) / runs
        ours = e["counts"][key]
        assert total > 0 and abs(ours["estimate_per_step"] - total) <= 1e-12 * total, f"{key}: {ours}, counted {total}"
        assert abs(ours["estimate_per_inference"] - total * e["steps_of_an_inference"]) <= 1e-9 * ours["estimate_per_inference"]
        for layer in e["layers"]:
            if layer[f"estimate_{key}_per_step"] is not None:
                assert abs(layer[f"estimate_{key}_per_step"] * runs - nodes[layer["name"]]) < 1e-6, f"{layer}, counted {nodes[layer['name']]}"


def main(what, *args):
    {"labels": labels, "page": page, "stats": stats}[what](*args)


main(*sys.argv[1:])
