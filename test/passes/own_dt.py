"""Traces that were made elsewhere say which dt their network was run with: compiled with that one, no network may draw a warning about time.

  own_dt.py NIRC FOLDER      prints each warning, and `N networks, N warnings`
"""
import os
import subprocess
import sys

import h5py


def main(nirc, folder):
    runs = set()
    for where, _, files in os.walk(folder):
        for name in files:
            if not name.endswith(".h5"):
                continue
            with h5py.File(os.path.join(where, name)) as f:
                if "dt" in f.attrs and "model" in f.attrs:
                    runs.add((os.path.normpath(os.path.join(where, f.attrs["model"])), repr(float(f.attrs["dt"]))))
    warnings = 0
    for model, dt in sorted(runs):
        done = subprocess.run([nirc, "--lenient", "--check", "--dt", dt, model], capture_output=True, text=True)
        lines = [k for k in done.stderr.splitlines() if "error" in k or ("warning" in k and "dt" in k)]
        warnings += len(lines)
        print(*lines, sep="\n", end="\n" if lines else "")
    print(f"{len(runs)} networks, {warnings} warnings")


main(*sys.argv[1:])
