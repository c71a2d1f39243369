"""Random networks that a Xylo takes: the specification against the rules worked out again in NumPy, the emulated chip against conform/xylo_sim.py,
or with its help against the vendor's simulator.

  random_networks.py NIRC NIRC_RUN SHARED COUNT [SEED [numpy|xylosim]]

Layers of any number and size up to the chip's limits, feed-forward, recurrent and skipping, nodes with several sources and several destinations; numbers of
every kind of decay, thresholds and biases to the ends of their ranges, and input that saturates states both ways.
"""
import collections
import json
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

TEXT = h5py.string_dtype()
LIMITS = {"audio2": dict(hid=1000, out=8, near=1000, slots=32000, fanout=64), "audio3": dict(hid=992, out=32, near=128, slots=31744, fanout=1024),
          "imu": dict(hid=496, out=16, near=128, slots=31744, fanout=512)}


def split(rng, total, parts):
    cuts = np.sort(rng.choice(np.arange(1, total), parts - 1, replace=False)) if parts > 1 else []
    return np.diff([0, *cuts, total]).tolist()


class Network:
    """The .nir file and, beside it, what the rules make of it."""

    def __init__(self, rng):
        self.rng, self.nodes, self.edges = rng, {}, []
        self.variant = str(rng.choice(list(LIMITS)))
        self.lim = LIMITS[self.variant]
        self.dt = float(rng.choice([1e-4, 1e-3, 0.01, 1.0]))
        self.n_in = int(rng.integers(1, 17))
        n_out = int(rng.integers(1, self.lim["out"] + 1))
        parts = int(rng.integers(1, 6))
        total = int(rng.choice([parts, 12, 60, 200, self.lim["hid"]]))
        sizes = split(rng, max(total, parts), parts)
        if self.variant != "audio2":                               # what inputs reach and what drives outputs must be near the ends
            sizes[0], sizes[-1] = min(sizes[0], 128), min(sizes[-1], 128)
        self.names = [f"{rng.choice(list('Zaz_9'))}{k}{'é' if rng.random() < .2 else ''}" for k in rng.permutation(50)[:parts]]
        self.size = dict(zip(self.names, sizes))
        self.size["out"] = n_out
        self.blocks = {}
        for name in [*self.names, "out"]:
            self.neurons(name)
        self.connect()
        self.values = {}
        for name in [*self.names, "out"]:
            self.finish(name)

    def neurons(self, name):
        rng, n = self.rng, self.size[name]
        low, high = [(0, 16), (0, 6), (8, 16)][rng.integers(3)]
        dash_mem, dash_syn = rng.integers(low, high, n), rng.integers(max(low, 1), high, n)
        if rng.random() < .3:
            dash_mem[:] = 0
        off = lambda: 2.0 ** rng.uniform(-.45, .45, n) if rng.random() < .5 else np.ones(n)
        f = {"tau_mem": self.dt * 2.0 ** dash_mem * off(), "tau_syn": self.dt * 2.0 ** dash_syn * off()}
        self.nodes[name] = {k: v.astype(np.float32) for k, v in f.items()}

    def weights(self, sources, targets):
        rng = self.rng
        rows, columns = self.size.get(sources[0], self.n_in), self.size[targets[0]]
        w = rng.normal(0, 10.0 ** rng.integers(-4, 3), (columns, rows))
        if rng.random() < .3:
            w = np.abs(w) * rng.choice([-1, 1])
        recurrent = sources[0] != "in" and targets[0] != "out"
        share = self.budget / max(rows * columns * len(sources) * len(targets), 1)
        per_row = self.fanout_left / columns
        density = min(1.0, share * .8, per_row * .5) if recurrent else rng.choice([1.0, .5])
        w = (w * (rng.random(w.shape) < density)).astype(np.float32)
        node = f"w{len(self.nodes)}"
        self.nodes[node] = {"weight": w} if rng.random() < .7 else {"weight": w, "bias": np.zeros(columns, np.float32)}
        for s in sources:
            self.edges.append((s, node))
            for t in targets:
                b = self.blocks.setdefault((s, t), np.zeros((rows, columns)))
                b += w.T.astype(np.float64)
        self.edges += [(node, t) for t in targets]

    def connect(self):
        rng, names = self.rng, self.names
        self.budget, self.fanout_left = self.lim["slots"] / (2 * len(names) + 2), self.lim["fanout"] / (2 * len(names) + 2)
        self.weights(["in"], [names[0]])
        for a, b in zip(names, names[1:]):
            self.weights([a], [b])
        self.weights([names[-1]], ["out"])
        for _ in range(int(rng.integers(0, len(names) + 1))):     # skips, loops, feedback, and a second node between the same two
            a, b = rng.choice(names, 2)
            twin = [t for t in names if self.size[t] == self.size[b] and t != b]
            self.weights([str(a)], [str(b), *twin[:1]])
        if self.variant == "audio2" and rng.random() < .5:
            self.weights(["in"], [str(rng.choice(names))])
            self.weights([str(rng.choice(names))], ["out"])

    def finish(self, name):
        """Gain, threshold and bias that are in range, whatever the weights became."""
        rng, f, n, dt = self.rng, self.nodes[name], self.size[name], self.dt
        f["r"] = (f["tau_mem"] / dt * (2.0 ** rng.integers(-2, 3) if rng.random() < .4 else 1)).astype(np.float32)
        f["w_in"] = (f["tau_syn"] / dt * rng.uniform(.5, 2, n)).astype(np.float32) if rng.random() < .4 else (f["tau_syn"] / dt).astype(np.float32)
        tau_mem, tau_syn = f["tau_mem"].astype(float), f["tau_syn"].astype(float)
        g = (f["w_in"].astype(float) * dt / tau_syn) * (f["r"].astype(float) * dt / tau_mem)
        g[np.abs(g - 1) < 1e-5] = 1
        into = {s: w * g for (s, t), w in self.blocks.items() if t == name}
        most = np.max([np.abs(w).max(axis=0, initial=0) for w in into.values()], axis=0, initial=0) + np.zeros(n)
        scale = np.where(most > 0, 127 / np.where(most > 0, most, 1), 1)
        f["v_threshold"] = (rng.integers(1, rng.choice([50, 2000, 32000]), n) / scale).astype(np.float32)
        f["v_threshold"][rng.random(n) < .02] *= 1000             # beyond 16 bits: the scale has to give way
        f["v_leak"] = (rng.integers(-100, 101, n) / scale * tau_mem / dt * (rng.random() < .5)).astype(np.float32)
        f["v_reset"] = np.zeros(n, np.float32)
        self.values[name] = (into, most)

    def write(self, path):
        with h5py.File(path, "w") as f:
            f["version"] = "1.0.8"
            f["node/type"] = "NIRGraph"
            f["node/edges"] = np.array(self.edges + [("out", "end")], dtype=TEXT)
            for name, fields in {**self.nodes, "in": {"shape": [self.n_in]}, "end": {"shape": [self.size["out"]]}}.items():
                g = f.create_group(f"node/nodes/{name}")
                g["type"] = {"in": "Input", "end": "Output"}.get(name) or ("CubaLIF" if "r" in fields else "Affine" if "bias" in fields else "Linear")
                for k, v in fields.items():
                    g[k] = v

    # ---- the rules again -----------------------------------------------------------------------------------------------------

    def order(self):
        distance, now = {"in": 0}, ["in"]
        while now:
            now = [b for a in now for x, b in self.edges if x == a and distance.setdefault(b, distance[a] + 1) == distance[a] + 1]
            now = list(dict.fromkeys(now))
        return sorted(self.names, key=lambda n: (distance[n], n.encode()))

    def quantised(self, name, quant, hidden_most):
        f, (into, most) = self.nodes[name], self.values[name]
        most = hidden_most if quant == "global" else most
        scale = np.where(most > 0, 127 / np.where(most > 0, most, 1), 1.0) + np.zeros(self.size[name])
        threshold = f["v_threshold"].astype(float)
        over = np.rint(threshold * scale) > 32767
        scale[over] = 32767 / threshold[over]
        bias = f["v_leak"].astype(float) * self.dt / f["tau_mem"].astype(float)
        dash = lambda tau: np.rint(np.log2(f[tau].astype(float) / self.dt)).astype(int)
        return ({s: np.rint(w * scale).astype(int) for s, w in into.items()}, dash("tau_mem"), dash("tau_syn"), np.rint(threshold * scale).astype(int),
                np.rint(bias * scale).astype(int))

    def specification(self, quant):
        order = self.order()
        first = dict(zip(order, np.cumsum([0] + [self.size[n] for n in order])))
        n_hid, n_out = sum(self.size[n] for n in order), self.size["out"]
        most = max(self.values[n][1].max() for n in order)
        layers = {n: self.quantised(n, quant, most) for n in order}
        out = self.quantised("out", quant, self.values["out"][1].max())
        w_in, w_rec, w_out = np.zeros((self.n_in, n_hid), int), np.zeros((n_hid, n_hid), int), np.zeros((n_hid, n_out), int)
        reached, silent = 0, n_hid
        for n in order:
            at = slice(first[n], first[n] + self.size[n])
            for s, w in layers[n][0].items():
                if s == "in":
                    w_in[:, at], reached = w, max(reached, at.stop)
                else:
                    w_rec[first[s]:first[s] + self.size[s], at] = w
        for s, w in out[0].items():
            w_out[first[s]:first[s] + self.size[s]], silent = w, min(silent, first[s])
        if self.variant == "audio2":
            reached, silent = n_hid, 0
        column = lambda k: np.concatenate([layers[n][k] for n in order])
        return {"weights_in": w_in[:, :reached, None], "weights_out": w_out[silent:], "weights_rec": w_rec[:, :, None], "dash_mem": column(1),
                "dash_mem_out": out[1], "dash_syn": column(2), "dash_syn_2": np.zeros(n_hid, int), "dash_syn_out": out[2], "threshold": column(3),
                "threshold_out": out[3], "bias": column(4), "bias_out": out[4],
                "weight_shift_in": 0, "weight_shift_rec": 0, "weight_shift_out": 0, "aliases": [[] for _ in range(n_hid)], "dt": self.dt}

    def refusals(self, s):
        """Codes of what does not fit, in the order of the checks; sizes always do."""
        slots = (s["weights_rec"] != 0).sum(axis=(1, 2))
        beyond = lambda k, low, high: s[k].min() < low or s[k].max() > high
        faults = {"xylo-threshold-range": beyond("threshold", 1, 32767) or beyond("threshold_out", 1, 32767),
                  "xylo-bias-range": beyond("bias", -127, 127) or beyond("bias_out", -127, 127), "xylo-fanout": slots.max() > self.lim["fanout"],
                  "xylo-too-many-connections": slots.sum() > self.lim["slots"], "xylo-input-targets": s["weights_in"].shape[1] > self.lim["near"],
                  "xylo-output-sources": s["weights_out"].shape[0] > self.lim["near"]}
        return [code for code, wrong in faults.items() if wrong]


def raster(rng, n_in):
    steps = int(rng.integers(20, 80))
    x = rng.integers(0, [2, 5, 20][rng.integers(3)], (steps, n_in)) * (rng.random((steps, n_in)) < rng.choice([.1, .5, 1]))
    x[:steps // 3] *= rng.choice([0, 1, 15])                       # rows of silence, and rows that saturate
    return np.minimum(x, 40)


def compare(nirc, nirc_run, sim, engine, rng, work, seen):
    net = Network(rng)
    quant = str(rng.choice(["channel", "global"]))
    want = net.specification(quant)
    path, out = os.path.join(work, "net.nir"), os.path.join(work, "out")
    net.write(path)
    said = subprocess.run([nirc, path, "-q", "-t", "xylo", "--dt", repr(net.dt), f"--xylo-variant={net.variant}", f"--quant={quant}", "--reset", "subtract",
                           "--emulate", "--probe", "all", "-o", out], stderr=subprocess.PIPE, text=True)
    refusals = net.refusals(want)
    assert said.returncode == (1 if refusals else 0), (said.returncode, refusals, said.stderr)
    if refusals:
        assert f"[{refusals[0]}]" in said.stderr and not os.path.exists(out), (refusals, said.stderr)
        seen["refused"].update(refusals[:1])
        return False
    with open(os.path.join(out, "spec.json"), encoding="utf8") as f:
        ours = json.load(f)
    assert list(ours) == list(want), list(ours)
    for k, v in want.items():
        assert np.array_equal(np.array(ours[k]), np.array(v)), (k, np.argwhere(np.array(ours[k]) != np.array(v))[:3])
    spec = sim.load_spec(os.path.join(out, "spec.json"))
    faults = sim.check_spec(spec, net.variant)
    assert not faults, faults
    x = raster(rng, net.n_in)
    with h5py.File(os.path.join(work, "in.h5"), "w") as f:
        f["input"] = x.astype(np.float32)
    run = os.path.join(work, "run.h5")
    subprocess.run([nirc_run, out, "-q", "-i", os.path.join(work, "in.h5"), "-o", run], check=True)
    said = subprocess.run([nirc_run, out, "-q", "-i", os.path.join(work, "in.h5"), "-o", run + ".counted", "--stats"], check=True, stdout=subprocess.PIPE, text=True).stdout
    with h5py.File(run) as a, h5py.File(run + ".counted") as b:
        assert np.array_equal(a["output"][()], b["output"][()]), "other spikes where they are counted"
    got, (hidden, output) = stats(said), counted(sim, spec, x)
    record = {"numpy": sim.run_numpy, "xylosim": sim.run_xylosim}[engine](spec, x)
    at = 0
    with h5py.File(run) as f:
        for name in [*net.order(), "out"]:
            columns = slice(None) if name == "out" else slice(at, at := at + net.size[name])
            group = "out" if name == "out" else "hidden"
            for key, total in zip(("saturations_i", "saturations_v", "missed_thresholds", "spikes"), (output if name == "out" else hidden).counts[:, columns].sum(axis=1)):
                assert got.get((name, key), 0) == total, (name, key, got.get((name, key)), total)          # no row: nothing arrives there
                seen[key] += total
            for ours, theirs in (("spikes", "spikes"), ("v", "v"), ("i", "i")):
                a, b = f[f"trace/{name}/{ours}"][()], record[f"{theirs}_{group}"][:, columns]
                assert np.array_equal(a, b), (name, ours, np.argwhere(a != b)[:3].tolist())
        assert np.array_equal(f["output"][()], record["spikes_out"])
    seen["largest"] = max(seen["largest"], len(want["threshold"]))
    for k in ("v_hidden", "i_hidden", "v_out", "i_out"):
        seen["saturated"] += int((record[k] == 32767).sum() + (record[k] <= -32767).sum())
    return True


def counted(sim, spec, x):
    """What run_numpy clips and misses, by neuron: [saturations_i, saturations_v, missed_thresholds, spikes] for hidden and output neurons."""
    made, plain, clamp = [], sim.Population, sim.clamp

    class Population(plain):
        def __init__(self, *args):
            super().__init__(*args)
            self.counts = np.zeros((4, len(self.threshold)), np.int64)
            made.append(self)

        def watch(self, row, work, *args):
            def watched(a):
                kept = clamp(a)
                self.counts[row, :len(kept)] += kept != a
                return kept
            sim.clamp = watched
            try:
                return work(*args)
            finally:
                sim.clamp = clamp

        def receive(self, *args):
            self.watch(0, super().receive, *args)

        def update(self, aliases=None):
            n = self.watch(1, super().update, aliases)
            self.counts[2] += self.v >= self.threshold
            self.counts[3] += n
            return n

    sim.Population = Population
    try:
        sim.run_numpy(spec, x)
    finally:
        sim.Population = plain
    return made


def stats(text):
    """(node, key): value of the lines of --stats."""
    return {tuple(line.split()[1:3]): int(line.split()[3]) for line in text.splitlines()}


def main(nirc, nirc_run, shared, count, seed="1", engine="numpy"):
    sys.path.insert(0, os.path.join(shared, "conform"))
    sys.dont_write_bytecode = True
    import xylo_sim
    done, tried, seen = 0, 0, dict(spikes=0, saturations_i=0, saturations_v=0, missed_thresholds=0, largest=0, saturated=0, refused=collections.Counter())
    while done < int(count):
        with tempfile.TemporaryDirectory() as work:
            try:
                done += compare(nirc, nirc_run, xylo_sim, engine, np.random.default_rng([int(seed), tried]), work, seen)
            except (AssertionError, subprocess.CalledProcessError) as e:
                sys.exit(f"network {tried} of seed {seed}: {e}")
        tried += 1
    print(f"{done} networks equal, {seen['spikes']} spikes, {seen['saturated']} saturated states after {seen['saturations_i']} and "
          f"{seen['saturations_v']} clips, {seen['missed_thresholds']} missed thresholds, up to {seen['largest']} hidden neurons;",
          f"{tried - done} refused as they have to be: {dict(seen['refused'])}")
    assert seen["spikes"] and seen["saturated"] and seen["saturations_i"] and seen["saturations_v"] and seen["missed_thresholds"]


main(*sys.argv[1:])
