"""Networks that rockpool's mapper and quantiser and the vendor's simulator have been run on: the same specification, configuration, spikes and states."""
import json
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np


def load(*parts):
    with open(os.path.join(*parts), encoding="utf8") as f:
        return json.load(f)


def differences(ours, gold):
    return [k for k in gold if not np.array_equal(np.array(ours.get(k)), np.array(gold[k]))] + sorted(set(ours) - set(gold))


def compile_(nirc, folder, case, out, quant, *more):
    subprocess.run([nirc, os.path.join(folder, "model.nir"), "-q", "-t", "xylo", "--dt", repr(case["dt"]), f"--xylo-variant={case['variant']}",
                    f"--xylo-gain={case['gain']}", f"--quant={quant}", "--reset", "subtract", "-o", out, *more], check=True)


def traces(nirc_run, folder, out, run):
    """Each record of the simulator that differs; hidden layers stand side by side, in the order of their numbers."""
    subprocess.run([nirc_run, out, "-i", os.path.join(folder, "input.h5"), "-o", run], check=True)
    place, bad = load(out, "placement.json"), []
    with h5py.File(run) as r, h5py.File(os.path.join(folder, "spikes.h5")) as gold:
        for kind, record in (("hidden", "hidden"), ("outputs", "out")):
            nodes = [layer["node"] for layer in place[kind]]
            for ours in ("spikes", "v", "i"):
                got = np.concatenate([r[f"trace/{n}/{ours}"][()] for n in nodes], axis=1)
                bad += [f"{ours}_{record}"] * (not np.array_equal(got, gold[f"{ours}_{record}"][()]))
        bad += ["output"] * (not np.array_equal(r["output"][()], gold["spikes_out"][()]))
        spikes = int(gold["spikes_hidden"][()].sum()), int(gold["spikes_out"][()].sum())
    return bad, spikes


def check(nirc, nirc_run, folder):
    case, bad = load(folder, "case.json"), []
    with tempfile.TemporaryDirectory() as work:
        out = os.path.join(work, "out")
        compile_(nirc, folder, case, out, case["quantiser"], "--emulate", "--probe", "all")
        bad += differences(load(out, "spec.json"), load(folder, "spec.json"))
        if os.path.exists(os.path.join(folder, "xylo.json")):
            bad += differences(load(out, "xylo.json")["value0"], load(folder, "xylo.json")["value0"])
        for layer in load(out, "placement.json")["hidden"]:
            ids = case["hardware_ids"][layer["node"].replace(".", "_")]         # rockpool writes no dot
            bad += ["ids"] * (ids != list(range(layer["first"], layer["first"] + layer["count"])))
        wrong, spikes = traces(nirc_run, folder, out, os.path.join(work, "run.h5"))
        if os.path.exists(os.path.join(folder, "spec_global.json")):
            compile_(nirc, folder, case, os.path.join(work, "global"), "global")
            bad += [f"global {k}" for k in differences(load(work, "global", "spec.json"), load(folder, "spec_global.json"))]
    print(f"{os.path.basename(folder)}: {spikes[0]} hidden and {spikes[1]} output spikes, {'differs: ' + ', '.join(bad + wrong) if bad + wrong else 'equal'}")
    return not bad + wrong


if __name__ == "__main__":
    results = [check(*sys.argv[1:3], folder) for folder in sys.argv[3:]]
    sys.exit(not results or not all(results))
