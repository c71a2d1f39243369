#!/usr/bin/env python3
"""nirc against a simulator itself, on fresh random networks.

  check.py for SIMULATOR --nirc NIRC --nirc-run NIRC-RUN --python PYTHON FOLDER
      networks of networks.py: the file that `--emit nir --for SIMULATOR` makes, imported and run by the simulator, against the network compiled under profile nir
  check.py from SIMULATOR ...
      networks that the simulator made and exported: the file compiled under the simulator's profile, against the network in the simulator
  check.py golden SIMULATOR ... --shared SHARED
      the simulator against the traces of SHARED/golden that were once made with it: is this the same simulator, and its driver right?

Spikes have to be equal, v within 1e-5 of the largest. The seed is printed; NIRC_SEED sets it. A potential that comes nearer to its threshold than rounding is reported
as a difference, too; it is as rare as that, so another seed decides: one of two has to agree.
"""
import argparse
import glob
import os
import subprocess
import sys

import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
TOLERANCE = 1e-5


class Differs(Exception):
    pass


def run(command):
    p = subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if p.returncode:
        sys.exit(f"exit status {p.returncode}: {' '.join(map(str, command))}\n{p.stdout}")
    return p.stdout


def read(path, name):
    with h5py.File(path) as f:
        return f[name][()] if name in f else None


def compare(ours, theirs, late=0, analog=False):
    theirs = theirs.reshape(ours.shape)
    ours, theirs = ours[:len(ours) - late], theirs[late:]
    if analog:
        worst = np.abs(ours - theirs).max()
        if worst > TOLERANCE * np.abs(ours).max():
            raise Differs(f"values differ by up to {worst:.3g}")
        return
    different = np.argwhere(ours != theirs)
    if len(different):
        raise Differs(f"{len(different)} of {ours.size} spike counts differ, first at {different[0].tolist()}: {ours[tuple(different[0])]:g} and {theirs[tuple(different[0])]:g}")


def one_for(o, case, reset, late, seed, folder):
    import networks
    import nir
    graph, x = case(np.random.default_rng(seed))
    model, data, written, ours, theirs = (os.path.join(folder, n) for n in ("model.nir", "input.h5", "written.nir", "ours.h5", "theirs.h5"))
    nir.write(model, graph)
    with h5py.File(data, "w") as f:
        f["input"] = x
    meant = ["--semantics", "nir", "--dt", "1ms", *(["--reset", reset] if reset else [])]
    run([o.nirc, model, *meant, "-o", folder])
    run([o.nirc_run, folder, "-i", data, "-o", ours])
    run([o.nirc, model, *meant, "--emit", "nir", "--for", o.simulator, "-o", written])
    run([o.python, os.path.join(HERE, f"run_{o.simulator}.py"), "run", written, data, theirs, *(["--dt", networks.DT] if o.simulator == "norse" else []), *(["--reset", reset] if reset else [])])
    output = read(ours, "output")
    if not output.any():
        raise Differs("nothing happens in this network")
    compare(output, read(theirs, "output"), late, case.__name__ == "li")
    return f"{output.sum():.0f} spikes"


def one_from(o, case, seed, folder):
    run([o.python, os.path.join(HERE, f"run_{o.simulator}.py"), "export", case, seed, folder])
    model, data, ours, theirs = (os.path.join(folder, n) for n in ("model.nir", "input.h5", "ours.h5", "theirs.h5"))
    with h5py.File(theirs) as f:
        options = [str(a) for a in f.attrs["options"]]
    run([o.nirc, model, "--semantics", o.simulator, *options, "--probe", "all", "-o", folder])
    run([o.nirc_run, folder, "-i", data, "-o", ours])
    output, v = read(ours, "output"), read(theirs, "v")
    if not output.any():
        raise Differs("nothing happens in this network")
    compare(output, read(theirs, "output"))
    if v is not None:
        with h5py.File(theirs) as f:
            node = f.attrs["node"]
        compare(read(ours, f"trace/{node}/v"), v, analog=True)
    return f"{output.sum():.0f} spikes"


def twice(name, seed, test):
    """True where one of two seeds agrees."""
    for s in (seed, seed + 1000003):
        try:
            print(f"{name}: seed {s}: equal, {test(s)}", flush=True)
            return True
        except Differs as e:
            print(f"{name}: seed {s}: {e}", flush=True)
    return False


def golden(o, folder):
    ok = True
    for path in sorted(glob.glob(os.path.join(o.shared, "golden", o.simulator, "*.h5"))):
        with h5py.File(path) as f:
            a, want = dict(f.attrs), f["spikes"][()]
        if a["case"].startswith("paper") or "paper" in os.path.basename(path):
            continue
        theirs = os.path.join(folder, "golden.h5")
        run([o.python, os.path.join(HERE, f"run_{o.simulator}.py"), "run", os.path.join(os.path.dirname(path), a["model"]), path, theirs, "--dt", a["dt"],
             *(["--reset", a["reset"]] if a.get("reset") else [])])
        try:
            compare(want, read(theirs, "output"), analog=a["output_kind"] == "analog")
        except Differs as e:
            print(f"{os.path.basename(path)}: {e}", flush=True)
            ok = False
    return ok


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("what", choices=["for", "from", "golden"])
    ap.add_argument("simulator")
    ap.add_argument("folder")
    for option in ("--nirc", "--nirc-run", "--python", "--shared"):
        ap.add_argument(option)
    o = ap.parse_args()
    os.makedirs(o.folder, exist_ok=True)
    if o.what == "golden":
        sys.exit(not golden(o, o.folder))
    seed = int(os.environ.get("NIRC_SEED") or int.from_bytes(os.urandom(3), "little"))
    ok = True
    if o.what == "for":
        import networks
        for case, reset, late in networks.CASES[o.simulator]:
            name = case.__name__ + (f" {reset}" if reset else "")
            ok &= twice(name, seed, lambda s: one_for(o, case, reset, late, s, o.folder))
    else:
        out = run([o.python, os.path.join(HERE, f"run_{o.simulator}.py"), "cases"])
        for case in out.split():
            ok &= twice(case, seed, lambda s: one_from(o, case, s, o.folder))
    sys.exit(not ok)


main()
