"""Networks cut into cores in both ways (--partition): the emulated chip computes the same in every state, placement.json keeps the budgets of docs/loihi2.md, and its figures are those
counted here, spike by spike, from network.lava.h5 and the slices.

  partition.py NIRC NIRC_RUN
"""
import json
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

TEXT = h5py.string_dtype()
RATE, WORDS, TABLE, NEURONS, GROUPS = 0.1, 20000, 16000, 4095, 8


class Model:
    def __init__(self, path, shape, seed):
        self.file, self.rng, self.edges, self.last, self.shape = h5py.File(path, "w"), np.random.default_rng(seed), [], "input", tuple(shape)
        self.file["version"] = "1.0.8"
        self.file["node/type"] = "NIRGraph"
        self.node("input", "Input", shape=np.array(shape))

    def node(self, name, kind, **fields):
        for k, v in {"type": kind, **fields}.items():
            self.file[f"node/nodes/{name}/{k}"] = v

    def neurons(self, name, chain):
        """A population behind the last node of a chain of nodes."""
        full = lambda v: np.full(self.shape, v, np.float32)
        self.node(name, "IF", r=full(1), v_threshold=full(2), v_reset=full(0))
        self.edges += zip(chain, chain[1:] + [name])
        self.last = name
        return name

    def conv(self, name, channels, k, stride, pad, groups=1):
        c, h, w = self.shape
        weight = self.rng.normal(size=(channels, c // groups, *k)).astype(np.float32)
        self.node("conv_" + name, "Conv2d", input_shape=np.array([h, w]), weight=weight, bias=np.zeros(channels, np.float32), stride=np.array(stride), padding=np.array(pad),
                  dilation=np.array([1, 1]), groups=groups)
        self.shape = (channels, *((n + 2 * p - q) // s + 1 for n, p, q, s in zip((h, w), pad, k, stride)))
        return self.neurons(name, [self.last, "conv_" + name])

    def dense(self, name, n, source=None, recurrent=False):
        source = source or self.last
        shape = self.file[f"node/nodes/{source}"]["v_threshold"].shape if source != "input" else tuple(self.file["node/nodes/input/shape"])
        chain, size = [source], int(np.prod(shape))
        if len(shape) > 1:
            self.node("flat_" + name, "Flatten", start_dim=0, end_dim=-1, input_type=np.array(shape))
            chain.append("flat_" + name)
        self.node("fc_" + name, "Linear", weight=self.rng.normal(size=(n, size)).astype(np.float32))
        self.shape = (n,)
        self.neurons(name, chain + ["fc_" + name])
        if recurrent:
            self.node("rec_" + name, "Linear", weight=self.rng.normal(size=(n, n)).astype(np.float32))
            self.edges += [(name, "rec_" + name), ("rec_" + name, name)]
        return name

    def join(self, source, size, to, n):
        """A skip to a population that is there; its delay makes it a matrix."""
        self.node("skip_" + to, "Linear", weight=(self.rng.normal(size=(n, size)) * (self.rng.random((n, size)) < .02)).astype(np.float32))
        self.node("wait_" + to, "Delay", delay=np.full(n, 2e-3, np.float32))
        self.edges += [(source, "skip_" + to), ("skip_" + to, "wait_" + to), ("wait_" + to, to)]

    def end(self):
        self.node("output", "Output", shape=np.array(self.shape))
        self.edges.append((self.last, "output"))
        self.file.create_dataset("node/edges", data=np.array(self.edges, dtype=object), dtype=TEXT)
        self.file.close()


def maps(path):
    m = Model(path, (2, 40, 30), 1)
    m.conv("a", 32, (3, 3), (1, 1), (1, 1))
    m.conv("b", 32, (3, 3), (1, 1), (1, 1), groups=2)
    m.conv("c", 48, (5, 3), (2, 2), (2, 1))
    m.conv("d", 64, (3, 3), (2, 1), (0, 1))
    m.end()


def mixed(path):
    m = Model(path, (2, 24, 24), 2)
    m.conv("a", 8, (5, 5), (2, 2), (2, 2))
    m.conv("b", 16, (3, 3), (2, 2), (1, 1))
    m.dense("c", 700)
    m.dense("d", 900, recurrent=True)
    m.dense("e", 40)
    m.join("c", 700, "e", 40)
    m.end()


def pairs(path):
    """Small populations: all on one core."""
    m = Model(path, (12,), 3)
    m.dense("a", 30)
    m.dense("b", 20, recurrent=True)
    m.dense("c", 5)
    m.end()


# ---- what placement.json should say -------------------------------------------------------------------------------------------------------

def read_graph(path):
    with h5py.File(path) as f:
        shape = {k: tuple(g["shape"][()]) for k, g in f["population"].items()} | {"input": tuple(f["input/shape"][()])}
        synapses = []
        for k in sorted(f["synapse"], key=int):
            g = f["synapse"][k]
            synapses.append({q: g[q][()].decode() if q in ("from", "to", "kind") else g[q][()] for q in g})
    return shape, synapses


def positions(shape):
    return int(np.prod(shape[1:])) if len(shape) == 3 else shape[0]


def channels(shape):
    return shape[0] if len(shape) == 3 else 1


def reach(shape, s):
    """Of each source position and channel: positions of the target that a spike arrives at, as columns of a matrix."""
    src, dst = shape[s["from"]], shape[s["to"]]
    if s["kind"] == "dense":
        return np.ones((positions(dst), int(np.prod(src))), bool)
    if s["kind"] == "sparse":
        m = np.zeros((int(np.prod(dst)), int(np.prod(src))), bool)
        m[s["row"], s["col"]] = s["value"] != 0
        return m.reshape(channels(dst), positions(dst), -1).any(0)
    (_, h, w), (_, oh, ow) = src, dst
    m = np.zeros((oh, ow, h, w), bool)
    for y in range(oh):
        for x in range(ow):
            for i in range(s["weight"].shape[2]):
                for j in range(s["weight"].shape[3]):
                    a, b = y * s["stride"][0] + i * s["dilation"][0] - s["padding"][0], x * s["stride"][1] + j * s["dilation"][1] - s["padding"][1]
                    if 0 <= a < h and 0 <= b < w:
                        m[y, x, a, b] = True
    return np.tile(m.reshape(oh * ow, h * w), src[0])


def count_words(shape, synapses, core, out):
    n = sum((s["end"] - s["start"]) * channels(shape[s["population"]]) for s in core["slices"])
    w = {"neuron": n, "axon_in": 0, "synapse": 0, "axon_out": 0}
    for name in {s["population"] for s in core["slices"]}:
        held = np.zeros(positions(shape[name]), bool)
        for s in core["slices"]:
            if s["population"] == name:
                held[s["start"]:s["end"]] = True
        w["axon_out"] += int(held.sum()) * channels(shape[name]) * max(1, sum(y["from"] == name for y in synapses))
        for y in (y for y in synapses if y["to"] == name):
            if y["kind"] == "conv":
                o, c, kh, kw = y["weight"].shape
                w["axon_in"] += 1
                w["synapse"] += c * int(y["groups"]) * kh * kw * -(-(o // int(y["groups"])) // 8)
            else:
                axons = y["weight"].shape[1] if y["kind"] == "dense" else int(reach(shape, y)[held].any(0).sum())
                w["axon_in"] += axons
                w["synapse"] += axons * (n * 20 // 64 + 1)
    return {**w, "total": sum(w.values())}


def count_spikes(shape, synapses, cores, rate):
    """Per step, each spike once for each synapse and other core (chip); rate of each population."""
    core_of = {p: np.full(positions(s), -1) for p, s in shape.items()}
    for i, c in enumerate(cores):
        for s in c["slices"]:
            core_of[s["population"]][s["start"]:s["end"]] = i
    chip = np.array([c["chip"] for c in cores])
    sums = dict.fromkeys(("input_to_cores", "input_to_chips", "between_cores", "between_chips"), 0.)
    for y in synapses:
        m = reach(shape, y)
        for where, of in (("cores", core_of), ("chips", {p: np.where(v < 0, -1, chip[v]) for p, v in core_of.items()})):
            target, source = of[y["to"]], np.tile(of[y["from"]], channels(shape[y["from"]]))
            hit = np.stack([m[target == k].any(0) for k in np.unique(target)], 1)
            n = (hit & (np.unique(target)[None, :] != source[:, None])).sum()
            sums[("input_to_" if y["from"] == "input" else "between_") + where] += rate[y["from"]] * n
    return sums


def check(out, per_chip, most_chips, rate=None):
    bad = []
    shape, synapses = read_graph(os.path.join(out, "network.lava.h5"))
    rate = rate or dict.fromkeys(shape, RATE)
    with open(os.path.join(out, "placement.json")) as f:
        place = json.load(f)
    held = {p: np.zeros(positions(s), int) for p, s in shape.items() if p != "input"}
    for c in place["cores"]:
        for s in c["slices"]:
            held[s["population"]][s["start"]:s["end"]] += 1
        want = count_words(shape, synapses, c, place["output"]["population"])
        if c["words"] != want:
            bad.append(f"core {c['chip']}/{c['core']}: {c['words']}, expected {want}")
        if want["total"] > WORDS or want["neuron"] > NEURONS or max(want[k] for k in ("axon_in", "synapse", "axon_out")) > TABLE or len(c["slices"]) > GROUPS:
            bad.append(f"core {c['chip']}/{c['core']} holds too much: {want}")
    bad += [f"{p}: not each position once" for p, v in held.items() if not (v == 1).all()]
    names = [(c["chip"], c["core"]) for c in place["cores"]]
    if names != sorted(set(names)) or max(n for _, n in names) >= per_chip or place["chips"] != names[-1][0] + 1 or place["chips"] > most_chips:
        bad.append(f"chips {place['chips']}: {names}")
    p = place["partition"]
    for k, v in count_spikes(shape, synapses, place["cores"], rate).items():
        if abs(p["spikes_per_step"][k] - v) > 1e-4 * max(1, v):
            bad.append(f"{k}: {p['spikes_per_step'][k]}, expected {v}")
    total = [c["words"]["total"] for c in place["cores"]]
    fill = np.bincount([c["chip"] for c in place["cores"]])
    if not np.allclose([p["cores"], p["chips"], p["core_balance"], p["chip_balance"]], [len(total), place["chips"], max(total) / np.mean(total), max(fill) / np.mean(fill)]) \
            or p["estimate"] is not True:
        bad.append(f"figures {p}")
    return bad, p


def read(path):
    with open(path, "rb") as f:
        return f.read()


def one(nirc, nirc_run, folder, make, shape, per_chip):
    model, bad, figures = os.path.join(folder, make.__name__ + ".nir"), [], {}
    make(model)
    x = os.path.join(folder, "in.h5")
    with h5py.File(x, "w") as f:
        f["input"] = (np.random.default_rng(5).random((12, *shape)) < .2).astype(np.float32)
    for kind in ("first-fit", "min-cut", "min-cut-again", "from-text"):
        out = os.path.join(folder, f"{make.__name__}-{kind}")
        args = [model, "--partition", kind.removesuffix("-again"), "--dt", "1ms"]
        if kind == "from-text":                        # the hw level as text, and from there
            subprocess.run([nirc, model, "-q", "--partition", "min-cut", "--dt", "1ms", "-t", "loihi2", f"--loihi2-cores-per-chip={per_chip}", "--pass-pipeline",
                            f"inline-subgraphs,lower{{target=loihi2,dt=1ms,partition=min-cut,options=loihi2-cores-per-chip={per_chip}}}", "--emit", "nirt", "-o", out + ".nirt"], check=True)
            args = [out + ".nirt"]
        subprocess.run([nirc, *args, "-q", "-t", "loihi2", *(["--emulate", "--probe", "all", f"--loihi2-cores-per-chip={per_chip}"] if kind != "from-text" else []), "--name", "m", "-o", out], check=True)
        if kind in ("first-fit", "min-cut"):
            subprocess.run([nirc_run, out, "-i", x, "-o", os.path.join(out, "out.h5")], check=True)
            found, figures[kind] = check(out, per_chip, figures["first-fit"]["chips"] if figures else 1 << 30)
            bad += [f"{kind}: {b}" for b in found]
    measured, traces = (os.path.join(folder, make.__name__ + "-measured" + s) for s in ("", ".h5"))
    subprocess.run([nirc, model, "-q", "-t", "loihi2", "--dt", "1ms", "--partition", "min-cut", "--activity", x, "--probe", "all", "--emulate", "--name", "m",
                    f"--loihi2-cores-per-chip={per_chip}", "-o", measured], check=True)
    subprocess.run([nirc_run, measured, "-i", x, "-o", traces], check=True)
    with h5py.File(traces) as f, h5py.File(x) as g:
        rate = {k: float(v["spikes"][()].mean()) for k, v in f["trace"].items() if "spikes" in v} | {"input": float((g["input"][()] > 0).mean())}
    found, p = check(measured, per_chip, 1 << 30, rate)
    bad += [f"measured: {b}" for b in found + [p["activity"], p.get("input")] * ((p["activity"], p.get("input")) != ("measured", "in.h5"))]
    at = lambda kind, name: read(os.path.join(folder, f"{make.__name__}-{kind}", name))
    bad += [f"{name} differs" for name in ("m.h", "network.lava.h5", "out.h5") if at("first-fit", name) != at("min-cut", name)]
    bad += [f"{name} differs from run to run" for name in ("placement.json", "m.so") if at("min-cut", name) != at("min-cut-again", name)]
    strip = lambda text: {k: v for k, v in json.loads(text).items() if k != "model"}
    if strip(at("min-cut", "placement.json")) != strip(at("from-text", "placement.json")):
        bad.append("placement.json by way of text differs")
    if at("first-fit", "placement.json") == at("min-cut", "placement.json"):
        bad.append("both placements are the same")
    a, b = figures["first-fit"], figures["min-cut"]
    if b["first_fit"] != {k: a[k] for k in b["first_fit"]}:
        bad.append(f"first_fit of min-cut: {b['first_fit']}, expected {a}")
    cut = lambda p: sum(p["spikes_per_step"].values())
    if not cut(b) < cut(a):
        bad.append(f"cut {cut(b)}, in order {cut(a)}")
    print(f"{make.__name__}: {'; '.join(bad) or 'ok'}, {a['cores']} cores in order cut {cut(a):.1f}, {b['cores']} cores {cut(b):.1f}")
    return not bad


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        ok = [one(*sys.argv[1:3], folder, make, shape, per_chip) for make, shape, per_chip in ((pairs, (12,), 2), (maps, (2, 40, 30), 8), (mixed, (2, 24, 24), 20))]
    sys.exit(not all(ok))
