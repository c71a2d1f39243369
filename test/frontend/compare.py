"""What --compare reports, worked out again from the equations of docs/semantics.md, in NumPy.

compare.py make DIR       writes net.nir, input.h5, batch.h5
compare.py check JSON INPUT [STEPS]   a comparison of net.nir: every number of every pair. INPUT: input.h5, batch.h5 or SEED:RATE:STEPS

Weights lie on a grid, so that sums are exact whatever their order. Exit status 1, and what differs, where something does.
"""
import json
import os
import sys

import h5py
import numpy as np

F = np.float32
N_IN, N_LIF, N_CUBA, N_OUT = 5, 7, 6, 3


def network():
    r = np.random.default_rng(3)
    grid = lambda *shape: (r.integers(-8, 17, shape) / 16).astype(F)
    return {
        "fc": grid(N_LIF, N_IN), "fc2": grid(N_CUBA, N_LIF), "head": grid(N_OUT, N_CUBA),
        "lif": {"tau": r.uniform(4e-4, 2e-3, N_LIF).astype(F), "r": F(np.ones(N_LIF)), "v_leak": r.uniform(-.1, .1, N_LIF).astype(F),
                "v_threshold": r.uniform(.1, .4, N_LIF).astype(F), "v_reset": r.uniform(-.1, .05, N_LIF).astype(F)},
        "cuba": {"tau_syn": r.uniform(3e-4, 1e-3, N_CUBA).astype(F), "tau_mem": r.uniform(4e-4, 2e-3, N_CUBA).astype(F), "r": F(np.ones(N_CUBA)), "v_leak": F(np.zeros(N_CUBA)),
                 "v_threshold": r.uniform(.05, .2, N_CUBA).astype(F), "w_in": F(np.ones(N_CUBA) * 2)},
        "li": {"tau": r.uniform(4e-4, 2e-3, N_OUT).astype(F), "r": F(np.ones(N_OUT)), "v_leak": F(np.zeros(N_OUT))},
    }


def write_network(path):
    n = network()
    with h5py.File(path, "w") as f:
        f["version"] = "1.0.8"
        f["node/type"] = "NIRGraph"

        def node(name, kind, **fields):
            g = f.create_group(f"node/nodes/{name}")
            g["type"] = kind
            for k, v in fields.items():
                g[k] = v
        node("input", "Input", shape=np.array([N_IN]))
        node("output", "Output", shape=np.array([N_OUT]))
        node("extra", "Output", shape=np.array([N_CUBA]))
        node("fc", "Linear", weight=n["fc"])
        node("fc2", "Linear", weight=n["fc2"])
        node("head", "Linear", weight=n["head"])
        node("lif", "LIF", **n["lif"])
        node("cuba", "CubaLIF", **n["cuba"])
        node("li", "LI", **n["li"])
        chain = ["input", "fc", "lif", "fc2", "cuba", "head", "li", "output"]
        edges = list(zip(chain, chain[1:])) + [("fc2", "extra")]
        f["node/edges"] = np.array(edges, dtype=h5py.string_dtype())


def k(dt, tau, exact):
    """In float64 from the stored number, rounded once."""
    q = float(dt) / tau.astype(np.float64)
    return F(-np.expm1(-q) if exact else q)


def fire(h, p, subtract):
    z = h > p["v_threshold"]
    return F(z), np.where(z, h - p["v_threshold"] if subtract else p.get("v_reset", F(0)), h).astype(F)


def run(x, exact, subtract, dt):
    """x: [T, B, N_IN]. What each layer sends and its v, [T, B, n]."""
    n = network()
    lif, cuba, li = n["lif"], n["cuba"], n["li"]
    batch = x.shape[1]
    v1 = np.broadcast_to(lif["v_leak"], (batch, N_LIF)).astype(F)
    v2, i2, v3 = np.zeros((batch, N_CUBA), F), np.zeros((batch, N_CUBA), F), np.zeros((batch, N_OUT), F)
    out = {name: {"sent": [], "v": []} for name in ("lif", "cuba", "li", "extra")}
    for row in x.astype(F):
        a = F(row @ n["fc"].T)
        h = v1 + k(dt, lif["tau"], exact) * ((lif["v_leak"] - v1) + lif["r"] * a)
        z1, v1 = fire(h, lif, subtract)
        b = F(z1 @ n["fc2"].T)
        i2 = i2 + k(dt, cuba["tau_syn"], exact) * (cuba["w_in"] * b - i2)
        h = v2 + k(dt, cuba["tau_mem"], exact) * ((cuba["v_leak"] - v2) + cuba["r"] * i2)
        z2, v2 = fire(h, cuba, subtract)
        c = F(z2 @ n["head"].T)
        v3 = v3 + k(dt, li["tau"], exact) * ((li["v_leak"] - v3) + li["r"] * c)
        for name, sent, v in (("lif", z1, v1), ("cuba", z2, v2), ("li", v3, v3), ("extra", b, b)):
            out[name]["sent"].append(sent.copy())
            out[name]["v"].append(v.copy())
    return {name: {key: np.array(rows, F) for key, rows in layer.items()} for name, layer in out.items()}


SPIKES, HAS_V = {"lif", "cuba"}, {"lif", "cuba", "li"}


def first(unequal):
    where = np.argwhere(unequal)
    if not len(where):
        return None
    t, b, e = where[0]
    return {"step": int(t), "sample": int(b), "element": [int(e)]}


def largest(a, b, where=True):
    by = np.where(where, np.abs(a.astype(np.float64) - b.astype(np.float64)), 0)
    if not by.any():
        return 0.0, None
    t, s, e = np.unravel_index(np.argmax(by), by.shape)
    return float(by[t, s, e]), {"step": int(t), "sample": int(s), "element": [int(e)]}


def shift(a, b):
    if np.array_equal(a, b):
        return 0
    for by in range(1, 5):
        for sign, early, late in ((1, a, b), (-1, b, a)):
            moved = np.concatenate([np.zeros_like(early[:by]), early[:-by]])
            if np.array_equal(moved, late) and moved.any():
                return sign * by
    return None


class Faults(list):
    def same(self, what, found, wanted):
        if found != wanted:
            self.append(f"{what}: {found}, {wanted} is wanted")


def parse(name):
    profile, *options = name.split(":")
    o = dict(x.split("=") for x in options)
    dt = o.get("dt", "100us")
    return profile == "nir_exact", o.get("reset") == "subtract", float(dt[:-2]) * 1e-6 if dt.endswith("us") else float(dt)


def differs(a, b):
    """By layer: first difference in what is sent, and in v."""
    return {n: (first(a[n]["sent"] != b[n]["sent"]), first(a[n]["v"] != b[n]["v"])) for n in a}


def check_layer(faults, what, found, name, a, b):
    x, y = a[name], b[name]
    unequal = x["sent"] != y["sent"]
    faults.same(f"{what} spikes", found["spikes"], [float(x["sent"].sum()), float(y["sent"].sum())] if name in SPIKES else None)
    faults.same(f"{what} first", found["first_difference"], first(unequal))
    faults.same(f"{what} differing", found["differing"], int(unequal.sum()))
    faults.same(f"{what} shift", found["shift"], shift(x["sent"], y["sent"]) if name in SPIKES else None)
    if name not in HAS_V:
        return faults.same(f"{what} v", found["v"], None)
    v = found["v"]
    by, at = largest(x["v"], y["v"])
    faults.same(f"{what} v first", v["first_difference"], first(x["v"] != y["v"]))
    faults.same(f"{what} v largest", (v["largest"], v["at"]), (by, at))
    if at:
        where = (at["step"], at["sample"], at["element"][0])
        faults.same(f"{what} v values", v["values"], [float(x["v"][where]), float(y["v"][where])])
    if name in SPIKES:
        agreed = ~np.logical_or.accumulate(unequal.any(axis=2), axis=0)[:, :, None]
        faults.same(f"{what} v before", (v["largest_before"], v["before_at"]), largest(x["v"], y["v"], agreed))


def check_pair(faults, pair, x):
    a, b = parse(pair["first"]), parse(pair["second"])
    names = ("coefficients", "reset", "dt")
    result = {}

    def mixed(chosen):
        key = tuple(b[i] if name in chosen else a[i] for i, name in enumerate(names))
        if key not in result:
            result[key] = run(x, *key)
        return result[key]
    of_a, of_b = mixed(()), mixed(names)
    what = f"{pair['first']} against {pair['second']}:"
    for found in pair["layers"]:
        check_layer(faults, f"{what} {found['name']}", found, found["name"], of_a, of_b)
    subjects = {"spikes": lambda d: {n: d[n][0] for n in SPIKES}, "value": lambda d: {n: d[n][0] for n in d}, "v": lambda d: {n: d[n][1] for n in HAS_V}}
    subject = next((s for s, of in subjects.items() if any(of(differs(of_a, of_b)).values())), None)
    agree = lambda chosen: not subject or not any(subjects[subject](differs(mixed(chosen), of_b)).values())
    places = {n: p for n, p in subjects[subject](differs(of_a, of_b)).items() if p} if subject else {}
    earliest = min((p["step"] for p in places.values()), default=None)
    layer = next((n for n in ("lif", "extra", "cuba", "li") if n in places and places[n]["step"] == earliest), None)
    faults.same(f"{what} first difference", pair["first_difference"], {"of": subject, "layer": layer, "at": places[layer]} if subject else None)
    relevant = [name for i, name in enumerate(names) if a[i] != b[i]]
    shown = {c["choice"]: c for c in pair["choices"]}
    faults.same(f"{what} choices that differ", [n for n in names if n in shown and shown[n]["differs"]], relevant)
    for name in relevant:
        c = shown[name]
        faults.same(f"{what} {name} agrees", c["alone_agrees"], agree((name,)))
        for layer in c["layers"]:
            d = differs(mixed((name,)), of_b)[layer["name"]]
            faults.same(f"{what} {name} alone, {layer['name']}", layer["first_difference"], d[0])
            if layer["name"] in HAS_V:
                faults.same(f"{what} {name} alone, {layer['name']} v", layer["first_difference_in_v"], d[1])
    r = pair["responsible"]
    if agree(()):
        return faults.same(f"{what} responsible", r, {"choices": [], "together": False})
    alone = [n for n in relevant if agree((n,))]
    if alone:
        return faults.same(f"{what} responsible", r, {"choices": alone, "together": False})
    faults.same(f"{what} together", (r["together"], agree(r["choices"])), (True, True))
    for n in r["choices"]:
        faults.same(f"{what} without {n}", agree([m for m in r["choices"] if m != n]), False)


def random_input(seed, rate, steps):
    """docs/compare.md: SplitMix64, a draw for each element."""
    mask, state, out = 2**64 - 1, seed, []
    for _ in range(steps * N_IN):
        state = (state + 0x9e3779b97f4a7c15) & mask
        z = state
        z = ((z ^ (z >> 30)) * 0xbf58476d1ce4e5b9) & mask
        z = ((z ^ (z >> 27)) * 0x94d049bb133111eb) & mask
        out.append(((z ^ (z >> 31)) >> 11) * 2.0**-53 < rate)
    return np.array(out, F).reshape(steps, 1, N_IN)


def check(path, source, *steps):
    if ":" in source:
        seed, rate, n = source.split(":")
        x = random_input(int(seed), float(rate), int(n))
    else:
        with h5py.File(source) as f:
            x = f["input"][...].astype(F)
        x = x if x.ndim == 3 else x[:, None, :]
    for n in map(int, steps):                        # stop early, or go on with zeros
        x = np.concatenate([x, np.zeros((max(n - len(x), 0), *x.shape[1:]), F)])[:n]
    with open(path, encoding="utf-8") as f:
        c = json.load(f)
    c = c.get("comparison") if "report" in c else c
    faults = Faults()
    faults.same("steps, samples", (c["input"]["steps"], c["input"]["samples"]), x.shape[:2])
    faults.same("layers", [(n["name"], n["type"], n["compared"]) for n in c["layers"] if n["name"] != "extra"],
                [("lif", "LIF", "spikes"), ("cuba", "CubaLIF", "spikes"), ("li", "LI", "value")])
    for pair in c["pairs"]:
        check_pair(faults, pair, x)
    print("\n".join(faults))
    sys.exit(bool(faults) or not c["pairs"])


def make(folder):
    write_network(os.path.join(folder, "net.nir"))
    r = np.random.default_rng(8)
    for name, shape in (("input", (60, N_IN)), ("batch", (40, 4, N_IN))):
        with h5py.File(os.path.join(folder, f"{name}.h5"), "w") as f:
            f["input"] = (r.random(shape) < .35).astype(np.uint8)


if __name__ == "__main__":
    {"make": make, "check": check}[sys.argv[1]](*sys.argv[2:])
