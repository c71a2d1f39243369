"""Are two .nir files the same network? Object by object: names, values, number types, shapes, and the order of edges."""
import sys

import h5py
import numpy as np


def flat(path):
    found = {}
    with h5py.File(path, "r") as f:
        f.visititems(lambda k, o: found.__setitem__(k, o[()] if isinstance(o, h5py.Dataset) else None))
    return found


a, b = (flat(p) for p in sys.argv[1:])
same = True
for k in sorted(set(a) | set(b)):
    if k not in a or k not in b:
        print(f"{k}: only in the {'second' if k not in a else 'first'}")
        same = False
        continue
    x, y = (np.asarray(v) for v in (a[k], b[k])) if a[k] is not None else (np.zeros(0), np.zeros(0))
    x, y = (v.astype(v.dtype.newbyteorder("=")) if v.dtype.kind in "fiu" else v for v in (x, y))
    if x.shape != y.shape or x.dtype != y.dtype or x.tobytes() != y.tobytes() and x.tolist() != y.tolist():
        print(f"{k}: {x.dtype} {x.shape} against {y.dtype} {y.shape}")
        same = False
print("same" if same else "different")
