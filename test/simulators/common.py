"""What the drivers of the simulators have in common: the command line, and files.

  DRIVER.py run JOBS.json
  DRIVER.py export SEED FOLDER

`run` takes a list of jobs {"model", "input", "output", "dt", "reset"} (files; the last two may be null): each model is imported with the simulator's own
importer and run step by step on the dataset `input` [T, *shape]; the output file holds `output` [T, *shape] and, where the last node has a state, `v`.

`export` makes networks in the simulator itself, with fresh random weights, and writes for each FOLDER/CASE/model.nir with its own exporter, input.h5 and
theirs.h5, what that network gives (attributes `node`, whose `v` that is, and `options`, those that nirc needs).
"""
import argparse
import json
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


def write_output(path, output, v=None, **attributes):
    with h5py.File(path, "w") as f:
        for name, value in attributes.items():
            f.attrs[name] = value
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


def between(rng, n, low, high):
    return rng.uniform(low, high, n).astype(np.float32)


def main(run, cases):
    """run(graph, x, dt, reset) -> output, v; cases: name -> f(rng) -> graph, x, output, v, options."""
    ap = argparse.ArgumentParser()
    sub = ap.add_subparsers(dest="what", required=True)
    sub.add_parser("run").add_argument("jobs")
    p = sub.add_parser("export")
    p.add_argument("seed", type=int)
    p.add_argument("folder")
    o = ap.parse_args()
    if o.what == "run":
        with open(o.jobs) as f:
            for job in json.load(f):
                write_output(job["output"], *run(nir.read(job["model"]), read_input(job["input"]), job["dt"], job["reset"]))
        return
    for name, case in cases.items():
        folder = os.path.join(o.folder, name)
        os.makedirs(folder, exist_ok=True)
        graph, x, output, v, options = case(np.random.default_rng(o.seed))
        nir.write(os.path.join(folder, "model.nir"), graph)
        write_input(os.path.join(folder, "input.h5"), x)
        write_output(os.path.join(folder, "theirs.h5"), output, v, node=last_node(graph), options=options)
