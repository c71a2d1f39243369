"""Compile the golden networks under DIR and compare what they compute: spikes equal, states within the trace's tol_v (0: every bit)."""
import os
import subprocess
import sys

import h5py
import numpy as np


def text(v):
    return v.decode() if isinstance(v, bytes) else str(v)


def check(nirc, nirc_run, path, work):
    with h5py.File(path, "r") as f:
        a = dict(f.attrs)
        want = {k: f[k][()] for k in ("input", "spikes", "v") if k in f}
    model, node = os.path.join(os.path.dirname(path), text(a["model"])), text(a["out_node"])
    with h5py.File(model, "r") as f:                  # a Threshold has no state: the trace's v is that of the node before
        if f[f"node/nodes/{node}/type"][()] == b"Threshold":
            node = next(s.decode() for s, d in f["node/edges"][()] if d.decode() == node)
    out, given, got = (os.path.join(work, n) for n in ("out", "in.h5", "run.h5"))
    reset = ["--reset", "subtract"] if text(a["reset"]) == "subtract" else []
    subprocess.run([nirc, model, "--semantics", text(a["profile"]), "--dt", repr(float(a["dt"])), *reset, "--probe", node, "-o", out], check=True)
    with h5py.File(given, "w") as f:
        f["input"] = want["input"]
    subprocess.run([nirc_run, "-i", given, "-o", got, "--", os.path.join(out, os.path.basename(model)[:-4] + ".so")], check=True)
    with h5py.File(got, "r") as f:
        spikes, v = f["output"][()], f[f"trace/{node}/v"][()] if "v" in want else None
    tolerance = float(a["tol_v"])
    analog = text(a["output_kind"]) == "analog"
    bad = np.abs(spikes.reshape(want["spikes"].shape) - want["spikes"]) > (tolerance if analog else 0)
    if bad.any():
        return f"{int(bad.sum())} outputs differ"
    if v is not None:
        worst = float(np.abs(v.reshape(want["v"].shape).astype(np.float64) - want["v"]).max())
        if not worst <= tolerance:
            return f"v differs by {worst:g}, {tolerance:g} is allowed"
    return None


def main(nirc, nirc_run, data, work):
    os.makedirs(work, exist_ok=True)
    failed = tried = 0
    for folder, _, files in sorted(os.walk(data)):
        for name in sorted(n for n in files if n.endswith(".h5")):
            with h5py.File(os.path.join(folder, name), "r") as f:
                if "profile" not in f.attrs:             # a chip's own record
                    continue
            tried += 1
            said = check(nirc, nirc_run, os.path.join(folder, name), work)
            if said:
                failed += 1
                print(f"{os.path.relpath(os.path.join(folder, name), data)}: {said}")
    print(f"{tried} traces, {failed} failed")
    sys.exit(failed > 0 or tried == 0)


main(*sys.argv[1:])
