"""random_networks.py NIRC NIRC_RUN CONFORM WORK COUNT [FIRST]: random networks that Speck takes, numbered from FIRST (default 1), each with another seed.

What is written is held against speck_check.py in the folder CONFORM (rules, memory), weights and thresholds against the quantisation of docs/speck.md
evaluated here in NumPy's float32, and spikes and potentials of the library that --emulate makes against the models of speck_check.py: of every third
network that of events, else that of frames; what it counts against those spikes. Networks with events have cores with several sources wherever their maps allow it, for there the order of events
matters. A refusal for want of an assignment is held against a search of all of them."""
import json
import os
import shutil
import subprocess
import sys

import h5py
import numpy as np

F = np.float32
TEXT = h5py.string_dtype()


# --- networks --------------------------------------------------------------------------------------

class Network:
    def __init__(self, r, residual):
        """residual: many layers keep their map, and take what others send beside what the one before sends."""
        self.r, self.residual, self.nodes, self.edges, self.layers = r, residual, {}, [], []
        self.spare = {}                                    # layer: (map, destinations left)

    def name(self, kind):
        """Names in random order: the order of layers must not come from them by accident."""
        return f"{self.r.choice(list('abcdefgh'))}{len(self.nodes)}_{kind}"

    def node(self, kind, **fields):
        name = self.name(kind.lower())
        self.nodes[name] = (kind, fields)
        return name

    def pools(self, source, size, average):
        """A chain of pooling behind `source` that sums (or averages, in part) squares of `size`; the divisor."""
        area, chain = 1, [2, 2] if size == 4 and self.r.random() < .5 else [size] if size > 1 else []
        for k in chain:
            avg = average and self.r.random() < .7
            area *= k * k if avg else 1
            pool = self.node("AvgPool2d" if avg else "SumPool2d", kernel_size=[k, k], stride=[k, k], padding=[0, 0])
            self.edges.append((source, pool))
            source = pool
        return source, area

    def layer(self, sources, shape, pooling):
        """One weight node and IF behind sources [(node, pooling)] that all deliver maps of `shape`."""
        r, ends, area = self.r, [], 1
        for node, size in sources:
            end, area = self.pools(node, size, average=len(sources) == 1)
            ends.append(end)
        if len(shape) == 1 or (shape[1] == shape[2] <= 16 and r.random() < .25):
            kernel, out, features = shape[1] if len(shape) == 3 else 1, None, int(r.integers(1, 12))
            if len(shape) == 3:
                flat = self.node("Flatten", start_dim=0, end_dim=-1, input_type=list(shape))
                self.edges += [(e, flat) for e in ends]
                ends = [flat]
            weight, out = weights(r, (features, int(np.prod(shape)))), (features,)
            bias = biases(r, features)
            node = self.node("Linear", weight=weight) if bias is None else self.node("Affine", weight=weight, bias=bias)
        else:
            node, weight, bias, kernel, out = self.convolution(shape)
        self.edges += [(e, node) for e in ends]
        gain, threshold = F(r.choice([1, 1, 1, .5, 1.7, -1.2])), F(r.uniform(.3, 3))
        neuron = self.node("IF", r=np.full(out, gain), v_threshold=np.full(out, threshold), **({"v_reset": np.zeros(out, F)} if r.random() < .5 else {}))
        self.edges.append((node, neuron))
        self.layers.append(dict(weight=node, neuron=neuron, w=weight, b=bias, kernel=kernel, inputs=shape[0], map=out, r=gain, threshold=threshold, area=area,
                                sources=[s for s, _ in sources]))
        return neuron, out

    def convolution(self, shape):
        r = self.r
        keeps = self.residual and r.random() < .7
        features = shape[0] if keeps else int(r.choice([shape[0], 1, 2, 4, 8]))
        kernel = int(r.choice([1, 3])) if keeps else int(r.integers(1, 1 + min(5, *(n + 4 for n in shape[1:]))))
        stride, padding = [int(r.choice([1, 1, 1, 2, 4])) for _ in "yx"], [int(r.integers(0, 1 + kernel // 2)) for _ in "yx"]
        stored = padding
        if keeps or (r.random() < .4 and kernel % 2):
            stride, padding, stored = [1, 1], [kernel // 2] * 2, "same"
        if any(n + 2 * p < kernel for n, p in zip(shape[1:], padding)):
            kernel, stride, padding, stored = 1, [1, 1], [0, 0], "valid"
        out = (features, *((n + 2 * p - kernel) // s + 1 for n, p, s in zip(shape[1:], padding, stride)))
        weight, bias = weights(r, (features, shape[0], kernel, kernel)), biases(r, features)
        bias = np.zeros(features, F) if bias is None else bias
        node = self.node("Conv2d", input_shape=list(shape[1:]), weight=weight, bias=bias, stride=stride, padding=stored, dilation=[1, 1], groups=1)
        return node, weight, bias, kernel, out

    def grow(self):
        r = self.r
        shape = (int(r.integers(1, 12)),) if r.random() < .1 else (int(r.integers(1, 4)), int(r.integers(3, 40)), int(r.integers(3, 40)))
        self.input = shape
        self.nodes["in"] = ("Input", dict(shape=list(shape)))
        last, out = self.layer([("in", 1)], shape, False)
        self.spare[last] = [out, 2]
        for _ in range(int(r.integers(0, 9))):
            size = int(r.choice([p for p in (1, 1, 2, 4) if len(out) == 3 and min(out[1:]) // p >= 1] or [1]))
            arrives = out if len(out) == 1 else (out[0], out[1] // size, out[2] // size)
            sources = [(last, size)]
            for other, (map_, left) in self.spare.items():
                for p in (1, 2, 4):
                    fits = map_ == arrives if p == 1 or len(map_) == 1 else (map_[0], map_[1] // p, map_[2] // p) == arrives
                    if other != last and left > 0 and fits and r.random() < (.9 if self.residual else .6) and len(sources) < 3:
                        sources.append((other, p if len(map_) == 3 else 1))
                        break
            for s, _ in sources:
                self.spare[s][1] -= 1
            last, out = self.layer(sources, arrives, True)
            self.spare[last] = [out, 2]
        self.nodes["out"] = ("Output", dict(shape=list(out)))
        self.edges.append((last, "out"))

    def write(self, path):
        with h5py.File(path, "w") as f:
            f["version"] = "1.0.8"
            f["node/type"] = "NIRGraph"
            for name, (kind, fields) in self.nodes.items():
                g = f.create_group(f"node/nodes/{name}")
                g["type"] = kind
                for k, v in fields.items():
                    g[k] = v
            f["node"]["edges"] = np.array(self.edges, dtype=TEXT)


def weights(r, shape):
    return (r.normal(r.uniform(-.05, .2), r.uniform(.05, .5), shape)).astype(F)


def biases(r, n):
    return None if r.random() < .6 else r.normal(0, .1, n).astype(F)


# --- what is expected ------------------------------------------------------------------------------

def scale(x, bits):
    """Every operation in float32."""
    low, high, limit = x.min(), x.max(), 2 ** (bits - 1)
    with np.errstate(divide="ignore"):
        if abs(low) <= abs(high) * F(limit / (limit - 1)):
            return abs(F(1) / high * F(limit - 1))
        return abs(F(1) / low * F(-limit))


def quantised(layer, dt):
    gain = F(dt * float(layer["r"]))
    w, b = layer["w"] * gain * F(1 / layer["area"]), (layer["b"] if layer["b"] is not None else np.zeros(len(layer["w"]), F)) * gain
    th = layer["threshold"]
    s = min(scale(w, 8), scale(b, 8), scale(np.array([-th, th]), 16))
    w = np.rint(w * s).reshape(len(w), layer["inputs"], layer["kernel"], layer["kernel"])
    return w.transpose(0, 1, 3, 2).astype(int).tolist(), np.rint(b * s).astype(int).tolist(), int(np.rint(th * s)), int(np.rint(-th * s))


def order(layers):
    """Names of IFs: sources first, ties by name."""
    waiting, done = {x["neuron"]: set(x["sources"]) - {"in"} for x in layers}, []
    while waiting:
        done.append(min(n for n, s in waiting.items() if s <= set(done)))
        del waiting[done[-1]]
    return done


def up2(n):
    return (n - 1).bit_length()


def words(layer):
    f, h, w = (*layer["map"], 1, 1)[:3]
    return layer["inputs"] << (up2(layer["kernel"] ** 2) + up2(f)), f << (up2(h) + up2(w)), f


def assignable(all_words, check, taken=()):
    if not all_words:
        return True
    return any(assignable(all_words[1:], check, (*taken, c)) for c in range(9) if c not in taken and
               all(n <= m for n, m in zip(all_words[0], (check.KERNEL[c], check.NEURON[c], check.BIAS))))


# --- one network -------------------------------------------------------------------------------------

def look(net, out, check, options):
    """The files of one network: the fault that was found, or None."""
    config, placed = os.path.join(out, "speck2f.json"), os.path.join(out, "placement.json")
    faults = check.check(config, placed)
    if faults:
        return faults[0]
    with open(config, encoding="utf8") as f, open(placed, encoding="utf8") as g:
        cores, listed = json.load(f)["value0"]["cnnLayers"], json.load(g)["layers"]
    if [x["neuron"] for x in listed] != order(net.layers):
        return f"order {[x['neuron'] for x in listed]}, expected {order(net.layers)}"
    place = {x["neuron"]: x for x in listed}
    for layer in net.layers:
        p, core = place[layer["neuron"]], cores[f"value{place[layer['neuron']]['core']}"]
        got = core["weights"], core["biases"], core["thresholdHigh"], core["thresholdLow"]
        for what, a, b in zip(("weights", "biases", "thresholdHigh", "thresholdLow"), got, quantised(layer, options["dt"])):
            if a != b:
                return f"{layer['neuron']}: {what} differ"
        if (p["kernel_words"], p["neuron_words"], p["bias_words"]) != words(layer) or core["returnToZero"] != options["zero"]:
            return f"{layer['neuron']}: words or returnToZero differ"
        targets = {place[other["neuron"]]["core"] for other in net.layers if layer["neuron"] in other["sources"]}
        if {d["layer"] for d in core["destinations"].values() if d["enable"]} != targets:
            return f"{layer['neuron']}: destinations differ"
    return None


def operations(check, core, inbox):
    """Weights of all events that arrive: a convolution with ones."""
    ones = type("Ones", (), dict(k=core.k, stride=core.stride, pad=core.pad, oshape=core.oshape, w=np.ones_like(core.w)))
    return int(check.convolve(ones, inbox).sum())


def raised(core, drive):
    """How often v of the model of frames is below the lower bound, and beyond 16 bits."""
    v, low, beyond = core.v0.astype(np.int64), 0, 0
    for step in drive:
        v = v + step + (core.b if core.leak else 0 * core.b)[:, None, None]
        beyond += int(((v < -32768) | (v > 32767)).sum())
        v = np.where(v >= core.high, 0 if core.zero else v % core.high, v)
        low += int((v < core.low).sum())
        v = np.maximum(v, core.low)
    return low, beyond


def miscounted(check, cores, spikes, x, listed, said, event):
    """The first line of --stats that is another than what the spikes make it; None."""
    got = {tuple(line.split()[1:3]): int(line.split()[3]) for line in said.splitlines()}
    fed = {d["layer"] for c in cores.values() for d in c.dests}
    inbox = {i: np.zeros((len(x), *c.ishape), np.int64) + (0 if i in fed else x) for i, c in cores.items()}
    for i in cores:
        for d in cores[i].dests:
            inbox[d["layer"]] += check.pooled(spikes[i], d["pooling"])
    for layer in listed:
        i = layer["core"]
        want = {(layer["weight"], "synaptic_operations"): operations(check, cores[i], inbox[i]), (layer["neuron"], "spikes"): int(spikes[i].sum()),
                (f"/core/{i}", "spikes"): int(spikes[i].sum())}
        if not event:
            low, beyond = raised(cores[i], check.convolve(cores[i], inbox[i]))
            want |= {(layer["neuron"], "lower_bounds"): low, (layer["neuron"], "saturations_v"): beyond}
        for key, n in want.items():
            if got.get(key) != n:
                return f"{key} is {got.get(key)}, expected {n}"
    return None


def emulated(net, out, nirc_run, check, r, event):
    x = r.poisson(r.uniform(.05, 1.5), (8, *net.input)).astype(F)
    if event:                                          # they take their time here
        x = np.where(r.random(x[:3].shape) < 40 / x[:3].size, x[:3], 0).astype(F)
    given, run = os.path.join(out, "in.h5"), os.path.join(out, "run.h5")
    with h5py.File(given, "w") as f:
        f["input"] = x
    subprocess.run([nirc_run, "-i", given, "-o", run, out], check=True)
    tree, _ = check.load(os.path.join(out, "speck2f.json"))
    cores, frames = check.used(tree), x.reshape(len(x), *(net.input if len(net.input) == 3 else (*net.input, 1, 1))).astype(np.int64)
    want = (check.run_event if event else check.run_frame)(cores, frames)
    with open(os.path.join(out, "placement.json"), encoding="utf8") as f:
        listed, fired = json.load(f)["layers"], 0
    with h5py.File(run) as f:
        for layer in listed:
            spikes, v = want[layer["core"]][:2]
            trace = f[f"trace/{layer['neuron']}"]
            fired += int(spikes.sum())
            if not np.array_equal(trace["spikes"][()].reshape(spikes.shape), spikes) or not np.array_equal(trace["v"][-1].reshape(v.shape), v):
                return f"{layer['neuron']}: emulated spikes or v differ", 0
        if not np.array_equal(f["output"][()].ravel(), f[f"trace/{net.layers[-1]['neuron']}/spikes"][()].ravel()):
            return "output differs", 0
    said = subprocess.run([nirc_run, "-i", given, "--stats", out], check=True, stdout=subprocess.PIPE, text=True).stdout
    fault = miscounted(check, cores, {i: w[0] for i, w in want.items()}, frames, listed, said, event)
    if fault:
        return fault, 0
    return None, fired


def one(seed, nirc, nirc_run, check, work):
    r = np.random.default_rng(seed)
    event = seed % 3 == 0
    net = Network(r, residual=event)
    net.grow()
    path, out = os.path.join(work, "net.nir"), os.path.join(work, "out")
    shutil.rmtree(out, ignore_errors=True)
    net.write(path)
    options = dict(dt=float(r.choice([1., .5, .01])) if r.random() < .3 else 1., zero=bool(r.random() < .3))
    words_ = ["--semantics", "nir" if options["dt"] != 1 else "unit", "--dt", repr(options["dt"]), "--reset", "v_reset" if options["zero"] else "subtract"]
    done = subprocess.run([nirc, path, "-t", "speck", *words_, "--emulate", f"--speck-model={'event' if event else 'frame'}", "--probe", "all", "-o", out],
                          stderr=subprocess.PIPE, text=True, check=False)
    if "[speck-no-placement]" in done.stderr:
        return ("refused", 0) if not assignable([words(x) for x in net.layers], check) else ("an assignment was missed", -1)
    if "[speck-threshold]" in done.stderr:
        return ("refused", 0) if any(quantised(x, options["dt"])[2] == 0 for x in net.layers) else ("a threshold was missed", -1)
    if done.returncode:
        return done.stderr, -1
    fault = look(net, out, check, options)
    if fault:
        return fault, -1
    fault, fired = emulated(net, out, nirc_run, check, r, event)
    return (fault, -1) if fault else ("meets" if event and any(len(x["sources"]) > 1 for x in net.layers) else "equal", fired)


def main(nirc, nirc_run, conform, work, count, first="1"):
    sys.path.insert(0, conform)
    import speck_check                                 # given by its folder
    os.makedirs(work)
    tally = {"equal": 0, "refused": 0, "wrong": 0, "meets": 0}
    spikes = 0
    for seed in range(int(first), int(first) + int(count)):
        what, fired = one(seed, nirc, nirc_run, speck_check, work)
        tally[what if fired >= 0 else "wrong"] += 1
        spikes += max(fired, 0)
        if fired < 0:
            print(f"network {seed}: {what}")
    print(f"{tally['equal'] + tally['meets']} equal, {tally['refused']} rightly refused, {tally['wrong']} wrong; {spikes} spikes; "
          f"events of several sources in {tally['meets']} networks")


main(*sys.argv[1:])
