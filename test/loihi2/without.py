"""The chip without some of its constraints, against the same rules in NumPy, float64 (spec: docs/loihi2.md, docs/evaluate.md).

  without.py NIRC NIRC_RUN [COUNT]

Random networks: two hidden populations, one of them with a loop of its own spikes and v_reset, a skip, biases, a readout or neurons behind. Each is run as the chip has it, without each constraint alone,
and without all; spikes have to be equal, states to differ by no more than rounding in float64. Without all it is also the network that -t cpu computes, as far as float32 goes.
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

ALL = ["weights", "time-constants", "rounding", "range", "start", "delay"]
DT = 1e-3


class Network(chip_network.Network):
    def __init__(self, rng):
        super().__init__(rng, {"in": 6, "l1": int(rng.integers(4, 12)), "l2": int(rng.integers(4, 12)), "l3": int(rng.integers(2, 6))})
        self.readout, self.clock = bool(rng.random() < .4), bool(rng.random() < .4)
        self.loud = rng.random() < .3                              # a current that wraps, a potential that ends
        self.n["l1"] = 11 if self.loud else self.n["l1"]
        self.neurons("l1", "LIF", 0)
        self.neurons("l2", "CubaLIF", .1)
        self.neurons("l3", "LI" if self.readout else "LIF", 0)
        self.way("a", "in", "l1", bias=True)
        self.way("b", "l1", "l2", bias=self.clock)
        self.way("r", "l2", "l2")
        self.way("c", "l2", "l3", bias=True)
        self.way("s", "in", "l3")

    def neurons(self, name, kind, v_reset):
        rng, n = self.rng, self.n[name]
        f = {"tau_mem": rng.uniform(3, 40, n) * DT, "v_leak": rng.uniform(-.2, .2, n), "r": rng.uniform(3, 12, n)}
        if kind == "CubaLIF":
            f.update(tau_syn=(rng.uniform(2000, 3000, n) if self.loud else rng.uniform(2, 20, n)) * DT, w_in=rng.uniform(1, 4, n))
        if kind != "LI":
            f.update(v_threshold=rng.uniform(.6, 1.4, n) * (.2 if self.loud and kind == "CubaLIF" else 1), v_reset=np.full(n, v_reset))
        if self.loud and kind == "CubaLIF":                        # alike, so that most weights are near the largest
            f.update({k: np.full(n, f[k][0]) for k in ("tau_mem", "r", "w_in", "v_threshold")})
        f = {k: v.astype(np.float32) for k, v in f.items()}
        self.nodes[name] = (kind, f)

    def weights(self, name, shape):
        w = super().weights(name, shape)
        return np.abs(w) * .3 + 2 if self.loud and name in "ab" else w

    def numbers(self, name, lacks):
        kind, f = self.nodes[name]
        g = lambda k: f[k].astype(float)
        syn, mem = DT / g("tau_syn") if "tau_syn" in f else None, DT / g("tau_mem")
        reset = g("v_reset") if "v_reset" in f else 0
        gain = mem * g("r") if syn is None else syn * g("w_in") * mem * g("r")
        theta = np.ones(self.n[name]) if kind == "LI" else g("v_threshold") - reset
        into = [(s, w * (gain / theta)[:, None]) for s, t, w, _ in self.ways if t == name]
        drive = sum(b for _, t, _, b in self.ways if t == name and b is not None) if any(t == name and b is not None for _, t, _, b in self.ways) else np.zeros(self.n[name])
        by_clock = drive * gain / theta if syn is not None else np.zeros(self.n[name])
        bias = ((0 if syn is not None else drive * gain) + mem * (g("v_leak") - reset)) / theta
        most = max([np.abs(w).max() for _, w in into] + [np.abs(by_clock).max()])
        s = 254 / most
        if kind != "LI":
            s = min(s, 131071)
        if np.abs(bias).max() > 0:
            s = min(s, 4095 / np.abs(bias).max())
        if kind == "LI":                                           # v has to stay below the largest threshold
            while True:
                total = sum(np.abs(2 * np.rint(w * s / 2)).sum(1) for _, w in into) * 64 + 64 * np.abs(np.rint(bias * s))
                v = (total / (np.clip(np.rint(4096 * mem), 0, 4096) / 4096)).max()
                if v < 64 * 131071:
                    break
                s *= min(1, 64 * 131071 / v * 255 / 256)
        if {"weights", "rounding", "range"} <= set(lacks):
            s = 2 ** np.floor(np.log2(s))
        exact = "weights" in lacks
        q = (lambda w: w * s) if exact else (lambda w: 2 * np.rint(w * s / 2))
        left = lambda share: 1 - share if "time-constants" in lacks else 1 - np.clip(np.rint(4096 * share), 0, 4096) / 4096
        return dict(keep_u=0 if syn is None else left(syn), keep_v=left(mem), into=[(k, q(w)) for k, w in into], clock=q(by_clock), s=s, theta=theta,
                    bias=bias * s if exact else np.rint(bias * s), threshold=131071 if kind == "LI" else s if exact else np.rint(s), readout=kind == "LI",
                    first=(g("v_leak") - reset) * 64 * s / theta if "start" in lacks else np.zeros(self.n[name]))

    def run(self, x, lacks):
        pops = {p: self.numbers(p, lacks) for p in ("l1", "l2", "l3")}
        latency = {"in": 0, "l1": 1, "l2": 2, "l3": 3}
        z = {k: np.zeros((len(x), n)) for k, n in self.n.items()}
        z["in"] = (x > 0).astype(float)
        u, v = ({p: np.zeros((len(x), self.n[p])) for p in pops} for _ in range(2))
        now_u, now_v = {p: np.zeros(self.n[p]) for p in pops}, {p: q["first"] + np.zeros(self.n[p]) for p, q in pops.items()}
        delay = "delay" not in lacks
        for t in range(len(x)):
            for p, q in pops.items():
                a = np.zeros(self.n[p])
                for source, w in q["into"]:
                    back = 1 if source == p else latency[p] - latency[source] if delay else 0
                    if t >= back:
                        a += w @ z[source][t - back]
                if t >= (latency[p] if delay else 0):              # the clock fires a step before
                    a += q["clock"]
                trunc = (lambda y: y) if "rounding" in lacks else np.trunc
                now_u[p] = trunc(now_u[p] * q["keep_u"]) + 64 * a
                if "range" not in lacks:
                    now_u[p] = np.where(now_u[p] > 2 ** 23, now_u[p] - 2 ** 24, now_u[p])
                    now_u[p] = np.where(now_u[p] <= -2 ** 23, now_u[p] + 2 ** 24, now_u[p])
                h = trunc(now_v[p] * q["keep_v"]) + now_u[p] + 64 * q["bias"]
                if "range" not in lacks:
                    h = np.clip(h, -(2 ** 23 - 1), 2 ** 23 - 1)
                fires = np.zeros(self.n[p], bool) if q["readout"] and "range" in lacks else h > 64 * q["threshold"]
                if "start" in lacks and delay and t < latency[p]:
                    h, fires = now_v[p], np.zeros(self.n[p], bool)
                now_v[p] = np.where(fires, 0, h)
                z[p][t], u[p][t], v[p][t] = fires, now_u[p], now_v[p]
        out = v["l3"] / (64 * pops["l3"]["s"]) if self.readout else z["l3"]
        return z, u, v, out


def compile_and_run(nirc, nirc_run, work, lacks, steps):
    out, lower = os.path.join(work, "out"), f"lower{{target=loihi2,dt={DT}"
    lower += f",without=\"{' '.join(lacks)}\"}}" if lacks else "}"
    subprocess.run([nirc, os.path.join(work, "net.nir"), "-q", "--pass-pipeline", "inline-subgraphs,probe{node=all}," + lower, "--name", "m", "-o", out], check=True,
                   stderr=subprocess.DEVNULL)
    return run(nirc_run, out, work, steps)


def run(nirc_run, out, work, steps):
    path = os.path.join(work, "run.h5")
    subprocess.run([nirc_run, out, "-q", "-i", os.path.join(work, "in.h5"), "-o", path, "--steps", str(steps)], check=True)
    with h5py.File(path) as f:
        return f["output"][()], {n: {k: g[k][()] for k in g} for n, g in f["trace"].items()}


def compare(nirc, nirc_run, rng, seen):
    net = Network(rng)
    steps = 400 if net.loud else 60
    x = (rng.random((steps, 6)) < .4).astype(np.float32)
    with tempfile.TemporaryDirectory() as work:
        net.write(os.path.join(work, "net.nir"))
        with h5py.File(os.path.join(work, "in.h5"), "w") as f:
            f["input"] = x
        spikes = {}
        for lacks in [[], *([k] for k in ALL), ALL]:
            output, traces = compile_and_run(nirc, nirc_run, work, lacks, steps)
            z, u, v, out = net.run(x, lacks)
            for p in ("l1", "l2", "l3"):
                for what, want in (("v", v), ("i", u)):
                    got, size = traces[p][what], np.abs(want[p]).max() + 1
                    assert np.abs(got - want[p].astype(np.float32)).max() <= 1e-6 * size, (lacks, p, what, np.abs(got - want[p]).max(), size)
                if "spikes" in traces[p]:
                    assert np.array_equal(traces[p]["spikes"], z[p]), (lacks, p, np.argwhere(traces[p]["spikes"] != z[p])[:3].tolist())
            assert np.abs(output - out.astype(np.float32)).max() <= 1e-6 * (np.abs(out).max() + 1), lacks
            spikes[" ".join(lacks)] = np.concatenate([z[p].ravel() for p in ("l1", "l2", "l3")]), u, v
        for k in ALL:
            seen[k] += any(not np.array_equal(spikes[k][n][p], spikes[""][n][p]) for n in (1, 2) for p in ("l1", "l2", "l3"))
        # Without all of them: the network, in float32.
        subprocess.run([nirc, os.path.join(work, "net.nir"), "-q", "--semantics", "unit", "--dt", str(DT), "--probe", "all", "--name", "m", "-o", os.path.join(work, "cpu")], check=True)
        output, traces = run(nirc_run, os.path.join(work, "cpu"), work, steps)
        equal = np.concatenate([(traces[p]["spikes"] == z[p]).ravel() for p in ("l1", "l2", "l3") if "spikes" in traces[p]])
        seen["spikes"] += int(z["l1"].sum() + z["l2"].sum())
        seen["differ"] += int((~equal).sum())
        q = {p: net.numbers(p, ALL) for p in ("l1", "l2", "l3")}
        same = np.minimum.accumulate([all(np.array_equal(traces[p]["spikes"][t], z[p][t]) for p in ("l1", "l2")) for t in range(steps)])
        for p in ("l1", "l2", "l3"):                               # as long as no spike differs
            reset = net.nodes[p][1].get("v_reset", np.float32(0)).astype(float)
            ours = v[p] * q[p]["theta"] / (64 * q[p]["s"]) + reset
            size = np.abs(ours).max() + 1
            seen["error"] = max(seen["error"], float((np.abs(traces[p]["v"] - ours).max(1) * same).max() / size))
        return float(equal.mean())


def main(nirc, nirc_run, count="10"):
    seen = {k: 0 for k in [*ALL, "spikes", "differ"]} | {"error": 0.0}
    for k in range(int(count)):
        try:
            share = compare(nirc, nirc_run, np.random.default_rng([7, k]), seen)
        except AssertionError as e:
            sys.exit(f"network {k}: {e}")
        assert share > .999, (k, share)
    assert all(seen[k] for k in ALL) and seen["spikes"] and seen["error"] < 1e-4, seen
    print(f"{count} networks are NumPy's, without each constraint and without all; {seen}")


main(*sys.argv[1:])
