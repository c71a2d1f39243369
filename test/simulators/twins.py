#!/usr/bin/env python3
"""Whatever --for writes computes under the simulator's profile what the source computes under its own: nirc against nirc.

  twins.py NIRC NIRC-RUN FOLDER [PROFILE]

Each network of networks.py, meant under each profile that this nirc has (or PROFILE alone), with each reset, is written for each simulator: what is not
refused (exit status 1, with a reason) has to give the same spikes, and values within 1e-5. The last lines count both.
"""
import collections
import itertools
import os
import re
import subprocess
import sys

import h5py
import nir
import numpy as np

import networks

SIMULATORS = ("norse", "snntorch", "sinabs", "rockpool", "spyx", "lavadl", "nengo")
PROFILES = ("nir", "nir_exact", "unit", "norse", "snntorch", "sinabs", "rockpool", "spyx", "spikingjelly", "nengo", "lavadl")
CASES = (networks.lif, networks.mlp_lif, networks.mlp_if, networks.mlp_cuba, networks.rnn_lif, networks.rnn_bias, networks.rnn_cuba, networks.skip,
         networks.conv_lif, networks.conv_if, networks.spelt_lif, networks.spelt_if, networks.bounded_lif, networks.bounded_if, networks.bounded_rnn_lif,
         networks.bounded_cuba, networks.bounded_rnn_cuba, networks.psu, networks.li, networks.whole_if)
TOLERANCE = 1e-5


def call(*command):
    return subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")


def outputs(nirc, nirc_run, folder, model, data, options):
    """What a network gives; None where it does not compile."""
    p = call(nirc, model, *options, "-q", "-O0", "--name", "m", "-o", folder)
    if p.returncode == 1:
        return None
    out = os.path.join(folder, "out.h5")
    q = call(nirc_run, folder, "-i", data, "-o", out)
    if p.returncode or q.returncode:
        sys.exit(p.stdout + q.stdout)
    with h5py.File(out) as f:
        return f["output"][()]


def difference(here, there, late):
    """Why they are not equal; None where they are."""
    there = there.reshape(here.shape)
    here, there = (here[:len(here) - late], there[late:]) if late >= 0 else (here[-late:], there[:late])
    whole = np.array_equal(here, np.round(here))
    if whole and np.array_equal(here, there):
        return None
    worst = np.abs(here - there).max()
    return None if not whole and worst <= TOLERANCE * np.abs(here).max() else f"{np.sum(here != there)} of {here.size} values differ, by up to {worst:.3g}"


def main(nirc, nirc_run, folder, only=None):
    os.makedirs(folder, exist_ok=True)
    there_is = {line.split()[0] for line in call(nirc, "--list-profiles").stdout.splitlines() if "not in this version" not in line}
    model, written, data = (os.path.join(folder, n) for n in ("model.nir", "written.nir", "input.h5"))
    equal, refused, wrong = collections.Counter(), collections.Counter(), 0
    for number, case in enumerate(CASES):
        graph, x = case(np.random.default_rng(7 + number))
        nir.write(model, graph)
        with h5py.File(data, "w") as f:
            f["input"] = x
        for profile, reset in itertools.product([p for p in PROFILES if p in there_is and only in (None, p)], (None, "subtract")):
            if reset and profile not in ("nir", "nir_exact", "unit", "norse"):
                continue
            meant = ["--semantics", profile, "--dt", networks.DT, *(["--reset", reset] if reset else [])]
            here = None                                # run where something is written
            for simulator in [s for s in SIMULATORS if s in there_is]:
                p = call(nirc, model, *meant, "--emit", "nir", "--for", simulator, "-o", written)
                if p.returncode == 1 and "error: " in p.stdout:
                    refused[profile, simulator] += 1
                    continue
                if p.returncode:
                    sys.exit(p.stdout)
                here = outputs(nirc, nirc_run, folder, model, data, meant) if here is None else here
                if here is None:                       # the simulator that it is meant in takes no such parameters
                    break
                m = re.search(r"its values come (\d+) steps? (later|earlier)", p.stdout)
                late = int(m.group(1)) * (1 if m.group(2) == "later" else -1) if m else 0
                dt = re.search(r"dt = ([0-9.e+-]+)", p.stdout)
                options = ["--semantics", simulator, *(["--dt", dt.group(1)] if dt else []), *(["--reset", "subtract"] if "reset_subtract" in p.stdout else [])]
                there = outputs(nirc, nirc_run, folder, written, data, options)
                why = "it does not compile" if there is None else difference(here, there, late)
                wrong += bool(why)
                equal[profile, simulator] += not why
                if why:
                    print(f"{case.__name__}, {profile} {reset or ''} -> {simulator}: {why}", flush=True)
    for profile in sorted({p for p, _ in equal}):
        print(f"{profile}: " + ", ".join(f"{s} {equal[profile, s]} of {equal[profile, s] + refused[profile, s]}" for s in SIMULATORS if equal[profile, s]))
    print(f"{equal.total()} equal, {wrong} different, {refused.total()} refused")
    none = [s for s in SIMULATORS if s in there_is and only in (None, "nir") and not equal["nir", s]]
    if none:
        print(f"nothing of profile nir was written for {', '.join(none)}")
    sys.exit(bool(wrong or none or not equal.total()))


main(*sys.argv[1:])
