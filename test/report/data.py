"""Writes an input as nirc-run reads it: data.py OUT.h5 'input=[[0,1],[1,1]]' ...; values are expressions over NumPy, stored as float32."""
import sys

import h5py
import numpy as np


def main(out, *datasets):
    names = {k: getattr(np, k) for k in ("zeros", "ones", "full", "nan", "inf")}
    with h5py.File(out, "w") as f:
        for d in datasets:
            name, value = d.split("=", 1)
            f[name] = np.asarray(eval(value, names), dtype=np.float32)                            # the tests' own text


main(*sys.argv[1:])
