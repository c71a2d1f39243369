"""HDF5 files for the tests of nirc-run, from one line each.

    data.py make FILE ITEM...     ITEM: PATH=EXPRESSION a dataset, OBJECT@NAME=EXPRESSION an attribute; np is numpy, r(2, 3) counts up
    data.py show FILE             every dataset and attribute, floats as short as they can be
    data.py same A B              the same bytes?
    data.py types WANT COMMAND...  does the command, MODEL -i IN -o OUT, give the bytes of WANT for r(2, 3) of every number type?
    data.py status N COMMAND...   does the command end with exit status N?
    data.py values PATH A B       has dataset PATH of A the values of that of B, whatever their types?
    data.py join PATH A B AB      does dataset PATH of A followed by that of B equal that of AB?
"""
import subprocess
import sys

import h5py
import numpy as np


def attributes(o):
    for k in sorted(o.attrs):
        print(f"{o.name}@{k} = {o.attrs[k]!r}" if isinstance(o.attrs[k], str) else f"{o.name}@{k} = {o.attrs[k]:g}")


def show(path):
    with h5py.File(path, "r") as f:
        attributes(f)
        def one(_, o):
            if isinstance(o, h5py.Dataset):
                values = "..." if o.size > 40 else " ".join(f"{x:g}" for x in np.ravel(o[()]))
                print(f"{o.name} {o.dtype} {list(o.shape)} {values}".rstrip())
            attributes(o)
        f.visititems(one)


def make(path, *items):
    names = {"np": np, "r": lambda *shape: np.arange(np.prod(shape)).reshape(shape)}
    with h5py.File(path, "w") as f:
        for item in items:
            key, text = item.split("=", 1)
            value = eval(text, names)
            if "@" in key:
                where, name = key.split("@")
                f.require_group(where or "/").attrs[name] = value
            else:
                f[key] = value


def equal(a, b):
    with open(a, "rb") as x, open(b, "rb") as y:
        return x.read() == y.read()


def same(a, b):
    sys.exit(not equal(a, b))


def types(want, *command):
    source, out = (command[command.index(o) + 1] for o in ("-i", "-o"))
    for t in "i1 u1 i2 u2 i4 u4 i8 u8 f2 f4 f8 >i2 >i4 >u8 >f4 >f8".split():
        with h5py.File(source, "w") as f:
            f["input"] = np.arange(6).reshape(2, 3).astype(t)
        if subprocess.run(command).returncode or not equal(out, want):
            sys.exit(f"type {t}: another result")


def values(path, a, b):
    with h5py.File(a, "r") as x, h5py.File(b, "r") as y:
        sys.exit(not np.array_equal(x[path][()], y[path][()]))


def join(key, *paths):
    a, b, ab = (h5py.File(p, "r")[key][()] for p in paths)
    c = np.concatenate([a, b])
    sys.exit(c.shape != ab.shape or c.tobytes() != ab.tobytes())


def status(n, *command):
    found = subprocess.run(command).returncode
    sys.exit(found != int(n) and f"exit status {found}, expected {n}")


{"make": make, "show": show, "same": same, "join": join, "status": status, "types": types, "values": values}[sys.argv[1]](*sys.argv[2:])
