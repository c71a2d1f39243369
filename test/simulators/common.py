"""What the drivers of the simulators have in common: the command line, and files.

  DRIVER.py run MODEL.nir INPUT.h5 OUTPUT.h5 [--dt DT] [--reset KIND]
  DRIVER.py export CASE SEED FOLDER

`run` imports MODEL with the simulator's own importer and runs it step by step on the dataset `input` [T, *shape]. `export` makes a network in the simulator itself,
with fresh random weights, and writes FOLDER/model.nir with its own exporter, FOLDER/input.h5 and FOLDER/theirs.h5, what that network gives.
OUTPUT holds `output` [T, *shape] and, where the last node has a state, `v`.
"""
import argparse
import os

import h5py
import nir
import numpy as np


def read_input(path):
    with h5py.File(path) as f:
        return f["input"][()].astype(np.float32)


def write_input(path, x):
    with h5py.File(path, "w") as f:
        f["input"] = x.astype(np.float32)


def write_output(path, output, v=None):
    with h5py.File(path, "w") as f:
        f["output"] = np.asarray(output, dtype=np.float32)
        if v is not None:
            f["v"] = np.asarray(v, dtype=np.float32)


def sample(y):
    """A NumPy array without its batch axis of 1; a Flatten from axis 0 on has merged it already."""
    y = np.asarray(y)
    return y[0] if y.ndim > 1 and y.shape[0] == 1 else y


def last_node(graph):
    """The node before the Output: its name."""
    output = next(n for n, node in graph.nodes.items() if isinstance(node, nir.Output))
    return next(a for a, b in graph.edges if b == output)


def spikes(rng, steps, n, rate=0.3):
    return (rng.random((steps, n)) < rate).astype(np.float32)


def weights(rng, n_out, n_in, low=-0.5, high=1.0):
    """Multiples of 1/64: sums of such numbers and spikes are exact in whatever order they are added."""
    return (np.round(rng.uniform(low, high, (n_out, n_in)) * 64) / 64).astype(np.float32)


def main(run, cases):
    """run(graph, x, dt, reset) -> output, v; cases: name -> f(rng, folder) -> x, output, v."""
    ap = argparse.ArgumentParser()
    sub = ap.add_subparsers(dest="what", required=True)
    p = sub.add_parser("run")
    p.add_argument("model")
    p.add_argument("input")
    p.add_argument("output")
    p.add_argument("--dt", type=float)
    p.add_argument("--reset", default="v_reset")
    p = sub.add_parser("export")
    p.add_argument("case", choices=sorted(cases))
    p.add_argument("seed", type=int)
    p.add_argument("folder")
    o = ap.parse_args()
    if o.what == "run":
        write_output(o.output, *run(nir.read(o.model), read_input(o.input), o.dt, o.reset))
        return
    os.makedirs(o.folder, exist_ok=True)
    x, output, v = cases[o.case](np.random.default_rng(o.seed), o.folder)
    write_input(os.path.join(o.folder, "input.h5"), x)
    write_output(os.path.join(o.folder, "theirs.h5"), output, v)
