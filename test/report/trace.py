"""Writes a trace as nirc-run does: trace.py OUT.h5 DT 'NODE/spikes=[[0,1],[1,1]]' ...; values are expressions over NumPy, stored as float32."""
import sys

import h5py
import numpy as np


def main(out, dt, *datasets):
    names = {k: getattr(np, k) for k in ("zeros", "ones", "full", "arange")}
    with h5py.File(out, "w") as f:
        f.attrs["dt"] = float(dt)
        for d in datasets:
            name, value = d.split("=", 1)
            f[f"trace/{name}"] = np.asarray(eval(value, names), dtype=np.float32)                 # the tests' own text


main(*sys.argv[1:])
