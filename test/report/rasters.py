"""rasters.py PAGE INPUT: the marks of the page's rasters of `lif` are the spikes that the equations give (test/frontend/compare.py), coloured by whether the other has them."""
import os
import re
import sys

import h5py

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "frontend"))
import compare  # noqa: E402

LEFT, CELL, ROW = 34, 3, 6


def marks(svg, kind):
    path = re.search(rf'<path class="{kind}" d="([^"]*)"/>', svg)
    return {((int(x) - LEFT) // CELL, int(y) // ROW) for x, y in re.findall(r"M(\d+) (\d+)h", path[1])} if path else set()


def main(page, source):
    with h5py.File(source) as f:
        x = f["input"][...].astype("f4")[:, None, :]
    names = ["nir", "nir:reset=subtract", "nir_exact"]
    trains = []
    for n in names:
        z = compare.run(x, *compare.parse(n))["lif"]["sent"][:, 0, :]
        trains.append({(t, e) for t in range(z.shape[0]) for e in range(z.shape[1]) if z[t, e]})
    with open(page, encoding="utf-8") as f:
        text = f.read()
    drawn = text[text.index("<h3>lif</h3>"):]
    figures = re.findall(r"<figure>.*?</figure>", drawn, re.S)[:len(names)]
    common = set.intersection(*trains)
    faults = []
    for k, (train, svg) in enumerate(zip(trains, figures)):
        wanted = {"spike": common, "differs": train - common, "missing": set()} if k == 0 else \
                 {"spike": train & trains[0], "differs": train - trains[0], "missing": trains[0] - train}
        faults += [f"{names[k]}, {kind}" for kind, w in wanted.items() if marks(svg, kind) != w]
    print("\n".join(faults))
    sys.exit(bool(faults) or len(figures) != len(names))


main(*sys.argv[1:])
