"""Random networks for Loihi 2: the integers of network.lava.h5 against the rules worked out again in NumPy, network.net against it, the emulated chip against
conform/loihi2_ref.py, state by state, and placement.json against conform/loihi2_placement.py.

  random_networks.py NIRC NIRC_RUN SHARED COUNT [SEED]

A way between two populations is evaluated here on unit vectors; nothing is composed. Weights, thresholds and decays go to the ends of their ranges, so that currents
wrap and potentials are cut.
"""
import json
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

TEXT = h5py.string_dtype()
f32 = np.float32


def conv2d(x, w, stride, padding, dilation, groups):
    """Of any numbers, by the definition; that of loihi2_ref works on integers."""
    ph, pw = padding
    x = np.pad(x, ((0, 0), (ph, ph), (pw, pw)))
    o, cg, kh, kw = w.shape
    oh, ow = (x.shape[1] - dilation[0] * (kh - 1) - 1) // stride[0] + 1, (x.shape[2] - dilation[1] * (kw - 1) - 1) // stride[1] + 1
    y = np.zeros((o, oh, ow))
    for c in range(o):
        first = c // (o // groups) * cg
        for a in range(oh):
            for b in range(ow):
                r, q = a * stride[0], b * stride[1]
                y[c, a, b] = (w[c] * x[first:first + cg, r:r + dilation[0] * (kh - 1) + 1:dilation[0], q:q + dilation[1] * (kw - 1) + 1:dilation[1]]).sum()
    return y


class Way:
    """Nodes from a source to a population; each with what it does to an array, and to the delays of its elements."""

    def __init__(self, net, source, shape):
        self.net, self.source, self.shape, self.nodes, self.fn = net, source, shape, [], []
        self.steps_in, self.steps_out, self.linear = np.zeros(shape, int), None, False

    def add(self, kind, fields, fn, shape):
        name = self.net.node(kind, fields)
        self.nodes.append(name)
        self.fn.append(fn)
        self.shape = tuple(shape)

    def dense(self, n, bias, scale=1.0):
        w = (self.net.rng.normal(size=(n, self.shape[0])) * scale * self.net.spread()).astype(f32)
        if self.net.rng.random() < .2:
            w = -np.abs(w)
        b = self.net.rng.normal(size=n).astype(f32) * f32(scale) if bias else np.zeros(n, f32)
        fields = {"weight": w, "bias": b} if bias else {"weight": w}
        self.close()
        self.add("Affine" if bias else "Linear", fields, lambda x: w.astype(float) @ x + b, (n,))
        self.steps_out, self.linear = np.zeros(n, int), True

    def close(self):
        if self.steps_out is not None:
            self.steps_in = self.steps_in + self.steps_out.ravel()[0]

    def flatten(self):
        n = int(np.prod(self.shape))
        self.add("Flatten", {"start_dim": 0, "end_dim": -1, "input_type": np.array(self.shape)}, lambda x: x.reshape(-1), (n,))
        if self.steps_out is not None:
            self.steps_out = self.steps_out.reshape(-1)

    def scale(self, whole_channels):
        rng = self.net.rng
        s = rng.uniform(.5, 2, self.shape).astype(f32)
        if whole_channels and len(self.shape) == 3:
            s[:] = s[:, :1, :1]
        self.add("Scale", {"scale": s}, lambda x: s.astype(float) * x, self.shape)

    def delay(self, most=5):
        alike = self.net.rng.random() < .4
        steps = self.net.rng.integers(0, most, 1 if alike else self.shape) + np.zeros(self.shape, int)
        self.add("Delay", {"delay": (steps * self.net.dt).astype(f32)}, lambda x: x, self.shape)
        if self.steps_out is None:
            self.steps_in = self.steps_in + steps.reshape(self.steps_in.shape)
        else:
            self.steps_out = self.steps_out + steps

    def conv(self, padding=None):
        rng, (c, h, w) = self.net.rng, self.shape
        groups = int(rng.choice([1, 1, c]))
        out, k = groups * int(rng.integers(1, 3)), (int(rng.integers(1, min(3, h) + 1)), int(rng.integers(1, min(3, w) + 1)))
        stride, pad = rng.integers(1, 3, 2), rng.integers(0, 2, 2) if padding is None else np.array(padding)
        dil = np.array([int(rng.integers(1, 3)) if (k[a] - 1) * 2 + 1 <= self.shape[1 + a] else 1 for a in range(2)])
        weight = rng.normal(size=(out, c // groups, *k)).astype(f32)
        bias = rng.normal(size=out).astype(f32) * f32(rng.random() < .5)
        args = tuple(map(int, stride)), tuple(map(int, pad)), tuple(map(int, dil)), groups
        fn = lambda x: conv2d(x, weight.astype(float), *args) + bias.astype(float)[:, None, None]
        self.window("Conv2d", dict(input_shape=np.array([h, w]), weight=weight, bias=bias, stride=stride, padding=pad, dilation=dil, groups=np.int64(groups)), fn)

    def pool(self):
        kind = str(self.net.rng.choice(["SumPool2d", "AvgPool2d"]))
        k = np.array([min(2, self.shape[1]), min(2, self.shape[2])])
        c = self.shape[0]
        weight = np.ones((c, 1, *k)) / (k.prod() if kind == "AvgPool2d" else 1)
        self.window(kind, dict(kernel_size=k, stride=k, padding=np.array([0, 0])), lambda x: conv2d(x, weight, tuple(k), (0, 0), (1, 1), c))

    def window(self, kind, fields, fn):
        shape = fn(np.zeros(self.shape)).shape
        self.close()
        self.add(kind, fields, fn, shape)
        self.steps_out = np.zeros(shape, int)

    def map(self):
        """(matrix, bias), by unit vectors."""
        shape = self.net.shape[self.source]
        n = int(np.prod(shape))
        unit = np.eye(n).reshape(n, *shape)

        def run(x):
            for f in self.fn:
                x = f(x)
            return x.reshape(-1).astype(float)
        b = run(np.zeros(shape))
        return np.stack([run(u) - b for u in unit], 1), b

    def delays(self):
        d = self.steps_in.reshape(1, -1)
        return d + (self.steps_out.reshape(-1, 1) if self.steps_out is not None else 0)


class Network:
    def __init__(self, rng):
        self.rng, self.nodes, self.edges, self.ways, self.pops = rng, {}, [], [], {}
        self.dt = float(rng.choice([1e-3, 1e-4]))
        self.shape = {"input": tuple(int(v) for v in rng.integers(3, 7, 3)) if rng.random() < .5 else (int(rng.integers(1, 12)),)}
        self.nodes["input"] = ("Input", {"shape": np.array(self.shape["input"])})
        self.fixed = float(2 ** rng.uniform(0, 4)) if rng.random() < .3 else 0
        self.plain, self.wild = rng.random() < .4, rng.random() < .4               # a chain for netx; slow and strong, so that states reach their ends
        self.clock = not self.plain and rng.random() < .3
        names = [f"{rng.choice(list('zbm'))}{k}" for k in range(int(rng.integers(1, 5)))]
        for k, name in enumerate(names):
            self.population(name, ["input", *self.pops], k + 1 == len(names))
        for k, name in enumerate(names):
            if rng.random() < .3 and len(self.shape[name]) == 1 and not (self.plain and self.delayed(name)):
                self.recur(name, name if self.plain or rng.random() < .7 else str(rng.choice(names[k:])))
        self.last = names[-1]
        self.nodes["output"] = ("Output", {"shape": np.array(self.shape[self.last])})
        self.edges.append((self.last, "output"))

    def spread(self):
        return float(self.rng.choice([.3, 1, 1, 3]))

    def node(self, kind, fields):
        name = f"{kind.lower()}{len(self.nodes)}"
        self.nodes[name] = (kind, fields)
        return name

    def way(self, source):
        rng, w = self.rng, Way(self, source, self.shape[source])
        pick = int(rng.choice([0, 1, 2, 3, 8] if len(w.shape) == 3 else [1, 2, 5])) if self.plain else int(rng.integers(9))
        if len(w.shape) == 3:
            if pick in (0, 1):
                w.conv()
            elif pick == 2:
                w.conv(), w.pool()
            elif pick == 3:
                w.pool(), w.conv(padding=(0, 0))
            elif pick == 4:
                w.scale(rng.random() < .5), w.conv()
            elif pick == 5:
                w.conv(), w.conv(padding=(1, 1))
            elif pick == 6:
                w.pool(), w.flatten(), w.dense(int(rng.integers(1, 9)), rng.random() < .5)
            elif pick == 7:
                w.delay(), w.conv(), w.flatten()
            else:
                w.flatten(), w.dense(int(rng.integers(1, 9)), rng.random() < .5)
            return w
        if pick == 0:
            w.scale(False)
        elif pick == 1:
            w.delay(), w.dense(int(rng.integers(1, 9)), rng.random() < .5)
        elif pick == 2:
            w.dense(int(rng.integers(1, 9)), False), w.delay()
        elif pick == 3:
            w.dense(int(rng.integers(1, 9)), True), w.dense(int(rng.integers(1, 9)), rng.random() < .5)
        elif pick == 4:
            w.delay()
        else:
            w.dense(int(rng.integers(1, 9)), rng.random() < .5)
        return w

    def finish(self, way, to):
        """Edges of a way."""
        chain = [way.source, *way.nodes, to]
        self.edges += zip(chain, chain[1:])
        way.to = to
        self.ways.append(way)

    def population(self, name, sources, last):
        rng = self.rng
        spiking = [s for s in sources if s == "input" or self.pops[s]["kind"] not in ("LI", "CubaLI", "I")]
        first = self.way(spiking[-1] if self.plain or rng.random() < .7 else str(rng.choice(spiking)))
        self.shape[name] = first.shape
        self.neurons(name, last)
        self.finish(first, name)
        for s in spiking:
            if not self.plain and rng.random() < .25:
                w = Way(self, s, self.shape[s])
                if len(self.shape[name]) == 1:
                    if len(w.shape) == 3:
                        w.flatten()
                    w.dense(self.shape[name][0], rng.random() < .3)
                elif self.shape[s] != self.shape[name]:
                    continue
                self.finish(w, name)

    def delayed(self, name):
        return any(w.to == name and w.delays().any() for w in self.ways)

    def recur(self, to, source):
        if any(self.pops[p]["kind"] in ("LI", "CubaLI", "Threshold") for p in (to, source)):       # a Threshold does not delay, in NIR
            return
        w = Way(self, source, self.shape[source])
        if len(w.shape) == 3:
            w.flatten()
        w.dense(self.shape[to][0], False)
        self.finish(w, to)

    def neurons(self, name, last):
        rng, shape = self.rng, self.shape[name]
        kind = str(rng.choice(["LIF", "IF", "CubaLIF", "CubaLIF", "Threshold"] + ["LI", "CubaLI"] * last))
        alike = rng.random() < .7

        def number(low, high, log=False):
            v = rng.uniform(low, high, 1 if alike else shape[:1] + (1,) * (len(shape) - 1))
            return ((10 ** v if log else v) + np.zeros(shape)).astype(f32)
        tau = lambda: np.maximum(self.dt * number(0, 5 if self.wild else rng.choice([1.5, 5]), True), f32(self.dt)).astype(f32)
        p = {"tau": tau(), "r": number(3, 4.5, True) if self.wild else number(.5, 3), "v_leak": number(-.2, .2) * f32(rng.random() < .5), "v_threshold": number(.2, 3), "v_reset": number(-.5, .1) * f32(rng.random() < .3)}
        if "Cuba" in kind:
            p = {"tau_syn": p.pop("tau"), "tau_mem": tau(), "w_in": number(.5, 2), **p}
        drop = {"IF": ("tau", "v_leak"), "LI": ("v_threshold", "v_reset"), "CubaLI": ("v_threshold", "v_reset")}.get(kind, ())
        p = {"threshold": p["v_threshold"]} if kind == "Threshold" else {k: v for k, v in p.items() if k not in drop}
        self.nodes[name] = (kind, p)
        self.pops[name] = {"kind": kind, **{k: v.astype(float).reshape(-1) for k, v in p.items()}}

    def write(self, path):
        with h5py.File(path, "w") as f:
            f["version"] = "1.0.8"
            f["node/type"] = "NIRGraph"
            f.create_dataset("node/edges", data=np.array(self.edges, dtype=object), dtype=TEXT)
            for name, (kind, fields) in self.nodes.items():
                f[f"node/nodes/{name}/type"] = kind
                for k, v in fields.items():
                    f[f"node/nodes/{name}/{k}"] = v

    # --- spec/loihi2.md, section 4 -----------------------------------------------------------------------------------------------------

    def parameters(self, name):
        p, dt = self.pops[name], self.dt
        one = np.ones(int(np.prod(self.shape[name])))
        kind = p["kind"]
        mem = dt / p.get("tau", p.get("tau_mem", one)) * one
        reset = p.get("v_reset", 0 * one)
        theta = {"LI": one, "CubaLI": one, "Threshold": p.get("threshold")}.get(kind)
        theta = p["v_threshold"] - reset if theta is None else theta
        leak = mem * (p.get("v_leak", 0 * one) - reset) if "LI" in kind else 0 * one
        gain = {"IF": lambda: p["r"], "Threshold": lambda: one}.get(kind, lambda: mem * p["r"])()
        if "Cuba" in kind:
            gain = dt / p["tau_syn"] * p["w_in"] * mem * p["r"]
        syn = np.clip(np.rint(4096 * dt / p["tau_syn"]), 0, 4096) if "Cuba" in kind else 4096 * one
        vdec = np.clip(np.rint(4096 * mem), 0, 4096) if "LI" in kind else {"IF": 0, "Threshold": 4096}[kind] * one
        return syn, vdec, gain, leak, theta

    def check_integers(self, graph, scale):
        """Differences from the file; scales are placement.json's, which are checked by their own rule."""
        bad, ways = [], {}
        for w in self.ways:
            ways.setdefault(w.to, []).append((w, *w.map()))
        for name in self.pops:
            syn, vdec, gain, leak, theta = self.parameters(name)
            readout = self.pops[name]["kind"] in ("LI", "CubaLI")
            t = np.ones_like(theta) if self.fixed else theta
            S = self.fixed or scale[name]
            norm = [(w, m * (gain / t)[:, None]) for w, m, _ in ways[name]]
            drive = sum(b for _, _, b in ways[name])
            filtered = "Cuba" in self.pops[name]["kind"]
            by_clock = filtered and drive.any() or self.clock and not filtered and (drive.any() or leak.any())
            sent = (drive * gain + (0 if filtered else leak)) / t if by_clock else 0 * t
            mant = ((0 if by_clock else drive * gain) + (leak if filtered or not by_clock else 0)) / t
            most = max([np.abs(m).max(initial=0) for _, m in norm] + [np.abs(sent).max()])
            if not self.fixed:
                auto = min(254 / most if most else np.inf, np.inf if readout else 131071, 4095 / np.abs(mant).max() if mant.any() else np.inf)
                free = readout or any(k.startswith(("conv", "sum", "avg")) for w, _ in norm for k in w.nodes)     # a bound on v; weights that only padding meets
                if not (np.isclose(S, auto, rtol=1e-9) or (free or .9 * auto < S) and S < auto):
                    bad.append(f"{name}: scale {S}, expected {auto}")
            g = graph["populations"][name]
            vth = 131071 if readout else np.rint(theta * S) if self.fixed else np.rint(S)
            for k, want in (("iDecay", syn), ("vDecay", vdec), ("vThMant", vth), ("bias", np.rint(mant * S))):
                got = np.broadcast_to(g[k], self.shape[name] if len(g["shape"]) == 3 else g["shape"]).reshape(-1)
                if not np.array_equal(got, np.broadcast_to(want, got.shape)):
                    bad.append(f"{name}: {k} {got[:6]}, expected {np.ravel(want)[:6]}")
            bad += self.check_weights(name, norm, sent, S, graph)
        return bad

    def check_weights(self, name, norm, sent, S, graph):
        """All ways from one source with one delay make one matrix; a rounding step for each way in it is a tie."""
        want, got = {}, {}
        for w, m in norm:
            d = w.delays() + np.zeros(m.shape, int)
            for k in np.unique(d):
                want.setdefault((w.source, int(k)), []).append(2 * np.rint(np.where(d == k, m, 0) * S / 2))
        if np.any(sent):
            want[("clock", 0)] = [2 * np.rint(sent[:, None] * S / 2)]
        for s in graph["synapses"]:
            if s["to"] == name:
                d = s["delay"] - s["balance"]
                for k in np.unique(d):
                    key = ("clock" if s["from"].startswith("clock") else s["from"], int(k))
                    got[key] = got.get(key, 0) + np.where(d == k, s["matrix"], 0)
        bad = []
        for key in set(want) | set(got):
            a, b = got.get(key, 0), sum(want.get(key, [0]))
            diff = np.abs(a - b)
            if np.max(diff, initial=0) > 2 or np.sum(diff > 0) > max(1, np.size(diff) // 50):
                bad.append(f"{name} from {key}: {np.sum(diff > 0)} weights differ, by {np.max(diff)}")
        return bad


def read_graph(path, place):
    with h5py.File(path) as f:
        pops = {}
        for n, g in f["population"].items():
            shape = tuple(g["shape"][()])
            per = lambda v: np.reshape(v, (-1, 1, 1)) if np.ndim(v) == 1 and len(shape) == 3 else v
            pops[n] = {"shape": shape, **{k: per(g[k][()]) if k in g else 0 for k in ("iDecay", "vDecay", "vThMant", "bias")}}
        synapses = []
        for k in sorted(f["synapse"], key=int):
            g, p = f["synapse"][k], place["synapses"][int(k)]
            kind = g["kind"][()].decode()
            if kind == "conv":
                shape = tuple(f["input/shape"][()]) if p["from"] == "input" else pops[p["from"]]["shape"]
                n = int(np.prod(shape))
                args = [tuple(int(v) for v in g[q][()]) for q in ("stride", "padding", "dilation")] + [int(g["groups"][()])]
                m = np.stack([conv2d(u, g["weight"][()].astype(float), *args).reshape(-1) for u in np.eye(n).reshape(n, *shape)], 1)
            elif kind == "sparse":
                m = np.zeros(g["shape"][()])
                m[g["row"][()], g["col"][()]] = g["value"][()]
            else:
                m = g["weight"][()].astype(float)
            delay = np.broadcast_to(g["delay"][()] if "delay" in g else 0, m.shape)
            synapses.append({"from": g["from"][()].decode(), "to": g["to"][()].decode(), "matrix": m, "delay": delay, "balance": p["balance"]})
    return {"populations": pops, "synapses": synapses}


def miscounted(said, out, traces):
    """Spikes by population and by core, whose slices are places of a map in all its channels."""
    got, bad = {tuple(t.split()[1:3]): int(t.split()[3]) for t in said.splitlines()}, []
    with open(os.path.join(out, "placement.json")) as f:
        place = json.load(f)
    shapes = {p["name"]: p["shape"] for p in place["populations"]}
    for name, (_, _, s) in traces.items():
        if got.get((name, "spikes")) != int(s.sum()):
            bad.append(f"spikes of {name}")
    for k, core in enumerate(place["cores"]):
        want = 0
        for part in core["slices"]:
            s, shape = traces[part["population"]][2], shapes[part["population"]]
            want += s.reshape(len(s), shape[0] if len(shape) == 3 else 1, -1)[:, :, part["start"]:part["end"]].sum()
        if got.get((f"/core/{k}", "spikes")) != want:
            bad.append(f"spikes of core {k}")
    return bad


def compare_runs(folder, net, x, nirc_run):
    bad, out = [], os.path.join(folder, "out")
    lava, netx = os.path.join(out, "network.lava.h5"), os.path.join(out, "network.net")
    spikes, traces = loihi2_ref.run_graph(lava, x.reshape(len(x), -1))
    with h5py.File(os.path.join(folder, "in.h5"), "w") as f:
        f["input"] = x
    said = subprocess.run([nirc_run, out, "-i", os.path.join(folder, "in.h5"), "-o", os.path.join(folder, "run.h5"), "--stats"], check=True, stdout=subprocess.PIPE,
                          text=True).stdout
    bad += miscounted(said, out, traces)
    flat = lambda v: v.reshape(len(x), -1)
    with h5py.File(os.path.join(folder, "run.h5")) as f:
        for name, (u, v, s) in traces.items():
            if name.startswith("clock"):
                continue
            for k, want in (("i", u), ("v", v), ("spikes", s)):
                if not np.array_equal(flat(f[f"trace/{name}/{k}"][()]), want):
                    bad.append(f"trace {name}/{k}")
        if net.pops[net.last]["kind"] in ("LI", "CubaLI"):
            with open(os.path.join(out, "placement.json")) as g:
                S = {p["name"]: p["scale"] for p in json.load(g)["populations"]}[net.last]
            if not np.array_equal(flat(f["output"][()]), (traces[net.last][1] / (64 * S)).astype(f32)):
                bad.append("decoded readout")
        elif not np.array_equal(flat(f["output"][()]), spikes):
            bad.append("output")
    if os.path.exists(netx) and not np.array_equal(loihi2_ref.run(netx, x.reshape(len(x), -1))[0], spikes):
        bad.append("network.net")
    ends = max(int(np.abs(t).max()) for tr in traces.values() for t in tr[:2])
    return bad, int(sum(s.sum() for _, _, s in traces.values())), ends > 1 << 22, os.path.exists(netx)


def compiled(nirc, net, folder):
    """Writes folder/model.nir and compiles it into folder/out. What is wrong; None: it was refused as a network of such numbers may be."""
    model = os.path.join(folder, "model.nir")
    net.write(model)
    more = [f"--loihi2-scale={net.fixed!r}"] if net.fixed else []
    more += ["--loihi2-bias=clock"] if net.clock else []
    r = subprocess.run([nirc, model, "-t", "loihi2", "--dt", repr(net.dt), "--emulate", "--probe", "all", "-o", os.path.join(folder, "out"), *more], stderr=subprocess.PIPE, text=True)
    if not r.returncode:
        return []
    lines = [t for t in r.stderr.splitlines() if ": error: " in t]
    known = r.returncode == 1 and lines and all(t.endswith(("[loihi2-weights]", "[loihi2-threshold]")) for t in lines)
    return None if known else [f"status {r.returncode}: {r.stderr}"]


def random_input(net, rng, steps=60):
    return (rng.random((steps,) + net.shape["input"]) < rng.choice([.1, .5, 1])).astype(f32)


def one(nirc, nirc_run, shared, seed):
    rng = np.random.default_rng(seed)
    net = Network(rng)
    with tempfile.TemporaryDirectory() as folder:
        out, wrong = os.path.join(folder, "out"), compiled(nirc, net, folder)
        if wrong != []:
            return wrong and (wrong, 0, False, False)
        x = random_input(net, rng)
        with open(os.path.join(out, "placement.json")) as f:
            place = json.load(f)
        bad, spikes, ends, netx = compare_runs(folder, net, x, nirc_run)
        bad += net.check_integers(read_graph(os.path.join(out, "network.lava.h5"), place), {p["name"]: p["scale"] for p in place["populations"]})
        r = subprocess.run([sys.executable, os.path.join(shared, "conform", "loihi2_placement.py"), os.path.join(out, "network.lava.h5"), os.path.join(out, "placement.json")],
                           stdout=subprocess.PIPE, text=True)
        if r.returncode:
            bad.append(r.stdout.strip())
        return bad, spikes, ends, netx


def main(nirc, nirc_run, shared, count, seed="0"):
    done = refused = silent = ends = netx = 0
    k = int(seed) * 1000003
    while done < int(count):
        result = one(nirc, nirc_run, shared, k)
        if result is None:
            refused += 1
        else:
            if result[0]:
                sys.exit(f"seed {k}: " + "; ".join(result[0]))
            done, silent, ends, netx = done + 1, silent + (result[1] == 0), ends + result[2], netx + result[3]
        k += 1
        if refused > 4 * int(count) + 20:
            sys.exit(f"{refused} networks were refused, {done} taken")
    print(f"{done} networks equal; {refused} refused, {silent} silent, {ends} with states near their end, {netx} with network.net")


if __name__ == "__main__":
    sys.path.insert(0, os.path.join(sys.argv[3], "conform"))
    import loihi2_ref
    main(*sys.argv[1:])
