"""Holds a .nir file against values: written.py FILE NODE.FIELD=VALUE ...

NODE is GRAPH/NODE in a nested graph; FIELD may be `type`; [GRAPH.]edges=A->B,C->D are edges in order. Numbers within 1e-6 of themselves.
"""
import sys

import h5py
import numpy as np

wrong = []
with h5py.File(sys.argv[1]) as f:
    for word in sys.argv[2:]:
        what, want = word.split("=", 1)
        node, _, field = what.rpartition(".")
        group = f["node" + "".join("/nodes/" + n for n in node.split("/") if n)]
        if field == "edges":
            got = ",".join("->".join(n.decode() for n in e) for e in group["edges"][()])
            same = got == want
        elif field == "type":
            got = group["type"][()].decode()
            same = got == want
        else:
            got, value = group[field][()], np.array(eval(want))
            same = got.shape == value.shape and np.allclose(got, value, rtol=1e-6, atol=0)
        if not same:
            wrong.append(f"{what}: {want} is wanted, the file has {got}")
print("\n".join(wrong))
sys.exit(bool(wrong))
