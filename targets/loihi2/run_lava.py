#!/usr/bin/env python3
"""Run network.lava.h5 on Lava: on its fixed-point simulation on this machine, or on a Loihi 2.

  run_lava.py -i INPUT.h5 -o OUTPUT.h5 [--steps N] [--probe NAME|all]... [--backend cpu|loihi2] [NETWORK.lava.h5]

NETWORK.lava.h5   default: network.lava.h5 beside this program. For a readout, placement.json is wanted beside the network: it has the unit of v.
-i INPUT.h5       dataset `input` [T, *shape], or [T, B, *shape] for samples that are run one after another; whole numbers, each above 0 is one spike.
-o OUTPUT.h5      what nirc-run writes for the emulated chip: `output`, and of each population that --probe names `trace/NAME/v`, `i` and `spikes`,
                  after each step of the chip; a map as [channels, rows, columns]. Row t is step t - latency of the network (placement.json).
--steps N         stop after N steps, or go on without input.
--backend loihi2  the chip itself, where Lava's extension for it (lava-loihi, from Intel) is installed. UNVERIFIED: no board was at hand; adapters between
                  host and cores are as others have published them. Spikes of the output population only.

Needs h5py, and for a run lava-nc 0.10.0 in Python 3.10, no other, with numpy before 2:

  python3.10 -m venv lava && lava/bin/pip install 'numpy<2' scipy h5py networkx asteval scikit-learn matplotlib
  lava/bin/pip install --no-deps lava-nc==0.10.0

Exit status: 0 done; 1 a file or the network is refused, or Lava is missing; 2 usage.
"""
import argparse
import json
import os
import sys
from types import SimpleNamespace

import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
LARGEST_DELAY = 62


def fail(text):
    sys.exit(f"run_lava.py: {text}")


# ---- the network, as it stands in the file --------------------------------------------------------------------------------------------

def open_file(path):
    try:
        return h5py.File(path, "r")
    except OSError as e:
        fail(f"{path}: cannot be opened as HDF5: {e}")


def get(group, name, rank=None, default=None):
    """A dataset: text as str, numbers as int64 of one of the ranks that are wanted."""
    place = f"{group.file.filename}:{group.name.rstrip('/')}/{name}"
    if not isinstance(group.get(name), h5py.Dataset):
        return default if default is not None else fail(f"{place}: this dataset is missing")
    value = group[name][()]
    if rank is None:
        return value.decode() if isinstance(value, bytes) else str(value)
    value = np.asarray(value)
    if value.dtype.kind not in "iu" or value.ndim not in np.atleast_1d(rank):
        fail(f"{place}: {value.dtype} of rank {value.ndim}, whole numbers of rank {rank} are wanted")
    return value.astype(np.int64)


def get_groups(group, name):
    """The groups in a group, by name."""
    inside = group.get(name)
    if not isinstance(inside, h5py.Group) or not all(isinstance(g, h5py.Group) for g in inside.values()):
        fail(f"{group.file.filename}:/{name}: a group of groups is wanted")
    return dict(inside)


def get_shape(group):
    shape = tuple(int(n) for n in get(group, "shape", 1))
    if len(shape) not in (1, 3) or min(shape) < 1:
        fail(f"{group.file.filename}:{group.name}/shape: {list(shape)}, [n] or [channels, rows, columns] is wanted")
    return shape


def per_neuron(group, name, shape, default=None):
    """One number, one for each channel, or one for each neuron, as they stand in Lava's order of axes: columns, rows, channels."""
    value = get(group, name, (0, 1), default)
    if np.size(value) == 1:
        return int(np.ravel(value)[0])
    if value.size == np.prod(shape):
        return np.ascontiguousarray(value.reshape(shape).T)
    if len(shape) == 3 and value.size == shape[0]:
        return np.broadcast_to(value, shape[::-1]).copy()
    fail(f"{group.file.filename}:{group.name}/{name}: {value.size} numbers for a population of shape {list(shape)}")


def read_population(group):
    shape = get_shape(group)
    numbers = {k: per_neuron(group, k, shape) for k in ("iDecay", "vDecay", "vThMant")}
    numbers.update((k, per_neuron(group, k, shape, np.int64(0))) for k in ("bias", "v0"))
    return SimpleNamespace(shape=shape, **numbers)


def read_synapse(group, net):
    s = SimpleNamespace(name=f"{group.file.filename}:{group.name}", kind=get(group, "kind"), source=get(group, "from"), to=get(group, "to"), delay=0)
    if s.source not in net.shapes or s.to not in net.populations:
        fail(f"{s.name}: from '{s.source}' to '{s.to}': there is no such population")
    if s.kind == "dense":
        s.weight, s.delay = get(group, "weight", 2), get(group, "delay", (0, 2), np.int64(0))
        size, value = s.weight.shape, s.weight
    elif s.kind == "sparse":
        s.row, s.column, value = (get(group, k, 1) for k in ("row", "col", "value"))
        s.weight, s.delay = value, get(group, "delay", 0, np.int64(0))
        size = tuple(int(n) for n in get(group, "shape", 1))
        within = len(size) == 2 and len(s.row) == len(s.column) == len(value) > 0 and s.row.max() < size[0] and s.column.max() < size[1]
        if not within or min(s.row.min(), s.column.min()) < 0:
            fail(f"{s.name}: `row`, `col` and `value` are no entries of a matrix {list(size)}")
    elif s.kind == "conv":
        s.weight, s.groups = get(group, "weight", 4), int(get(group, "groups", 0))
        s.stride, s.padding, s.dilation = ([int(n) for n in get(group, k, 1)] for k in ("stride", "padding", "dilation"))
        source, to = net.shapes[s.source], net.populations[s.to].shape
        if not len(source) == len(to) == 3 or not len(s.stride) == len(s.padding) == len(s.dilation) == 2 or s.groups < 1 or \
           s.weight.shape[:2] != (to[0], source[0] // s.groups) or source[0] % s.groups:
            fail(f"{s.name}: no convolution, a kernel {list(s.weight.shape)} in {s.groups} groups, from {list(source)} to {list(to)}")
        return s
    else:
        fail(f"{s.name}/kind: '{s.kind}', dense, sparse or conv is wanted")
    if size != (np.prod(net.populations[s.to].shape), np.prod(net.shapes[s.source])):
        fail(f"{s.name}: a matrix {list(size)} from {list(net.shapes[s.source])} to {list(net.populations[s.to].shape)}")
    if s.delay.shape not in ((), size) or s.delay.min() < 0 or s.delay.max() > LARGEST_DELAY:
        fail(f"{s.name}/delay: one for all or one for each weight, 0 to {LARGEST_DELAY}, is wanted")
    return s


def read_network(path):
    with open_file(path) as f:
        kind, version = f.attrs.get("format", b""), f.attrs.get("version", 0)
        kind = kind.decode() if isinstance(kind, bytes) else kind
        if kind != "nirc-lava-graph" or version != 1:
            fail(f"{path}: format '{kind}', version {version}; 'nirc-lava-graph', version 1 is wanted")
        for name in ("input", "output"):
            if not isinstance(f.get(name), h5py.Group):
                fail(f"{path}:/{name}: this group is missing")
        populations = {k: read_population(g) for k, g in get_groups(f, "population").items()}
        net = SimpleNamespace(input=get_shape(f["input"]), populations=populations, output=get(f["output"], "from"))
        net.shapes = {"input": net.input, **{k: p.shape for k, p in net.populations.items()}}
        if net.output not in net.populations:
            fail(f"{path}:/output/from: '{net.output}': there is no such population")
        synapses = get_groups(f, "synapse")
        net.synapses = [read_synapse(synapses[k], net) for k in sorted(synapses, key=lambda k: (len(k), k))]
    return net


def read_readout(path, net):
    """What v of the output population is divided by; None where its spikes are the output."""
    place = os.path.join(os.path.dirname(os.path.abspath(path)), "placement.json")
    try:
        with open(place, encoding="utf-8") as f:
            return next(64 * p["scale"] if p["readout"] else None for p in json.load(f)["populations"] if p["name"] == net.output)
    except FileNotFoundError:
        if np.max(net.populations[net.output].vThMant) < 131071:
            return None
        fail(f"{place}: not there, and '{net.output}' is a readout: the unit of its v stands in this file")
    except (OSError, ValueError, KeyError, TypeError, StopIteration) as e:
        fail(f"{place}: no placement of this network: {e!r}")


# ---- input ----------------------------------------------------------------------------------------------------------------------------

def read_input(path, net, steps):
    """Spikes [B, T, *shape of the network's input], and whether the file has an axis of samples."""
    with open_file(path) as f:
        if not isinstance(f.get("input"), h5py.Dataset):
            fail(f"{path}: dataset `input` is missing")
        x = f["input"][()]
    n = int(np.prod(net.input))
    if x.ndim and int(np.prod(x.shape[1:])) == n:
        x, batch = x[None], False
    elif x.ndim > 1 and int(np.prod(x.shape[2:])) == n:
        x, batch = np.moveaxis(x, 1, 0), True
    else:
        fail(f"{path}: `input` is {list(x.shape)}, [T, *shape] or [T, B, *shape] with {n} elements, {list(net.input)}, is wanted")
    if x.dtype.kind not in "biuf" or not np.all((x >= 0) & (x == np.floor(x)) & np.isfinite(x)):
        fail(f"{path}: `input` holds something that is no number of spikes; whole numbers of at least 0 are wanted")
    x = (x > 0).reshape(x.shape[:2] + net.input)[:, :steps]
    more = 0 if steps is None else steps - x.shape[1]
    return np.pad(x, [(0, 0), (0, more)] + [(0, 0)] * len(net.input)), batch


# ---- Lava -----------------------------------------------------------------------------------------------------------------------------

def import_lava(hardware):
    try:
        from lava.magma.core.run_conditions import RunSteps
        from lava.magma.core.run_configs import Loihi2HwCfg, Loihi2SimCfg
        from lava.proc.conv.process import Conv
        from lava.proc.dense.process import DelayDense, Dense
        from lava.proc.io.sink import Read, RingBuffer as Sink
        from lava.proc.io.source import RingBuffer as Source
        from lava.proc.lif.process import LIF
        from lava.proc.sparse.process import DelaySparse, Sparse
    except ImportError as e:
        fail(f"Lava is not installed for {sys.executable} ({e}); --help says how")
    lava = SimpleNamespace(RunSteps=RunSteps, Conv=Conv, Dense=Dense, DelayDense=DelayDense, Sparse=Sparse, DelaySparse=DelaySparse, LIF=LIF,
                           Read=Read, Sink=Sink, Source=Source, config=(Loihi2HwCfg if hardware else Loihi2SimCfg)(select_tag="fixed_pt"), adapters=None)
    if hardware:
        try:
            from lava.proc.embedded_io import spike
        except ImportError as e:
            fail(f"Lava's extension for Loihi 2 is not installed for {sys.executable} ({e}); without it there is --backend cpu")
        lava.adapters = spike
    return lava


def shifted(s):
    """Weights as Lava stores them, and the exponent that undoes it. Where signs are mixed Lava drops the lowest of the 8 bits, so what is below 128 goes up."""
    low, high = int(s.weight.min()), int(s.weight.max())
    mixed = low < 0 < high
    most = max(high, -low)
    if most > (254 if mixed else 255):
        fail(f"{s.name}: weights from {low} to {high} are beyond 8 bits")
    k = 0
    while most and most << (k + 1) <= (254 if mixed else 255):
        k += 1
    if mixed and k == 0 and np.any(s.weight & 1):
        fail(f"{s.name}: weights from {low} to {high}, of different signs and odd, are beyond 8 bits")
    return dict(weights=s.weight << k, weight_exp=-k, num_weight_bits=8)


def make_synapse(lava, s, net):
    size = int(np.prod(net.populations[s.to].shape)), int(np.prod(net.shapes[s.source]))
    if s.kind == "conv":                             # Lava's kernels run the other way, over [columns, rows, channels]
        w = np.ascontiguousarray(s.weight[:, :, ::-1, ::-1].transpose(0, 3, 2, 1))
        pairs = dict(stride=s.stride[::-1], padding=s.padding[::-1], dilation=s.dilation[::-1])
        p = lava.Conv(weight=w, input_shape=net.shapes[s.source][::-1], groups=s.groups, **pairs)
        if tuple(p.output_shape) != net.populations[s.to].shape[::-1]:
            fail(f"{s.name}: a convolution to {list(p.output_shape)[::-1]}; '{s.to}' is {list(net.populations[s.to].shape)}")
        return p
    more, most = shifted(s), int(s.delay.max())
    if s.kind == "dense":
        return lava.DelayDense(delays=np.broadcast_to(s.delay, size).astype(int), max_delay=most, **more) if most else lava.Dense(**more)
    from scipy.sparse import csr_matrix
    matrix = lambda v: csr_matrix((v, (s.row, s.column)), shape=size)
    more["weights"] = matrix(more["weights"])
    return lava.DelaySparse(delays=matrix(np.full(len(s.row), most)), max_delay=most, **more) if most else lava.Sparse(**more)


def connect(source, sink):
    """Where one is a map and the other is not, elements are counted by channel, row, column."""
    if len(source.shape) > len(sink.shape):
        source = source.transpose([2, 1, 0]).flatten()
    elif len(source.shape) < len(sink.shape):
        source = source.reshape(tuple(sink.shape)[::-1]).transpose([2, 1, 0])
    source.connect(sink)


class Run:
    """The process graph for one sample: x, spikes [T, *shape]."""

    def __init__(self, lava, net, x, probes):
        self.lava, self.steps, self.read = lava, len(x), {}
        self.neurons = {k: lava.LIF(shape=p.shape[::-1], du=np.subtract(p.iDecay, 1), dv=p.vDecay, vth=p.vThMant, bias_mant=p.bias, bias_exp=6, v=p.v0)
                        for k, p in net.populations.items()}
        ports = {k: p.s_out for k, p in self.neurons.items()}
        ports["input"] = lava.Source(data=x.T.astype(np.int32)).s_out
        if lava.adapters:
            conv = hasattr(lava.adapters, "PyToN3ConvAdapter") and any(s.kind == "conv" for s in net.synapses if s.source == "input")
            adapter = (lava.adapters.PyToN3ConvAdapter if conv else lava.adapters.PyToNxAdapter)(shape=net.input[::-1])
            ports["input"].connect(adapter.inp)
            ports["input"] = adapter.out
        for s in net.synapses:
            p = make_synapse(lava, s, net)
            connect(ports[s.source], p.s_in)
            connect(p.a_out, self.neurons[s.to].a_in)
        for name, what in probes:
            self.read[name, what] = self.record(name, what)

    def record(self, name, what):
        neurons = self.neurons[name]
        if what != "spikes":
            sink = self.lava.Read(buffer=self.steps)
            sink.connect_var(neurons.v if what == "v" else neurons.u)
            return sink
        sink, port = self.lava.Sink(shape=neurons.s_out.shape, buffer=self.steps), neurons.s_out
        if self.lava.adapters:
            adapter = self.lava.adapters.NxToPyAdapter(shape=port.shape)
            port.connect(adapter.inp)
            port = adapter.out
        port.connect(sink.a_in)
        return sink

    def go(self, steps):
        """Lava runs what is connected to a process; a network may have parts that nothing connects, such as a clock whose weights were all rounded to 0."""
        gone = []
        for neurons in {name: self.neurons[name] for name, _ in self.read}.values():
            if neurons.runtime is None or neurons.runtime not in gone:
                neurons.run(condition=self.lava.RunSteps(num_steps=steps), run_cfg=self.lava.config)
                gone.append(neurons.runtime)

    def results(self):
        """{(population, "spikes", "v" or "i"): [T, *shape]}"""
        return {key: sink.data.get().T for key, sink in self.read.items()}

    def stop(self):
        for runtime in {id(p.runtime): p.runtime for p in self.neurons.values() if p.runtime is not None}.values():
            runtime.stop()


def simulate(lava, net, x, probes):
    if not len(x):
        return {(name, what): np.zeros((0,) + net.populations[name].shape) for name, what in probes}
    run = Run(lava, net, x, probes)
    try:
        run.go(len(x))
        return run.results()
    finally:
        run.stop()


# ---- the program ----------------------------------------------------------------------------------------------------------------------

def options():
    ap = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].strip(), add_help=False)
    ap.add_argument("-h", "--help", action="store_true")
    ap.add_argument("network", nargs="?", default=os.path.join(HERE, "network.lava.h5"))
    ap.add_argument("-i", "--input")
    ap.add_argument("-o", "--output")
    ap.add_argument("--steps", type=int)
    ap.add_argument("--probe", action="append", default=[], metavar="NAME|all")
    ap.add_argument("--backend", choices=("cpu", "loihi2"), default="cpu")
    o = ap.parse_args()
    if o.help:
        print(__doc__.strip())
        sys.exit()
    if not o.input or not o.output:
        ap.error("-i INPUT.h5 and -o OUTPUT.h5 are wanted")
    if o.steps is not None and o.steps < 0:
        ap.error("--steps: a number of at least 0 is wanted")
    return o


def choose_probes(o, net, readout):
    names = list(net.populations) if "all" in o.probe else o.probe
    for name in names:
        if name not in net.populations:
            fail(f"--probe {name}: there is no such population; there are {', '.join(net.populations)}")
    if o.backend == "loihi2" and (names or readout):
        fail("--backend loihi2: only spikes of the output population are read from the chip, not --probe and not the v of a readout")
    wanted = {(net.output, "v" if readout else "spikes"), *((name, what) for name in names for what in ("v", "i", "spikes"))}
    return names, sorted(wanted)


def write(path, found, batch, net, names, readout):
    """`found`: results of each sample."""
    def join(name, what):
        value = np.stack([r[name, what] for r in found], 1)
        return (value if batch else value[:, 0]).astype(np.float64)
    try:
        with h5py.File(path + ".new", "w") as f:
            f["output"] = (join(net.output, "v") / readout if readout else join(net.output, "spikes")).astype(np.float32)
            for name in names:
                for what in ("v", "i", "spikes"):
                    f[f"trace/{name}/{what}"] = join(name, what).astype(np.float32)
        os.replace(path + ".new", path)
    except OSError as e:
        fail(f"{path}: cannot be written: {e}")


def main():
    o = options()
    net = read_network(o.network)
    readout = read_readout(o.network, net)
    names, probes = choose_probes(o, net, readout)
    x, batch = read_input(o.input, net, o.steps)
    lava = import_lava(o.backend == "loihi2")
    found = [simulate(lava, net, sample, probes) for sample in x]
    if not found:
        fail(f"{o.input}: `input` has no sample")
    write(o.output, found, batch, net, names, readout)


if __name__ == "__main__":
    main()
