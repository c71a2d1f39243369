"""The chip without some of its constraints, against the same rules in NumPy (docs/spinnaker2.md, docs/evaluate.md).

  without.py NIRC NIRC_RUN [COUNT]

Random networks: two hidden populations, one of them with a loop of its own spikes, a skip, biases, feedback from the last population to the first, a readout or neurons behind. Each is run as the chip has it,
without each constraint alone, and without all; spikes have to be equal, states to differ by no more than the order of a sum. Without all it is also the network that -t cpu computes, as far as float32 goes.
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

ALL = ["weights", "rounding", "filter", "start", "feedback"]
DT, STEPS = 1e-3, 60
PHASE = {"in": 0, "l1": 1, "l2": 2, "l3": 3}


class Network(chip_network.Network):
    def __init__(self, rng):
        super().__init__(rng, {"in": 6, "l1": int(rng.integers(4, 12)), "l2": int(rng.integers(4, 12)), "l3": int(rng.integers(2, 6))})
        self.readout = bool(rng.random() < .3)
        self.subtract = bool(rng.random() < .4)
        self.neurons("l1", "LIF", 0)
        self.neurons("l2", "CubaLIF", 0 if self.subtract else .1)
        self.neurons("l3", "LI" if self.readout else "LIF", 0)
        self.way("a", "in", "l1", bias=True)
        self.way("b", "l1", "l2", bias=True)
        self.way("r", "l2", "l2")
        self.way("c", "l2", "l3", bias=True)
        self.way("s", "in", "l3")
        if not self.readout:
            self.way("f", "l3", "l1")

    def neurons(self, name, kind, v_reset):
        rng, n = self.rng, self.n[name]
        f = {"tau_mem": rng.uniform(3, 40, n) * DT, "v_leak": rng.uniform(-.2, .2, n), "r": rng.uniform(3, 12, n)}
        if kind == "CubaLIF":
            f.update(tau_syn=rng.uniform(2, 20, n) * DT, w_in=rng.uniform(1, 4, n))
        if kind != "LI":
            f.update(v_threshold=rng.uniform(.6, 1.4, n), v_reset=np.full(n, v_reset))
        self.nodes[name] = (kind, {k: v.astype(np.float32) for k, v in f.items()})

    def numbers(self, name, lacks):
        kind, f = self.nodes[name]
        g = lambda k: f[k].astype(float)
        k, k_syn = DT / g("tau_mem"), DT / g("tau_syn") if "tau_syn" in f else np.ones(self.n[name])
        gain = k * g("r") * (k_syn * g("w_in") if "w_in" in f else 1)
        into = [(s, w) for s, t, w, _ in self.ways if t == name]
        b = sum([b for _, t, _, b in self.ways if t == name and b is not None], np.zeros(self.n[name]))
        limit = 15 if any(s != name and PHASE[name] - PHASE[s] > 1 for s, _ in into) else 127
        w = limit / np.max([np.abs(m).max(1) for _, m in into], axis=0)
        exact = "weights" in lacks
        if exact:
            w = 2 ** np.floor(np.log2(w))
        s, alpha = w / gain, 1 - k
        apart = "filter" in lacks and kind == "CubaLIF"
        offset = k * g("v_leak") * s + (0 if apart else w * b / k_syn)
        threshold = np.full(self.n[name], 1e9) if kind == "LI" else g("v_threshold") * s
        start = g("v_leak") * s
        if "start" not in lacks:
            for _ in range(PHASE[name]):
                start = (start - offset) / alpha
            start = np.where((start > threshold) | ~(np.abs(start) <= 16 * np.abs(threshold)), g("v_leak") * s, start)
        real = np.float64 if "rounding" in lacks else np.float32
        return dict(alpha=real(alpha), syn=real(1 - k_syn) if kind == "CubaLIF" else None, offset=real(offset), threshold=real(threshold), start=real(start),
                    reset=real(g("v_reset") * s) if "v_reset" in f else real(0 * s), scale=s, real=real, drive=real(w * b) if apart else None,
                    into=[(n, m * w[:, None] if exact else np.clip(np.rint(m * w[:, None]), -limit, limit)) for n, m in into])

    def run(self, x, lacks):
        pops = {p: self.numbers(p, lacks) for p in ("l1", "l2", "l3")}
        first = {p: 0 if "start" in lacks else -PHASE[p] for p in pops} | {"in": 0}
        at = lambda t: t + 3                                       # rows begin at step -3
        z = {k: np.zeros((STEPS + 3, n)) for k, n in self.n.items()}
        z["in"][3:] = x != 0
        v, i = ({p: np.zeros((STEPS + 3, self.n[p])) for p in pops} for _ in range(2))
        now = {p: q["start"] for p, q in pops.items()}
        e, h = ({p: np.zeros(self.n[p], q["real"]) for p, q in pops.items()} for _ in range(2))
        for t in range(-3, STEPS):
            for p, q in pops.items():
                if t < first[p]:
                    continue
                plus, minus, real = np.zeros(self.n[p]), np.zeros(self.n[p]), q["real"]
                for source, w in q["into"]:
                    later = PHASE[source] > PHASE[p]
                    back = 1 if source == p or (later and "feedback" in lacks) else 1 + PHASE[source] - PHASE[p] if later else 0
                    if t - back >= first[source]:
                        plus += np.maximum(w, 0) @ z[source][at(t - back)]
                        minus += np.maximum(-w, 0) @ z[source][at(t - back)]
                drive = real(plus - minus)
                if q["syn"] is not None:
                    e[p], h[p] = q["syn"] * e[p] + real(plus), q["syn"] * h[p] + real(minus)
                    if q["drive"] is not None:
                        e[p] = e[p] + q["drive"]
                    drive = e[p] - h[p]
                u = (q["alpha"] * now[p] + q["offset"]) + drive
                fires = u > q["threshold"]
                now[p] = np.where(fires, u - q["threshold"] if self.subtract else q["reset"], u)
                z[p][at(t)], v[p][at(t)], i[p][at(t)] = fires, now[p], drive
        z, v, i = ({k: a[3:] for k, a in d.items()} for d in (z, v, i))
        return z, v, i, v["l3"] / pops["l3"]["scale"] if self.readout else z["l3"], pops


def run(nirc_run, out, work):
    path = os.path.join(work, "run.h5")
    subprocess.run([nirc_run, out, "-q", "-i", os.path.join(work, "in.h5"), "-o", path], check=True)
    with h5py.File(path) as f:
        return f["output"][()], {n: {k: g[k][()] for k in g} for n, g in f["trace"].items()}


def compare(nirc, nirc_run, rng, seen):
    net = Network(rng)
    x = (rng.random((STEPS, 6)) < .4).astype(np.float32)
    reset = "subtract" if net.subtract else "v_reset"
    with tempfile.TemporaryDirectory() as work:
        file, out = os.path.join(work, "net.nir"), os.path.join(work, "out")
        net.write(file)
        with h5py.File(os.path.join(work, "in.h5"), "w") as f:
            f["input"] = x
        found = {}
        for lacks in [[], *([k] for k in ALL), ALL]:
            without = f',without="{" ".join(lacks)}"' if lacks else ""
            subprocess.run([nirc, file, "-q", "--pass-pipeline", f"inline-subgraphs,probe{{node=all}},lower{{target=spinnaker2,dt={DT},reset={reset}{without}}}", "--name", "m", "-o", out],
                           check=True, stderr=subprocess.DEVNULL)
            output, traces = run(nirc_run, out, work)
            z, v, i, wanted, pops = net.run(x, lacks)
            # An addition of real weights has no one order: in float32 the last bit may differ, and the states' few last ones after it.
            most = 1e-5 if "weights" in lacks and "rounding" not in lacks else 1e-6
            for p in ("l1", "l2", "l3"):
                for what, want in (("v", v), ("i", i)):
                    if what in traces[p]:
                        size = np.abs(want[p]).max() + 1
                        error = np.abs(traces[p][what] - want[p]).max()
                        assert error <= (most * size if lacks else 0), (lacks, p, what, error, size)
                if "spikes" in traces[p]:
                    assert np.array_equal(traces[p]["spikes"], z[p]), (lacks, p, np.argwhere(traces[p]["spikes"] != z[p])[:3].tolist())
            assert np.abs(output - wanted).max() <= most * (np.abs(wanted).max() + 1), lacks
            found[" ".join(lacks)] = v
        for k in ALL:
            scale = lambda lacks, p: net.numbers(p, lacks)["scale"]
            seen[k] += any(np.abs(found[k][p] / scale([k], p) - found[""][p] / scale([], p)).max() > 1e-9 for p in v)
        subprocess.run([nirc, file, "-q", "--semantics", "unit", "--dt", str(DT), "--reset", reset, "--probe", "all", "--name", "m", "-o", out + "0"], check=True)
        _, traces = run(nirc_run, out + "0", work)
        named = [p for p in v if "spikes" in traces[p]]
        seen["spikes"] += int(sum(z[p].sum() for p in named))
        seen["differ"] += int(sum((traces[p]["spikes"] != z[p]).sum() for p in named))
        same = np.minimum.accumulate([all(np.array_equal(traces[p]["spikes"][t], z[p][t]) for p in named) for t in range(STEPS)])
        for p in v:                                                # as long as no spike differs
            ours = v[p] / pops[p]["scale"]
            seen["error"] = max(seen["error"], float((np.abs(traces[p]["v"] - ours).max(1) * same).max() / (np.abs(ours).max() + 1)))


def main(nirc, nirc_run, count="10"):
    seen = {k: 0 for k in [*ALL, "spikes", "differ"]} | {"error": 0.0}
    for k in range(int(count)):
        try:
            compare(nirc, nirc_run, np.random.default_rng([11, k]), seen)
        except AssertionError as e:
            sys.exit(f"network {k}: {e}")
    assert all(seen[k] for k in ALL) and seen["spikes"] and seen["differ"] <= seen["spikes"] / 1000 and seen["error"] < 1e-5, seen
    print(f"{count} networks are NumPy's, without each constraint and without all; {seen}")


main(*sys.argv[1:])
