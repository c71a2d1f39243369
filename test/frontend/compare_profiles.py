"""What --compare reports of simulators' profiles, worked out again from the equations of docs/semantics.md, in NumPy: one layer of LIF.

compare_profiles.py make DIR           writes lif.nir (r = 1) and input.h5
compare_profiles.py check JSON         a comparison of lif.nir on input.h5 with --dt 1e-4: spikes, first difference, shift, v where it has one unit
compare_profiles.py responsible JSON SECOND CHOICE...    what is said to be behind the difference from SECOND, all of it together where there are several

Weights lie on a grid, so that sums are exact whatever their order. Exit status 1, and what differs, where something does.
"""
import json
import os
import sys

import h5py
import numpy as np

F = np.float32
DT, TAU, V_THRESHOLD, V_RESET = 1e-4, F(2e-3), F(.1), F(-.05)
N_IN, N = 5, 6


def weights():
    return (np.random.default_rng(1).integers(-4, 12, (N, N_IN)) / 8).astype(F)


def make(folder):
    one = np.ones(N, F)
    fields = {"input": ("Input", {"shape": np.array([N_IN])}), "fc": ("Linear", {"weight": weights()}), "output": ("Output", {"shape": np.array([N])}),
              "lif": ("LIF", {"tau": one * TAU, "r": one, "v_leak": 0 * one, "v_threshold": one * V_THRESHOLD, "v_reset": one * V_RESET})}
    with h5py.File(os.path.join(folder, "lif.nir"), "w") as f:
        f["version"] = "1.0.8"
        f["node/type"] = "NIRGraph"
        for name, (kind, parameters) in fields.items():
            f[f"node/nodes/{name}/type"] = kind
            for k, v in parameters.items():
                f[f"node/nodes/{name}/{k}"] = v
        chain = ["input", "fc", "lif", "output"]
        f["node/edges"] = np.array(list(zip(chain, chain[1:])), dtype=h5py.string_dtype())
    with h5py.File(os.path.join(folder, "input.h5"), "w") as f:
        f["input"] = (np.random.default_rng(5).random((120, N_IN)) < .3).astype(np.uint8)


def nir(x):
    k, v = F(DT / float(TAU)), np.zeros(N, F)
    for a in x:
        h = v + k * ((F(0) - v) + F(1) * a)
        z = h > V_THRESHOLD
        v = np.where(z, V_RESET, h).astype(F)
        yield z, v


def norse(x):
    k, v = F(F(DT) * F(F(1) / TAU)), np.zeros(N, F)
    for a in x:
        h = v + k * ((a + F(0)) - v)
        z = F(h - V_THRESHOLD > 0)
        v = (F(1) - z) * h + z * F(0)
        yield z != 0, v


def snntorch(x):
    """v in units of 1/w; the threshold is divided by w."""
    w = F(F(F(1) * F(DT)) / TAU)
    beta, threshold, v = F(F(1) - F(F(DT) / TAU)), F(V_THRESHOLD / w), np.zeros(N, F)
    for a in x:
        h = beta * v + a
        z = F(h - threshold > 0)
        v = h - z * h
        yield z != 0, v.astype(np.float64) * (float(V_THRESHOLD) / float(threshold))


def lava_float(x):
    """A Dense sends the sum of the step before."""
    k = DT / float(TAU)
    v, late = np.zeros(N), np.zeros(N)
    wide = (weights().astype(np.float64) * k)
    for spikes in x.raw:
        h = v * (1 - k) + late
        late = wide @ (spikes != 0).astype(np.float64)
        z = h > float(V_THRESHOLD)
        v = np.where(z, 0, h)
        yield z, v.astype(F)


class Current:
    def __init__(self, raw):
        self.raw, self.sums = raw, (raw.astype(F) @ weights().T).astype(F)

    def __iter__(self):
        return iter(self.sums)


PROFILES = {"nir": nir, "norse": norse, "snntorch": snntorch, "lava_float": lava_float}


def shift(a, b):
    if np.array_equal(a, b):
        return 0
    for by in range(1, 5):
        for sign, early, late in ((1, a, b), (-1, b, a)):
            moved = np.concatenate([np.zeros_like(early[:by]), early[:-by]])
            if np.array_equal(moved, late):
                return sign * by
    return None


def check(path):
    with h5py.File(os.path.join(os.path.dirname(path), "input.h5")) as f:
        x = Current(f["input"][...])
    with open(path, encoding="utf-8") as f:
        c = json.load(f)
    faults = []
    for pair in c["pairs"]:
        (za, va), (zb, vb) = ([np.array(r) for r in zip(*PROFILES[pair[k]](x))] for k in ("first", "second"))
        layer, what = pair["layers"][0], f"{pair['first']} against {pair['second']}"
        where = np.argwhere(za != zb)
        wanted = {"step": int(where[0][0]), "sample": 0, "element": [int(where[0][1])]} if len(where) else None
        for name, found, want in (("spikes", layer["spikes"], [float(za.sum()), float(zb.sum())]), ("first", layer["first_difference"], wanted),
                                  ("differing", layer["differing"], len(where)), ("shift", layer["shift"], shift(za, zb)),
                                  ("scaled", layer["v"]["scaled_by_threshold"], "snntorch" in what)):
            if found != want:
                faults.append(f"{what} {name}: {found}, {want} is wanted")
        by = np.abs(va.astype(np.float64) - vb.astype(np.float64)).max()
        if not abs(layer["v"]["largest"] - by) <= 2e-7:
            faults.append(f"{what} v: {layer['v']['largest']}, {by} is wanted")
    print("\n".join(faults))
    sys.exit(bool(faults) or len(c["pairs"]) != len(PROFILES) - 1)


def responsible(path, second, *choices):
    with open(path, encoding="utf-8") as f:
        pair = next(p for p in json.load(f)["pairs"] if p["second"] == second)
    print(pair["responsible"])
    sys.exit(pair["responsible"] != {"choices": list(choices), "together": len(choices) > 1})


if __name__ == "__main__":
    {"make": make, "check": check, "responsible": responsible}[sys.argv[1]](*sys.argv[2:])
