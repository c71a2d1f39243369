"""Random networks that SpiNNaker 2 takes: phases, delays, weights and parameters worked out again in NumPy, the emulated chip against conform/spinnaker2_sim.py.

  random_networks.py NIRC NIRC_RUN SHARED COUNT [SEED]

Populations of every kind with one to three sources each, behind chains of matrices, convolutions, pooling, factors and delays; loops, feedback, skips; all options.
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
SPIKING, READOUT, CURRENT = ("IF", "LIF", "CubaLIF", "Threshold"), ("I", "LI", "CubaLI"), ("CubaLIF", "CubaLI")


# ---- nodes between populations: what each does to a vector --------------------------------------------------------------------

def window(x, f, weight=None, kernel=None):
    """Convolution or sum over windows of [c, h, w]; f: stride, padding, dilation, groups."""
    kernel = weight.shape[2:] if weight is not None else kernel
    (sy, sx), (py, px), (dy, dx), groups = f["stride"], f["padding"], f.get("dilation", (1, 1)), f.get("groups", 1)
    p = np.pad(x, ((0, 0), (py, py), (px, px)))
    h, w = (p.shape[1] - dy * (kernel[0] - 1) - 1) // sy + 1, (p.shape[2] - dx * (kernel[1] - 1) - 1) // sx + 1
    out = np.zeros((weight.shape[0] if weight is not None else len(x), h, w))
    for a in range(kernel[0]):
        for b in range(kernel[1]):
            part = p[:, a * dy:a * dy + (h - 1) * sy + 1:sy, b * dx:b * dx + (w - 1) * sx + 1:sx]
            if weight is None:
                out += part
                continue
            per_in, per_out = weight.shape[1], weight.shape[0] // groups
            for o in range(len(out)):
                g = o // per_out
                out[o] += np.tensordot(weight[o, :, a, b], part[g * per_in:(g + 1) * per_in], 1)
    return out


def apply(kind, f, x):
    """Without bias."""
    wide = {k: np.asarray(v, np.float64) for k, v in f.items() if k in ("weight", "scale")}
    if kind in ("Linear", "Affine"):
        return wide["weight"] @ x
    if kind == "Scale":
        return wide["scale"] * x
    if kind == "Conv2d":
        return window(x, f, wide["weight"])
    if kind == "SumPool2d":
        return window(x, f, kernel=f["kernel_size"])
    if kind == "AvgPool2d":
        return window(x, f, kernel=f["kernel_size"]) / np.prod(f["kernel_size"])
    return x.reshape(-1) if kind == "Flatten" else x


def bias_of(kind, f, shape):
    b = np.asarray(f["bias"], np.float64) if kind in ("Affine", "Conv2d") else np.zeros(())
    return np.broadcast_to(b.reshape(-1, 1, 1) if kind == "Conv2d" else b, shape)


# ---- the network ----------------------------------------------------------------------------------------------------------------

class Network:
    def __init__(self, rng):
        self.rng, self.nodes, self.edges, self.shape, self.paths = rng, {}, [], {}, []
        self.names = iter([f"{rng.choice(list('Zaz_9'))}{k}{'é' if rng.random() < .2 else ''}" for k in rng.permutation(200)])
        self.dt = float(rng.choice([1e-4, 1e-3, .5]))
        self.inputs = [self.add("Input", {}, self.some_shape()) for _ in range(rng.integers(1, 3))]
        self.pops = []
        for k in range(int(rng.integers(1, 7))):
            self.population(k)
        self.readouts = [self.readout() for _ in range(rng.integers(0, 3))]
        spiking = [p for p in self.pops if rng.random() < .5] or self.pops[-1:]
        self.outputs = [(self.add("Output", {}, self.shape[p]), p) for p in spiking + self.readouts]
        self.edges += [(p, o) for o, p in self.outputs]

    def add(self, kind, fields, shape):
        name = next(self.names)
        self.nodes[name] = (kind, {"shape": list(shape)} if kind in ("Input", "Output") else fields)
        self.shape[name] = tuple(int(n) for n in shape)
        return name

    def some_shape(self):
        rng = self.rng
        return (int(rng.integers(1, 4)), int(rng.integers(3, 9)), int(rng.integers(3, 9))) if rng.random() < .5 else (int(rng.integers(1, 30)),)

    # One node behind another; the path is a list of names.

    def then(self, path, kind, fields, shape):
        path.append(self.add(kind, fields, shape))
        self.edges.append((path[-2], path[-1]))

    def matrix(self, path, n):
        rng, shape = self.rng, self.shape[path[-1]]
        if len(shape) > 1:
            self.then(path, "Flatten", {"start_dim": 0, "end_dim": -1, "input_type": list(shape)}, (int(np.prod(shape)),))
        columns = self.shape[path[-1]][0]
        w = rng.normal(0, 1, (n, columns)) * (rng.random((n, columns)) < rng.choice([1, .3])) * (rng.random() > .03)
        if rng.random() < .5:
            self.then(path, "Linear", {"weight": w.astype(np.float32)}, (n,))
        else:
            self.then(path, "Affine", {"weight": w.astype(np.float32), "bias": rng.normal(0, .3, n).astype(np.float32)}, (n,))

    def plain(self, source):
        path, (c, h, w) = [source], self.shape[source]
        if min(h, w) > 1 and self.rng.random() < .5:
            f = {"kernel_size": (2, 2), "stride": (2, 2), "padding": (0, 0)}
            self.then(path, "SumPool2d", f, (c, h // 2, w // 2))
        self.convolution(path, False, True)
        return path

    def convolution(self, path, keep, plain=False):
        """keep: the map and its channels stay what they are."""
        rng, (c, h, w) = self.rng, self.shape[path[-1]]
        plain = plain or rng.random() < .6
        k = int(rng.choice([1, 3])) if keep else int(rng.integers(1, min(h, w, 4) + 1))
        stride = (1, 1) if keep else (int(rng.integers(1, 3)),) * 2 if plain else tuple(int(n) for n in rng.integers(1, 3, 2))
        pad = ((k - 1) // 2,) * 2 if keep else (int(rng.integers(0, 2)),) * 2 if plain else tuple(int(n) for n in rng.integers(0, 3, 2))
        groups = c if not plain and rng.random() < .3 else 1
        out = c if keep else groups * int(rng.integers(1, 4))
        f = {"weight": rng.normal(0, 1, (out, c // groups, k, k)).astype(np.float32), "bias": rng.normal(0, .3, out).astype(np.float32) * (rng.random() < .5),
             "stride": stride, "padding": pad, "dilation": (1, 1), "groups": groups, "input_shape": (h, w)}
        self.then(path, "Conv2d", f, window(np.zeros((c, h, w)), f, f["weight"]).shape)

    def pool(self, path):
        rng, (c, h, w) = self.rng, self.shape[path[-1]]
        k = int(rng.integers(1, min(h, w, 2) + 1))
        stride, pad = (k, k), (0, 0)
        if rng.random() < .3:
            stride, pad = tuple(int(n) for n in rng.integers(1, 3, 2)), (int(rng.integers(0, k)),) * 2
        f = {"kernel_size": (k, k), "stride": stride, "padding": pad}
        self.then(path, str(rng.choice(["SumPool2d", "AvgPool2d"])), f, window(np.zeros((c, h, w)), f, kernel=(k, k)).shape)

    def extras(self, path):
        rng, shape = self.rng, self.shape[path[-1]]
        if rng.random() < .2:
            self.then(path, "Scale", {"scale": rng.uniform(.5, 2, shape).astype(np.float32)}, shape)
        if rng.random() < .25:
            self.then(path, "Delay", {"delay": np.full(shape, self.dt * int(rng.integers(0, 4)))}, shape)

    def path(self, source, target=None):
        """From a population; the shape that it has to end in, or None."""
        rng, path = self.rng, [source]
        maps = len(self.shape[source]) == 3
        self.extras(path)
        if target is None and maps and rng.random() < .7:
            if rng.random() < .4:
                self.pool(path)
            self.convolution(path, False)
        elif target is not None and len(target) == 3:
            if rng.random() < .5:
                self.convolution(path, True)
        elif not (target in (None, self.shape[source]) and rng.random() < .2):
            n = target[0] if target else int(rng.integers(1, 30))
            if rng.random() < .2:
                self.matrix(path, int(rng.integers(1, 12)))
            self.matrix(path, n)
        self.extras(path)
        return path

    def join(self, path, population):
        if (path[-1], population) in self.edges:                     # an edge stands once
            return
        self.edges.append((path[-1], population))
        self.paths.append((path, population))

    def neuron(self, kind, shape):
        rng = self.rng
        per = lambda low, high: (rng.uniform(low, high, shape) if rng.random() < .5 else np.full(shape, rng.uniform(low, high))).astype(np.float32)
        f = {"r": per(.3, 3)} if kind != "Threshold" else {"threshold": per(.2, 2)}
        if kind in ("LI", "LIF"):
            f["tau"] = per(1.5, 20) * np.float32(self.dt)
        if kind in CURRENT:
            f |= {"tau_mem": per(1.5, 20) * np.float32(self.dt), "tau_syn": per(1.5, 10) * np.float32(self.dt), "w_in": per(.5, 3)}
        if kind in ("LI", "LIF", *CURRENT):
            f["v_leak"] = per(-.3, .4)
        if kind in ("IF", "LIF", "CubaLIF"):
            f |= {"v_threshold": per(.2, 1.5), "v_reset": per(-.4, .1)}
        return self.add(kind, f, shape)

    def population(self, k):
        rng = self.rng
        sources = self.inputs + self.pops
        source = self.inputs[0] if k == 0 else str(rng.choice(sources))
        whole = len(self.shape[source]) == 3 and rng.random() < .5       # a convolution that may stay one
        first = self.plain(source) if whole else self.path(source)
        p = self.neuron(str(rng.choice(["IF", "LIF"] if whole else SPIKING)), self.shape[first[-1]])
        self.pops.append(p)
        self.join(first, p)
        if whole and rng.random() < .7:
            return
        for _ in range(int(rng.integers(0, 3)) * (rng.random() < .6)):       # further sources, of themselves too
            fitting = [s for s in sources + [p] if len(self.shape[p]) == 1 or self.shape[s] == self.shape[p]]
            if fitting:
                self.join(self.path(str(rng.choice(fitting)), self.shape[p]), p)
        if len(self.shape[p]) == 1 or rng.random() < .5:
            return
        for q in self.pops[:-1]:                                     # feedback to an earlier one
            if self.shape[q] == self.shape[p] and rng.random() < .5:
                self.join(self.path(p, self.shape[q]), q)

    def readout(self):
        path = self.path(str(self.rng.choice(self.pops)))
        p = self.neuron(str(self.rng.choice(READOUT)), self.shape[path[-1]])
        self.join(path, p)
        return p

    def feedback(self):
        for p in self.pops:
            for q in self.pops:
                if len(self.shape[q]) == 1 and self.rng.random() < .06:
                    self.join(self.path(p, self.shape[q]), q)

    def write(self, path):
        with h5py.File(path, "w") as f:
            f["version"] = "1.0.8"
            f["node/type"] = "NIRGraph"
            f["node/edges"] = np.array(self.edges, dtype=TEXT)
            for name, (kind, fields) in self.nodes.items():
                g = f.create_group(f"node/nodes/{name}")
                g["type"] = kind
                for k, v in fields.items():
                    g[k] = v

    # ---- the rules again ------------------------------------------------------------------------------------------------------

    def order(self):
        """Phases, and the links that close a cycle, by recursion."""
        everyone = sorted(self.inputs, key=str.encode) + sorted(self.pops + self.readouts, key=str.encode)
        after = {p: sorted({q for path, q in self.paths if path[0] == p}, key=str.encode) for p in everyone}
        seen, active, recurrent = set(), set(), set()

        def visit(p):
            seen.add(p)
            active.add(p)
            for q in after[p]:
                if q in active:
                    recurrent.add((p, q))
                elif q not in seen:
                    visit(q)
            active.discard(p)

        for p in everyone:
            if p not in seen:
                visit(p)
        phase = {p: 0 for p in everyone}
        for _ in everyone:
            for path, q in self.paths:
                if (path[0], q) not in recurrent:
                    phase[q] = max(phase[q], phase[path[0]] + 1)
        return phase, recurrent

    def composed(self, post):
        """{(pre, steps): matrix}, bias."""
        total, bias = {}, np.zeros(self.shape[post])
        for path, q in self.paths:
            if q != post:
                continue
            steps, b, columns = 0, np.zeros(self.shape[path[0]]), np.eye(int(np.prod(self.shape[path[0]])))
            columns = [c.reshape(self.shape[path[0]]) for c in columns]
            for name in path[1:]:
                kind, f = self.nodes[name]
                columns = [apply(kind, f, c) for c in columns]
                b = apply(kind, f, b) + bias_of(kind, f, self.shape[name])
                steps += int(np.rint(f["delay"].flat[0] / self.dt)) if kind == "Delay" else 0
            m = np.stack([c.reshape(-1) for c in columns])
            total[path[0], steps] = total.get((path[0], steps), 0) + m
            bias += b
        return total, bias.reshape(-1)

    def delays(self, post, phase, recurrent):
        """{(pre, delay field): matrix}"""
        total, bias = self.composed(post)
        out = {}
        for (pre, steps), m in total.items():
            d = steps + phase[post] - phase[pre] - ((pre, post) not in recurrent)
            out[pre, max(d, 0)] = out.get((pre, max(d, 0)), 0) + m
        return out, bias

    def parameters(self, post, o, w, bias, phase):
        kind, f = self.nodes[post]
        f = {k: np.asarray(v, np.float64).reshape(-1) for k, v in f.items()}
        k_of = lambda tau: 1 - np.exp(-self.dt / f[tau]) if o["integrator"] == "exponential" else self.dt / f[tau]
        k, k_syn, leak = 0, 1, 0
        if kind in ("IF", "I"):
            g = f["r"] * (self.dt if o["semantics"] == "nir" else 1)
        elif kind == "Threshold":
            k, g = 1, 1
        elif kind in ("LIF", "LI"):
            k = k_of("tau")
            g, leak = k * f["r"], f["v_leak"]
        else:
            k, k_syn = k_of("tau_mem"), k_of("tau_syn")
            g, leak = k * f["r"] * k_syn * f["w_in"], f["v_leak"]
        s = w / g
        want = {"alpha_decay": 1 - k, "i_offset": k * leak * s + w * bias / k_syn, "v_scale": s, "w_scale": w,
                "threshold": 1e9 if kind in READOUT else f.get("v_threshold", f.get("threshold")) * s, "v_reset": f["v_reset"] * s if "v_reset" in f and kind in SPIKING else 0}
        if kind in CURRENT:
            want |= {"exc_decay": 1 - k_syn, "inh_decay": 1 - k_syn}
        want = {key: np.broadcast_to(v, w.shape) for key, v in want.items()}
        v0, alpha = np.broadcast_to(leak * s, w.shape), want["alpha_decay"]
        v = v0.copy()
        with np.errstate(all="ignore"):
            for _ in range(phase):
                v = (v - want["i_offset"]) / alpha
        bad = (alpha == 0) | (v > want["threshold"]) | ~(np.abs(v) <= 16 * np.abs(want["threshold"]))
        want["v_init"] = np.where(bad, v0, v) * (o["start"] == "compensate")
        return want


# ---- comparing --------------------------------------------------------------------------------------------------------------------

def options(rng):
    o = {"integrator": str(rng.choice(["forward", "exponential"])), "round": str(rng.choice(["nearest", "trunc"])), "scale": str(rng.choice(["neuron", "population"])),
         "start": str(rng.choice(["compensate", "plain"])), "percentile": str(rng.choice(["100", "100", "95", "60.5"])), "max-atoms": str(rng.integers(1, 251))}
    words = [f"--s2-{k}={v}" for k, v in o.items()] + ["--s2-steps=50", "--s2-board=board48"] + ["--s2-no-conv2d"] * (rng.random() < .3)
    o["semantics"], reset = str(rng.choice(["unit", "nir"])), str(rng.choice(["v_reset", "subtract"]))
    return o, words + ["--semantics", o["semantics"], "--reset", reset]


def scales(parts, size, limit, o, is_map, channels):
    """Recomputed from all weights; a map that stays a convolution has one for each channel."""
    rows = np.concatenate([m.T for m in parts.values()], axis=1) if parts else np.zeros((size, 1))
    groups = rows.reshape(1 if o["scale"] == "population" else channels if is_map else size, -1)
    most = []
    for row in groups:
        row = np.abs(row[row != 0])
        if is_map:
            row = np.unique(row)
        most.append(np.percentile(row, float(o["percentile"])) if len(row) else 0)
    most = np.array(most)
    return np.repeat(np.where(most > 0, limit / np.where(most > 0, most, 1), 1), size // len(most))


def check_population(net, chip, p, o, phase, recurrent, seen):
    post = p["name"]
    parts, bias = net.delays(post, phase, recurrent)
    delayed = any(d > 0 for _, d in parts)
    limit, is_map = 15 if delayed else 127, p["neuron_model"] == "lif_conv2d"
    assert p["neuron_model"] in ([f"lif_curr_exp{'' if delayed else '_no_delay'}"] if net.nodes[post][0] in CURRENT else ["lif"] if delayed else ["lif_no_delay", "lif_conv2d"])
    q = chip.params[p["id"]]
    got = {k: v for k, v in q.items() if k != "reset"}
    for k in ("w_scale", "v_scale"):
        got[k] = np.broadcast_to(chip.h5[p[k]["dataset"]][()] if isinstance(p[k], dict) else np.float32(p[k]), p["size"])
    if is_map and o["percentile"] != "100":
        w = got["w_scale"].astype(np.float64)                      # of equal weights of a kernel the percentile counts each: taken as it is
    else:
        w = scales(parts, p["size"], limit, o, is_map, p["shape"][0])
    want = net.parameters(post, o, w, bias, phase[post])
    for k, v in want.items():
        if k == "v_init":                                          # a start next to a limit may fall to either side
            near = np.abs(got[k] - v) <= 1e-4 * np.maximum(np.abs(v), np.abs(want["threshold"]) * .01)
            assert near.mean() > .5 or len(v) < 3, (post, k, got[k], v)
            continue
        assert np.allclose(got[k], v, rtol=2e-6, atol=1e-6 * np.abs(v).max(initial=1)), (post, k, got[k], v)
    total = {(a, d): m for (a, b, d), m in chip.total_weights().items() if b == post}
    for (pre, d), m in parts.items():
        exact = np.clip(m * w, -limit, limit)
        ours = total.pop((pre, d), np.zeros(m.shape))
        room = .5 if o["round"] == "nearest" else 1
        assert np.all(np.abs(ours - exact) <= room + 1e-4), (post, pre, d)
        assert o["round"] == "nearest" or np.all(np.abs(ours) <= np.abs(exact) + 1e-4), (post, pre, d)
        seen["synapses"] += int((ours != 0).sum())
    assert not total, (post, list(total))
    seen["models"][p["neuron_model"]] += 1


def compare(nirc, nirc_run, sim, rng, work, seen):
    net = Network(rng)
    net.feedback()
    o, words = options(rng)
    path, out = os.path.join(work, "net.nir"), os.path.join(work, "out")
    net.write(path)
    said = subprocess.run([nirc, path, "-q", "-t", "spinnaker2", "--dt", repr(net.dt), *words, "--emulate", "--probe", "all", "-o", out], stderr=subprocess.PIPE, text=True)
    phase, recurrent = net.order()
    far = any(d > 7 for p in net.pops + net.readouts for _, d in net.delays(p, phase, recurrent)[0])
    assert said.returncode == int(far), (said.returncode, far, said.stderr)
    if far:
        assert "[S2-DELAY]" in said.stderr and not os.path.exists(out), said.stderr
        seen["refused"] += 1
        return False
    chip = sim.Network(out)
    sim.check_mapping(chip, out)
    for p in chip.pops:
        assert p["phase"] == phase[p["name"]], (p["name"], p["phase"], phase[p["name"]])
        if p["neuron_model"] != "spike_list":
            check_population(net, chip, p, o, phase, recurrent, seen)
    for r in chip.projs:
        ends = chip.pops[r["pre"]]["name"], chip.pops[r["post"]]["name"]
        assert r["recurrent"] == (ends in recurrent), ends
    run_both(nirc_run, net, chip, rng, work, out, seen)
    return True


def run_both(nirc_run, net, chip, rng, work, out, seen):
    steps = 40
    with h5py.File(os.path.join(work, "in.h5"), "w") as f:
        for name in net.inputs:
            x = (rng.random((steps, *net.shape[name])) < rng.choice([.1, .4])).astype(np.float32)
            for key in ["input"] if len(net.inputs) == 1 else [name, "input/" + name]:          # the simulator's name, and nirc-run's
                f[key] = x
    run = os.path.join(work, "run.h5")
    said = subprocess.run([nirc_run, out, "-q", "-i", os.path.join(work, "in.h5"), "-o", run, "--stats"], check=True, stdout=subprocess.PIPE, text=True).stdout
    got, core = {tuple(t.split()[1:3]): int(t.split()[3]) for t in said.splitlines()}, 0
    with open(os.path.join(out, "mapping.json"), encoding="utf8") as f:
        atoms = {m["population"]: m["max_atoms_per_core"] for m in json.load(f)["populations"]}
    latest = max(p["phase"] for p in chip.pops)
    spikes, volts = chip.run(chip.read_input(os.path.join(work, "in.h5")), steps + latest)
    with h5py.File(run) as f:
        for p in chip.pops:
            at = slice(p["phase"], p["phase"] + steps)
            fields = {"value": spikes} if p["neuron_model"] == "spike_list" else {"v": volts} if net.nodes[p["name"]][0] in READOUT else {"spikes": spikes, "v": volts}
            for field, record in fields.items():
                ours = f[f"trace/{p['name']}/{field}"][()].reshape(steps, -1)
                assert np.array_equal(ours, record[p["id"]][at]), (p["name"], field, np.argwhere(ours != record[p["id"]][at])[:3].tolist())
            for first in range(0, ours.shape[1], atoms[p["id"]]):
                want = int(spikes[p["id"]][at][:, first:first + atoms[p["id"]]].sum())
                assert got[f"/core/{core}", "spikes"] == want, (p["name"], core, got[f"/core/{core}", "spikes"], want)
                core += 1
            seen["spikes"] += int(spikes[p["id"]].sum()) * (p["neuron_model"] != "spike_list")
        for name, want in chip.outputs(spikes, volts, steps).items():
            assert np.array_equal(f[name if name == 'output' else 'output/' + name][()], want), name


def main(nirc, nirc_run, shared, count, seed="1"):
    sys.path.insert(0, os.path.join(shared, "conform"))
    sys.dont_write_bytecode = True
    import spinnaker2_sim
    done, tried, seen = 0, 0, dict(spikes=0, synapses=0, refused=0, models=collections.Counter())
    while done < int(count):
        with tempfile.TemporaryDirectory() as work:
            try:
                done += compare(nirc, nirc_run, spinnaker2_sim, np.random.default_rng([int(seed), tried]), work, seen)
            except (AssertionError, subprocess.CalledProcessError, spinnaker2_sim.FormatError) as e:
                sys.exit(f"network {tried} of seed {seed}: {e!r}")
        tried += 1
    print(f"{done} networks equal, {seen['spikes']} spikes, {seen['synapses']} synapses, {dict(seen['models'])}; {seen['refused']} refused as they have to be")
    assert seen["spikes"] and len(seen["models"]) == 5 or done < 20


main(*sys.argv[1:])
