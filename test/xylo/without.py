"""The chip without some of its constraints, against the same rules in NumPy, float64 (docs/xylo.md, docs/evaluate.md).

  without.py NIRC NIRC_RUN [COUNT]

Random networks of three layers, one with a loop of its own spikes, and a skip. Each is run as the chip has it, without each constraint alone, and without all; spikes have to be equal, states to differ by no
more than rounding in float64. Without all it is also the network that -t cpu computes, as far as float32 goes.
"""
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
import chip_network  # noqa: E402

ALL = ["weights", "time-constants", "rounding", "saturation", "spikes", "order", "delay", "start"]
DT, STEPS = 1e-3, 60
LATENCY = {"l1": 0, "l2": 1, "l3": 2}


class Network(chip_network.Network):
    def __init__(self, rng):
        super().__init__(rng, {"in": 6, "l1": int(rng.integers(4, 12)), "l2": int(rng.integers(4, 12)), "l3": int(rng.integers(2, 8))})
        self.loud = rng.random() < .3                              # states that saturate
        for name in LATENCY:
            n = self.n[name]
            tau_mem, tau_syn = (2.0 ** rng.uniform(*((5, 8) if self.loud else (.6, 2.4)), n) * DT for _ in range(2))
            f = {"tau_mem": tau_mem, "tau_syn": tau_syn, "r": tau_mem / DT, "w_in": tau_syn / DT * rng.uniform(.7, 1.4, n), "v_leak": rng.uniform(-.3, .3, n) * tau_mem / DT / 8,
                 "v_threshold": rng.uniform(1, 4, n) * (30 if self.loud else 1), "v_reset": np.zeros(n)}
            self.nodes[name] = ("CubaLIF", {k: v.astype(np.float32) for k, v in f.items()})
        for name, source, target in (("a", "in", "l1"), ("b", "l1", "l2"), ("r", "l2", "l2"), ("c", "l2", "l3"), ("s", "l1", "l3")):
            self.way(name, source, target)

    def weights(self, name, shape):
        return super().weights(name, shape) + (1 if self.loud else 0)

    def numbers(self, name, lacks):
        f = {k: v.astype(float) for k, v in self.nodes[name][1].items()}
        gain = (f["w_in"] * DT / f["tau_syn"]) * (f["r"] * DT / f["tau_mem"])
        gain[np.abs(gain - 1) < 1e-5] = 1
        into = [(s, w * gain[:, None]) for s, t, w, _ in self.ways if t == name]
        scale = 127 / np.max([np.abs(w).max(1) for _, w in into], axis=0)
        over = np.rint(f["v_threshold"] * scale) > 32767
        scale[over] = 32767 / f["v_threshold"][over]
        bias, threshold = f["v_leak"] * DT / f["tau_mem"] * scale, f["v_threshold"] * scale
        exact = "weights" in lacks
        share = lambda tau: DT / tau if "time-constants" in lacks else 2.0 ** -np.rint(np.log2(tau / DT))
        return dict(into=[(s, w * scale[:, None] if exact else np.rint(w * scale[:, None])) for s, w in into], scale=scale, bias=bias if exact else np.rint(bias),
                    threshold=threshold if exact else np.rint(threshold), syn=share(f["tau_syn"]), mem=share(f["tau_mem"]),
                    start=f["v_leak"] * scale if "start" in lacks else np.zeros(self.n[name]))

    def run(self, x, lacks):
        layers = {p: self.numbers(p, lacks) for p in LATENCY}
        sat = (lambda a: a) if "saturation" in lacks else (lambda a: np.clip(a, -32768, 32767))

        def lost(a, share):
            if "rounding" in lacks:
                return a * share
            whole = np.floor(a * share)
            return np.maximum(whole, np.where(a > 0, np.minimum(a, 1), a))         # never more than there is

        z, v, i = ({p: np.zeros((STEPS, self.n[p])) for p in LATENCY} for _ in range(3))
        self.largest = 0                                           # that a sum may come to on the way
        now_v, now_i = {p: q["start"] for p, q in layers.items()}, {p: np.zeros(self.n[p]) for p in LATENCY}
        for t in range(STEPS):
            for p, q in layers.items():
                arrives, most = np.zeros(self.n[p]), np.abs(now_i[p])
                for source, w in q["into"]:
                    sent = np.minimum(x[t], 15) if source == "in" else z[source][t] if "delay" in lacks and source != p else z[source][t - 1] if t else 0 * z[source][0]
                    arrives += w @ sent
                    most = most + np.abs(w) @ sent
                i_, v_ = now_i[p], now_v[p]
                self.largest = max(self.largest, most.max(), np.abs(v_).max() + most.max())
                if "order" in lacks:
                    i_ = sat(i_ - lost(i_, q["syn"]) + arrives)
                else:
                    i_ = sat(i_ + arrives)
                    i_ = sat(i_ - lost(i_, q["syn"]))
                h = sat(v_ + sat(sat(i_ - lost(v_, q["mem"])) + q["bias"]))
                if "spikes" in lacks:
                    fires = (h > q["threshold"]).astype(float)
                else:
                    fires = np.where(h >= q["threshold"], np.minimum(np.floor(h / q["threshold"]), 1 if p == "l3" else 31), 0)
                h = h - fires * q["threshold"]
                if "start" in lacks and "delay" not in lacks and t < LATENCY[p]:
                    h, fires = v_, np.zeros(self.n[p])
                now_v[p], now_i[p] = h, i_
                z[p][t], v[p][t], i[p][t] = fires, h, i_
        return z, v, i, layers


def run(nirc_run, out, work):
    path = os.path.join(work, "run.h5")
    subprocess.run([nirc_run, out, "-q", "-i", os.path.join(work, "in.h5"), "-o", path], check=True)
    with h5py.File(path) as f:
        return {n: {k: g[k][()] for k in g} for n, g in f["trace"].items()}


def compare(nirc, nirc_run, rng, seen):
    net = Network(rng)
    x = (rng.integers(0, 3, (STEPS, 6)) * (rng.random((STEPS, 6)) < .4)).astype(np.float32)
    with tempfile.TemporaryDirectory() as work:
        file, out = os.path.join(work, "net.nir"), os.path.join(work, "out")
        net.write(file)
        with h5py.File(os.path.join(work, "in.h5"), "w") as f:
            f["input"] = x
        found = {}
        for lacks in [[], *([k] for k in ALL), ALL]:
            z, v, i, layers = net.run(x, lacks)
            found[" ".join(lacks)] = z, v, i
            if not lacks and net.largest >= 32767:
                continue                                           # each addition saturates by itself there (random_networks.py)
            seen["chip"] += not lacks
            without = f',without="{" ".join(lacks)}"' if lacks else ""
            subprocess.run([nirc, file, "-q", "--pass-pipeline", f"inline-subgraphs,probe{{node=all}},lower{{target=xylo,dt={DT},reset=subtract{without}}}", "--name", "m", "-o", out],
                           check=True, stderr=subprocess.DEVNULL)
            traces = run(nirc_run, out, work)
            for p in LATENCY:
                for what, want in (("v", v), ("i", i)):
                    error, size = np.abs(traces[p][what] - want[p]).max(), np.abs(want[p]).max() + 1
                    assert error <= 1e-6 * size, (lacks, p, what, error, size)
                assert np.array_equal(traces[p]["spikes"], z[p]), (lacks, p, np.argwhere(traces[p]["spikes"] != z[p])[:3].tolist())
        for k in ALL:
            seen[k] += any(not np.array_equal(found[k][n][p], found[""][n][p]) for n in range(3) for p in LATENCY)
        subprocess.run([nirc, file, "-q", "--semantics", "unit", "--dt", str(DT), "--reset", "subtract", "--probe", "all", "--name", "m", "-o", out + "0"], check=True)
        traces = run(nirc_run, out + "0", work)
        seen["fired"] += int(sum(z[p].sum() for p in z))
        seen["differ"] += int(sum((traces[p]["spikes"] != z[p]).sum() for p in z))
        same = np.minimum.accumulate([all(np.array_equal(traces[p]["spikes"][t], z[p][t]) for p in z) for t in range(STEPS)])
        for p in z:                                                # as long as no spike differs
            ours = v[p] / layers[p]["scale"]
            seen["error"] = max(seen["error"], float((np.abs(traces[p]["v"] - ours).max(1) * same).max() / (np.abs(ours).max() + 1)))


def main(nirc, nirc_run, count="10"):
    seen = {k: 0 for k in [*ALL, "chip", "fired", "differ"]} | {"error": 0.0}
    for k in range(int(count)):
        try:
            compare(nirc, nirc_run, np.random.default_rng([13, k]), seen)
        except AssertionError as e:
            sys.exit(f"network {k}: {e}")
    assert all(seen[k] for k in [*ALL, "chip", "fired"]) and seen["differ"] <= seen["fired"] / 1000 and seen["error"] < 1e-5, seen
    print(f"{count} networks are NumPy's, without each constraint and without all; {seen}")


main(*sys.argv[1:])
