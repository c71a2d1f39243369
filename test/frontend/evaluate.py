"""Figures of --evaluate, worked out again.

    evaluate.py check A.json TEST.h5 NAME=OUTPUT.h5 ...   variants of the evaluation against traces of nirc-run; the first is the network. NAME+LAYER:STEPS,...=OUTPUT.h5: how far the
                                                          layers of that variant are behind
    evaluate.py quantised A.json MODEL.nir TEST.h5 CHIP   Xylo: the network with the weights and thresholds of CHIP/spec.json, in NumPy, float64
    evaluate.py rasters PAGE NETWORK.h5 CHIP.h5 LAYER:STEPS,...  marks of the page's rasters against traces, those of the chip earlier by so many steps; CHIP.h5 is as much longer
    evaluate.py accuracy A.json NAME LINE                 is LINE, of conform/accuracy.py, what is said of that variant?
"""
import json
import re
import sys

import h5py
import numpy as np


def evaluation(path):
    with open(path) as f:
        e = json.load(f)
    e = e.get("evaluation") if "report" in e else e
    assert e["evaluation"] == 1
    return e, {v["name"]: v for v in e["variants"]}


def labels_of(path):
    with h5py.File(path) as f:
        return f["labels"][()]


def classes(output):
    return output.reshape(*output.shape[:2], -1).sum(0, dtype=np.float64).argmax(1)


def same(what, found, wanted):
    if found != wanted:
        sys.exit(f"{what} is {found}, {wanted} is wanted")


def read(path):
    with h5py.File(path) as f:
        return f["output"][()], {n: g["spikes"][()] for n, g in f["trace"].items() if "spikes" in g}


def check(path, test, *runs):
    e, variants = evaluation(path)
    labels, first = labels_of(test), None
    same("samples", e["input"]["samples"], len(labels))
    for run in runs:
        name, file = run.rsplit("=", 1)
        name, _, late = name.partition("+")
        late = {k: int(n) for k, n in (x.split(":") for x in late.split(",") if x)}
        output, spikes = read(file)
        first = first or (classes(output), spikes)
        v = variants[name]
        same(f"{name}: correct", v["correct"], int((classes(output) == labels).sum()))
        same(f"{name}: accuracy", v["accuracy"], int((classes(output) == labels).sum()) / len(labels))
        same(f"{name}: network_class", v["network_class"], int((classes(output) == first[0]).sum()))
        same(f"{name}: layers", sorted(y["name"] for y in v["layers"]), sorted(spikes))
        for y in v["layers"]:
            x, z, n = spikes[y["name"]], first[1][y["name"]], late.get(y["name"], 0)
            equal = x[n:] == z[:len(z) - n]
            for key, wanted in (("latency", n), ("spikes", float(x.sum(dtype=np.float64))), ("equal", int(equal.sum())), ("elements", equal.size)):
                same(f"{name}, {y['name']}: {key}", y[key], wanted)
    same("steps", e["input"]["steps"], len(output))
    print(f"{len(runs)} variants are as traces have them")


def quantised(path, model, test, chip):
    """NIR's forward Euler, reset by subtraction: a hidden layer with a loop, and an output layer (examples/vowels_rnn)."""
    e, variants = evaluation(path)
    with open(f"{chip}/spec.json") as f:
        s = {k: np.array(v, dtype=float) for k, v in json.load(f).items() if k not in ("aliases", "dt")}
    with open(f"{chip}/placement.json") as f:
        scale = {k: np.array(v) for k, v in json.load(f)["scale"].items()}
    with h5py.File(model) as f:
        nodes = {n: {k: v[()] for k, v in f["node/nodes"][n].items()} for n in ("hidden", "readout")}
    with h5py.File(test) as f:
        x = f["input"][()].astype(float)
    dt, batch = e["dt"], x.shape[1]
    layers = {"hidden": (s["threshold"] / scale["hidden"], nodes["hidden"]), "readout": (s["threshold_out"] / scale["output"], nodes["readout"])}
    w_in, w_rec, w_out = s["weights_in"][:, :, 0] / scale["hidden"], s["weights_rec"][:, :, 0] / scale["hidden"], s["weights_out"] / scale["output"]
    i, v, z = ({n: np.zeros((batch, len(t))) for n, (t, _) in layers.items()} for _ in range(3))
    spikes, total = {n: 0 for n in layers}, 0
    for t in range(len(x)):
        for n, (threshold, p) in layers.items():
            arrives = x[t] @ w_in + z["hidden"] @ w_rec if n == "hidden" else z["hidden"] @ w_out      # the gain is in the weights
            i[n] = i[n] - dt / p["tau_syn"] * i[n] + arrives
            v[n] = v[n] - dt / p["tau_mem"] * v[n] + dt / p["tau_mem"] * p["v_leak"] + i[n]
            z[n] = (v[n] > threshold).astype(float)
            v[n] -= z[n] * threshold
            spikes[n] += int(z[n].sum())
        total = total + z["readout"]
    q = variants["quantised"]
    same("correct", q["correct"], int((total.argmax(1) == labels_of(test)).sum()))
    for y in q["layers"]:
        same(f"spikes of {y['name']}", y["spikes"], float(spikes[y["name"]]))
    print("the quantised network is NumPy's")


def rasters(page, network, chip, late):
    """Of the sample that the page names, the first that the chip has in another class; all elements of each layer."""
    with open(page, encoding="utf8") as f:
        text = f.read()
    text = text[text.index('<h2 id="rasters">'):]
    (network_output, network_spikes), (chip_output, chip_spikes) = read(network), read(chip)
    differs = classes(network_output) != classes(chip_output[:len(network_output)])
    sample = int(differs.argmax())                                 # 0 where none differs
    left, cell, row = 34, 3, 6
    for layer, steps in ((k, int(n)) for k, n in (x.split(":") for x in late.split(","))):
        part = text[text.index(f"<h3>{layer}</h3>"):]
        a = network_spikes[layer][:, sample]
        b = chip_spikes[layer][steps:steps + len(a), sample]
        same("the sample", re.search(r"of sample (\d+) of", part)[1], str(sample))
        figures = re.findall(r"<figure>.*?</figure>", part, re.S)[:2]
        for k, (here, other) in enumerate(((a, b), (b, a))):
            wanted = {"spike": (here != 0) & (here == other), "differs": (here != 0) & (here != other), "missing": (here == 0) & (other != 0) & (k == 1)}
            for kind, marks in wanted.items():
                path = re.search(rf'<path class="{kind}" d="([^"]*)"/>', figures[k])
                found = {((int(x) - left) // cell, int(y) // row) for x, y in re.findall(r"M(\d+) (\d+)h", path[1])} if path else set()
                same(f"{layer}, {kind} of {k}", sorted(found), [tuple(m) for m in np.argwhere(marks).tolist()])
    print("rasters are as traces have them")


def accuracy(path, name, line):
    e, variants = evaluation(path)
    v, n = variants[name], e["input"]["samples"]
    same("accuracy", line, f"accuracy {v['correct'] / n:.3f} ({v['correct']}/{n})")


{"check": check, "quantised": quantised, "rasters": rasters, "accuracy": accuracy}[sys.argv[1]](*sys.argv[2:])
