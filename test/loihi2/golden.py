"""Golden networks of the Loihi 2 target, each run by Lava when it was made: golden.py NIRC NIRC_RUN SHARED."""
import json
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np


def datasets(path):
    found = {}
    with h5py.File(path) as f:
        f.visititems(lambda k, v: found.__setitem__(k, np.atleast_1d(v[()])) if isinstance(v, h5py.Dataset) else None)
    return found


def equal_files(ours, gold):
    a, b = datasets(ours), datasets(gold)
    return set(a) == set(b) and all(np.array_equal(a[k].astype("S"), v) if v.dtype.kind in "SO" else np.array_equal(a[k].reshape(-1), v.reshape(-1)) for k, v in b.items())


def run(nirc, nirc_run, folder, shared):
    with open(os.path.join(folder, "case.json"), encoding="utf8") as f:
        dt = json.load(f)["dt"]
    with h5py.File(os.path.join(folder, "model.nir")) as f:
        shape = tuple(f["node/nodes/input/shape"][()])
    with tempfile.TemporaryDirectory() as tmp:
        out, path = os.path.join(tmp, "out"), lambda name: os.path.join(tmp, name)
        subprocess.run([nirc, os.path.join(folder, "model.nir"), "-q", "-t", "loihi2", "--dt", repr(dt), "--emulate", "--probe", "all", "-o", out], check=True)
        with h5py.File(os.path.join(folder, "input.h5")) as f, h5py.File(path("in.h5"), "w") as g:
            g["input"] = f["input"][()].reshape((-1,) + shape)
        subprocess.run([nirc_run, out, "-i", path("in.h5"), "-o", path("run.h5")], check=True)
        subprocess.run([sys.executable, os.path.join(shared, "conform", "loihi2_placement.py"), os.path.join(out, "network.lava.h5"), os.path.join(out, "placement.json")],
                       check=True, stdout=subprocess.DEVNULL)
        gold, net = datasets(os.path.join(folder, "expected.h5")), os.path.join(folder, "network.net")
        with h5py.File(path("run.h5")) as f, open(os.path.join(out, "placement.json"), encoding="utf8") as p:
            flat = lambda v: v.reshape(len(v), -1)
            assert np.array_equal(flat(f["output"][()]), flat(gold["spikes"])), "output"
            equal = 0
            for pop in json.load(p)["populations"]:
                name = pop["name"] if f"population/{pop['name']}/u" in gold else None
                prefix = f"population/{name}" if name else f"layer/{pop['netx_layer']}"
                if pop["name"].startswith("clock"):
                    continue
                for ours, theirs in (("i", "u"), ("v", "v"), ("spikes", "s")):
                    assert np.array_equal(flat(f[f"trace/{pop['name']}/{ours}"][()]), flat(gold[f"{prefix}/{theirs}"])), f"{pop['name']}/{ours}"
                equal += 1
        made = os.path.exists(os.path.join(out, "network.net"))
        assert made == os.path.exists(net)
        return f"{equal} populations equal, " + ("no network.net" if not made else "network.net equal" if equal_files(os.path.join(out, "network.net"), net) else "network.net differs")


def main(nirc, nirc_run, shared):
    folder = os.path.join(shared, "golden", "loihi2")
    for name in sorted(os.listdir(folder)):
        if os.path.exists(os.path.join(folder, name, "case.json")):
            print(f"{name}: {run(nirc, nirc_run, os.path.join(folder, name), shared)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
