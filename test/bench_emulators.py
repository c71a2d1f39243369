#!/usr/bin/env python3
"""How fast emulated chips are beside others' simulations of them, on the golden networks, on one processor, in one run.

  bench_emulators.py [--build DIR] [--shared DIR] [--lava-python PYTHON] [--rounds N] [--at-least RATIO]

Loihi 2: Lava's fixed-point simulation of network.lava.h5, by run_lava.py, of its output only. SpiNNaker 2: the executor in NumPy, conform/spinnaker2_sim.py.
All run on the same processor and take turns, N rounds (default 5); of each the fastest round counts. A round is all steps of the golden input: the loop alone,
compiling and reading left out. Lava's processes are processes of the system; its first step, in which they start, is left out, too.

Prints a line for each network, microseconds per step of each and their ratio. Measurements, no test: exit status 1 only where a ratio is below --at-least.
Where PYTHON (default: DIR/lava/bin/python) has no Lava, Loihi 2 is left out, and a line says so.
"""
import argparse
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def load(path):
    spec = importlib.util.spec_from_file_location(os.path.basename(path)[:-3], path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def printed(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout


def lava_round(out, path):
    """Seconds per step; in Lava's interpreter."""
    program = load(os.path.join(out, "run_lava.py"))
    net = program.read_network(os.path.join(out, "network.lava.h5"))
    x = program.read_input(path, net, None)[0][0]
    run = program.Run(program.import_lava(False), net, x, [(net.output, "spikes")])
    run.go(1)
    start = time.perf_counter()
    run.go(len(x))                                   # sources begin again at their end
    seconds = time.perf_counter() - start
    run.stop()
    print(f"seconds_per_step {seconds / len(x):.6e}")


def lava_peer(o, out, path):
    return float(printed(o.lava_python, os.path.abspath(__file__), "--lava-round", out, path).split()[-1])


def numpy_peer(o, out, path):
    net = load(os.path.join(o.shared, "conform", "spinnaker2_sim.py")).Network(out)
    rasters = net.read_input(path)
    steps = max(len(r) for r in rasters.values())
    start = time.perf_counter()
    net.run(rasters, steps)
    return (time.perf_counter() - start) / steps


def emulator(o, out, path):
    text = printed(os.path.join(o.build, "nirc-run"), out, "-q", "-i", path, "-o", path + ".out", "--time", "--repeat", "20")
    return float(re.search(r"^seconds_per_step minimum (\S+)", text, re.M)[1])


def cases(o):
    """(chip, network, model, options, input, peer's name, peer)"""
    for chip, name, peer in (("loihi2", "Lava", lava_peer), ("spinnaker2", "NumPy", numpy_peer)):
        if chip == "loihi2" and not o.lava_python:
            print("loihi2: left out, no interpreter with Lava (--lava-python)")
            continue
        top = os.path.join(o.shared, "golden", chip)
        for network in sorted(os.listdir(top)):
            folder = os.path.join(top, network)
            options = ["--dt", "1e-3"] if chip == "loihi2" else None
            if os.path.exists(os.path.join(folder, "args")):
                with open(os.path.join(folder, "args"), encoding="utf-8") as f:
                    options = f.read().split()
            if options and os.path.exists(os.path.join(folder, "model.nir")):
                yield chip, network, folder, options, name, peer


def measure(o, chip, folder, options, peer):
    with tempfile.TemporaryDirectory() as tmp:
        out, path = os.path.join(tmp, "out"), os.path.join(tmp, "in.h5")
        subprocess.run([os.path.join(o.build, "nirc"), os.path.join(folder, "model.nir"), "-q", "-t", chip, *options, "--emulate", "-o", out], check=True)
        with h5py.File(os.path.join(folder, "model.nir")) as f, h5py.File(os.path.join(folder, "input.h5")) as g, h5py.File(path, "w") as h:
            node = next(n for n in f["node/nodes"].values() if n["type"][()] == b"Input")
            h["input"] = g["input"][()].reshape(-1, *node["shape" if "shape" in node else "input_type/input"][()]).astype(np.float32)
            steps = len(h["input"])
        rounds = [(emulator(o, out, path), peer(o, out, path)) for _ in range(o.rounds)]
        return steps, *np.min(rounds, 0)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--build", default=os.path.join(ROOT, "build"))
    ap.add_argument("--shared", default=os.environ.get("NIRC_SHARED") or os.path.join(ROOT, "..", "shared"))
    ap.add_argument("--lava-python", default=os.environ.get("NIRC_LAVA_PYTHON"))
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--at-least", type=float, default=0)
    ap.add_argument("--lava-round", nargs=2, help=argparse.SUPPRESS)
    o = ap.parse_args()
    if o.lava_round:
        return lava_round(*o.lava_round)
    o.lava_python = shutil.which(o.lava_python or os.path.join(o.build, "lava", "bin", "python"))
    os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])
    os.environ.update({k: "1" for k in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")})
    least = float("inf")
    for chip, network, folder, options, name, peer in cases(o):
        steps, ours, theirs = measure(o, chip, folder, options, peer)
        least = min(least, theirs / ours)
        print(f"{chip}/{network}: {steps} steps; us per step: emulator {ours * 1e6:.3f}, {name} {theirs * 1e6:.1f}; {theirs / ours:.0f} times", flush=True)
    print(f"smallest ratio: {least:.0f}")
    return int(least < o.at_least)


if __name__ == "__main__":
    sys.exit(main())
