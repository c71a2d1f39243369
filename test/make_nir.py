"""Write a small .nir file for a test.

  make_nir.py OUT.nir 'fc=Linear(weight=[[1,2],[3,4]])' 'lif=LIF(tau=full(2,.01),r=1)' 'input->fc->lif->output'

NAME=Type(field=value, ...) makes a node: values are Python expressions over NumPy, floats become float32, integers int64, and a number
stands for a whole layer once it is an array: ones(3), full(2, .5). A->B->C makes edges, in order. NAME/NODE puts a node into the nested graph
NAME (made by NAME=NIRGraph()), NAME:A->B edges into it.
"""
import re
import sys

import h5py
import numpy as np

TEXT = h5py.string_dtype()


def number(v):
    if isinstance(v, str):
        return v
    a = np.asarray(v)
    return a.astype(np.float32) if a.dtype == np.float64 else a


def graph(f, path):
    g = f.require_group(path)
    if "type" not in g:
        g["type"] = "NIRGraph"
        g.require_group("nodes")
    return g


def place(path, name):
    parts = name.split("/")
    return "/".join([path] + [p for k in parts[:-1] for p in ("nodes", k)] + ["nodes", parts[-1]])


def main(out, *words):
    names = {k: getattr(np, k) for k in dir(np) if not k.startswith("_")}
    edges = {"node": []}
    with h5py.File(out, "w") as f:
        f["version"] = "1.0.8"
        graph(f, "node")
        for w in words:
            if "->" in w:
                where, chain = w.split(":") if ":" in w else ("", w)
                inside = "node" + "".join(f"/nodes/{k}" for k in where.split("/") if k)
                chain = [n.strip() for n in chain.split("->")]
                edges.setdefault(inside, []).extend(zip(chain, chain[1:]))
                continue
            name, kind, fields = re.fullmatch(r"([^=]+)=(\w+)\((.*)\)", w, re.S).groups()
            path = place("node", name)
            if kind == "NIRGraph":
                graph(f, path)
                edges.setdefault(path, [])
                continue
            g = f.create_group(path)
            g["type"] = kind
            for k, v in eval(f"dict({fields})", names).items():                    # the tests' own text
                g[k] = number(v)
        for path, list_ in edges.items():
            f[path]["edges"] = np.array(list_, dtype=TEXT) if list_ else np.zeros((0,))


main(*sys.argv[1:])
