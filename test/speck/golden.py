"""golden.py NIRC NIRC_RUN DIR WORK: the networks in DIR against what sinabs 3.1.3 makes of them: NAME.speck2f.json, NAME.placement.json, and
NAME.spikes.h5, the spikes and the last potentials of every core on NAME.in.h5. One line for each."""
import glob
import json
import os
import subprocess
import sys

import h5py
import numpy as np


def load(path):
    with open(path, encoding="utf8") as f:
        return json.load(f)


def sorted_destinations(tree):
    """sinabs takes the destinations of a core from a set: their order is arbitrary."""
    for core in tree["value0"]["cnnLayers"].values():
        if core:
            ends = sorted(core["destinations"].values(), key=lambda d: (not d["enable"], d["layer"]))
            core["destinations"] = {f"value{i}": d for i, d in enumerate(ends)}
    return tree


def keys(tree):
    """The order of keys is part of the format."""
    return [(k, keys(v)) for k, v in tree.items()] if isinstance(tree, dict) else None


def check(nirc, nirc_run, base, work):
    subprocess.run([nirc, base + ".nir", "-t", "speck", "--reset", "subtract", "--dt", "1", "--emulate", "--probe", "all", "-o", work], check=True)
    want, got = (sorted_destinations(load(p)) for p in (base + ".speck2f.json", os.path.join(work, "speck2f.json")))
    if want != got or keys(want) != keys(got):
        return "speck2f.json differs"
    with open(os.path.join(work, "speck2f.json"), encoding="utf8") as f:
        text = f.read()
    if text != json.dumps(json.loads(text), separators=(",", ":")) + "\n":
        return "speck2f.json has other white space"
    placement = load(os.path.join(work, "placement.json"))
    if placement != load(base + ".placement.json"):
        return "placement.json differs"
    run = os.path.join(work, "run.h5")
    subprocess.run([nirc_run, "-i", base + ".in.h5", "-o", run, work], check=True)
    with h5py.File(run) as r, h5py.File(base + ".spikes.h5") as w:
        if not np.array_equal(r["output"][()].reshape(w["output"].shape), w["output"][()]):
            return "output differs"
        for layer in placement["layers"]:
            core, trace = layer["core"], r[f"trace/{layer['neuron']}"]
            spikes, state = w[f"trace/core{core}"][()], w[f"state/core{core}"][()]
            if not np.array_equal(trace["spikes"][()].reshape(spikes.shape), spikes):
                return f"spikes of core {core} differ"
            if not np.array_equal(trace["v"][-1].reshape(state.shape), state):
                return f"v of core {core} differs"
    return None


def main(nirc, nirc_run, folder, work):
    for path in sorted(glob.glob(os.path.join(folder, "*.speck2f.json"))):
        base = path[:-len(".speck2f.json")]
        print(os.path.basename(base), check(nirc, nirc_run, base, os.path.join(work, os.path.basename(base))) or "equal")


main(*sys.argv[1:])
