#!/usr/bin/env python3
"""nirc against a simulator itself, on fresh random networks.

  check.py for SIMULATOR FOLDER --nirc NIRC --nirc-run NIRC-RUN --python PYTHON
      networks of networks.py: the file that `--emit nir --for SIMULATOR` makes, imported and run by the simulator, against the network compiled under
      profile nir
  check.py from SIMULATOR FOLDER ...
      networks that the simulator made and exported: the file compiled under its profile, against the network in the simulator
  check.py golden SIMULATOR FOLDER ... --shared SHARED
      the simulator against the traces of SHARED/golden that were once made with it: is this the same simulator, and its driver right?

Spikes have to be equal, v within 1e-5 of the largest. The seed is printed; NIRC_SEED sets it. A potential that comes nearer to its
threshold than rounding shows as a difference, too; it is as rare as that, so where a network differs another seed decides.
"""
import argparse
import glob
import json
import os
import subprocess
import sys

import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
TOLERANCE = 1e-5


def run(*command):
    p = subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if p.returncode:
        sys.exit(f"exit status {p.returncode}: {' '.join(map(str, command))}\n{p.stdout}")


def read(path, name):
    with h5py.File(path) as f:
        return f[name][()] if name in f else None


def difference(ours, theirs, late=0, analog=False):
    """Why they are not equal; None where they are."""
    theirs = theirs.reshape(ours.shape)
    ours, theirs = ours[:len(ours) - late], theirs[late:]
    if not ours.any():
        return "nothing happens in this network"
    if analog:
        worst = np.abs(ours - theirs).max()
        return f"values differ by up to {worst:.3g}" if not worst <= TOLERANCE * np.abs(ours).max() else None
    different = np.argwhere(ours != theirs)
    if not len(different):
        return None
    first = tuple(different[0])
    return f"{len(different)} of {ours.size} spike counts differ, the first at {list(map(int, first))}: {ours[first]:g} and {theirs[first]:g}"


def in_folder(folder, *names):
    os.makedirs(folder, exist_ok=True)
    return [os.path.join(folder, n) for n in names]


def driver(o, *arguments):
    run(o.python, os.path.join(HERE, f"run_{o.simulator}.py"), *arguments)


def run_jobs(o, jobs):
    """All in one process: importing a simulator takes longer than running it."""
    path, = in_folder(o.folder, "jobs.json")
    with open(path, "w") as f:
        json.dump(jobs, f)
    driver(o, "run", path)


# --- nirc -> simulator: each function takes a seed and gives {case: why it differs, or None} ----------

def check_for(o, seed, only):
    import networks
    import nir
    jobs, cases = [], []
    for case, reset, late in networks.CASES[o.simulator]:
        name = case.__name__ + (f"-{reset}" if reset else "")
        if only and name not in only:
            continue
        model, data, written, ours, theirs, out = in_folder(os.path.join(o.folder, name), "model.nir", "input.h5", "written.nir", "ours.h5", "theirs.h5", "out")
        graph, x = case(np.random.default_rng(seed))
        nir.write(model, graph)
        with h5py.File(data, "w") as f:
            f["input"] = x
        meant = ["--semantics", "nir", "--dt", networks.DT, *(["--reset", reset] if reset else [])]
        run(o.nirc, model, *meant, "-o", out)
        run(o.nirc_run, out, "-i", data, "-o", ours)
        run(o.nirc, model, *meant, "--emit", "nir", "--for", o.simulator, "-o", written)
        jobs.append({"model": written, "input": data, "output": theirs, "dt": networks.DT if o.simulator == "norse" else None, "reset": reset})
        cases.append((name, ours, theirs, late, case.__name__ == "li"))
    run_jobs(o, jobs)
    return {name: difference(read(ours, "output"), read(theirs, "output"), late, analog) for name, ours, theirs, late, analog in cases}


# --- simulator -> nirc -------------------------------------------------------------------------------

def check_from(o, seed, only):
    driver(o, "export", seed, o.folder)
    result = {}
    for name in sorted(n for n in os.listdir(o.folder) if os.path.exists(os.path.join(o.folder, n, "theirs.h5"))):
        if only and name not in only:
            continue
        model, data, ours, theirs, out = in_folder(os.path.join(o.folder, name), "model.nir", "input.h5", "ours.h5", "theirs.h5", "out")
        with h5py.File(theirs) as f:
            options, node = [str(a) for a in f.attrs["options"]], f.attrs["node"]
        run(o.nirc, model, "--semantics", o.simulator, *options, "--probe", node, "-o", out)
        run(o.nirc_run, out, "-i", data, "-o", ours)
        v = read(theirs, "v")
        result[name] = difference(read(ours, "output"), read(theirs, "output"))
        if v is not None and not result[name]:
            why = difference(read(ours, f"trace/{node}/v"), v, analog=True)
            result[name] = why and f"v of {node}: {why}"
    return result


# --- the traces -----------------------------------------------------------------------------------------

def check_golden(o):
    jobs, traces = [], []
    for path in sorted(glob.glob(os.path.join(o.shared, "golden", o.simulator, "*.h5"))):
        with h5py.File(path) as f:
            a = dict(f.attrs)
        if os.path.basename(path).startswith("paper"):
            continue                                   # prepared by hand, or large
        theirs, = in_folder(o.folder, os.path.basename(path))
        jobs.append({"model": os.path.join(os.path.dirname(path), a["model"]), "input": path, "output": theirs, "dt": float(a["dt"]), "reset": a.get("reset")})
        traces.append((path, theirs, a["output_kind"] == "analog"))
    run_jobs(o, jobs)
    wrong = 0
    for path, theirs, analog in traces:
        why = difference(read(path, "spikes"), read(theirs, "output"), analog=analog)
        print(f"{os.path.basename(path)}: {why or 'equal'}")
        wrong += bool(why)
    return not wrong and bool(traces)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("what", choices=["for", "from", "golden"])
    ap.add_argument("simulator")
    ap.add_argument("folder")
    for option in ("--nirc", "--nirc-run", "--python", "--shared"):
        ap.add_argument(option)
    o = ap.parse_args()
    if o.what == "golden":
        sys.exit(not check_golden(o))
    check = check_for if o.what == "for" else check_from
    seed, only = int(os.environ.get("NIRC_SEED") or int.from_bytes(os.urandom(3), "little")), None
    for s in (seed, seed + 1000003):
        result = check(o, s, only)
        for name, why in result.items():
            print(f"{name}: seed {s}: {why or 'equal'}", flush=True)
        only = [name for name, why in result.items() if why]
        if not only:
            sys.exit(not result)
    sys.exit(1)


main()
