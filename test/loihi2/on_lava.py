"""The emulated chip against Lava's fixed-point simulation: network.lava.h5 through run_lava.py, every state of every population, and network.net through
lava-dl's netx, the spikes of its output. To be run by an interpreter that has both (test/README.md).

  on_lava.py golden NIRC NIRC_RUN SHARED
  on_lava.py trained NIRC NIRC_RUN SRCROOT SHARED
  on_lava.py shapes NIRC NIRC_RUN SHARED       parameters of single pixels, maps of one row, nested graphs; initial states, against conform/loihi2_ref.py
  on_lava.py options NIRC NIRC_RUN SHARED      samples and steps; and the way to the chip, with adapters that hand on what they get
  on_lava.py random NIRC NIRC_RUN COUNT [SEED]
"""
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import types

import h5py
import numpy as np

import random_networks

sys.modules["lava.lib.dl.slayer.object_detection"] = types.ModuleType("object_detection")     # wants OpenCV and torchvision; netx wants nothing of it

from lava.lib.dl.netx import hdf5                                                             # noqa: E402
from lava.magma.core.decorator import implements, requires, tag                              # noqa: E402
from lava.magma.core.model.py.model import PyLoihiProcessModel                                # noqa: E402
from lava.magma.core.model.py.ports import PyInPort, PyOutPort                                # noqa: E402
from lava.magma.core.model.py.type import LavaPyType                                          # noqa: E402
from lava.magma.core.process.ports.ports import InPort, OutPort                               # noqa: E402
from lava.magma.core.process.process import AbstractProcess                                   # noqa: E402
from lava.magma.core.resources import CPU                                                     # noqa: E402
from lava.magma.core import run_configs                                                       # noqa: E402
from lava.magma.core.run_conditions import RunSteps                                           # noqa: E402
from lava.magma.core.run_configs import Loihi2SimCfg                                          # noqa: E402
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol                       # noqa: E402
from lava.proc.io.sink import RingBuffer as Sink                                              # noqa: E402
from lava.proc.io.source import RingBuffer as Source                                          # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS = 40


def netx(path, x):
    """Spikes of the last layer, [T, n]; x is [T, *shape], maps as [channels, rows, columns], which Lava has the other way round."""
    net = hdf5.Network(net_config=path)
    source, sink = Source(data=x.reshape((len(x),) + tuple(net.inp.shape)[::-1]).T.astype(np.int32)), Sink(shape=tuple(net.out.shape), buffer=len(x))
    source.s_out.connect(net.inp)
    net.out.connect(sink.a_in)
    net.run(condition=RunSteps(num_steps=len(x)), run_cfg=Loihi2SimCfg(select_tag="fixed_pt"))
    spikes = sink.data.get().T.reshape(len(x), -1)
    net.stop()
    net.net_config.f.close()
    return spikes


def datasets(path):
    found = {}
    with h5py.File(path) as f:
        f.visititems(lambda k, v: found.__setitem__(k, v[()].reshape(len(v), -1)) if isinstance(v, h5py.Dataset) else None)
    return found


def run_here(folder, *arguments):
    """folder/out/run_lava.py in this process, which has Lava loaded."""
    spec = importlib.util.spec_from_file_location("run_lava", os.path.join(folder, "out", "run_lava.py"))
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    sys.argv[1:] = arguments
    program.main()


def loaded(folder, x):
    """What run_lava.py makes of folder/out: {dataset: [T, n]}."""
    with h5py.File(os.path.join(folder, "lava-in.h5"), "w") as f:
        f["input"] = x.reshape(len(x), -1)
    run_here(folder, "-i", os.path.join(folder, "lava-in.h5"), "-o", os.path.join(folder, "lava.h5"), "--probe", "all")
    return datasets(os.path.join(folder, "lava.h5"))


def emulated(nirc_run, folder, x):
    with h5py.File(os.path.join(folder, "in.h5"), "w") as f:
        f["input"] = x
    subprocess.run([nirc_run, os.path.join(folder, "out"), "-q", "-i", os.path.join(folder, "in.h5"), "-o", os.path.join(folder, "run.h5")], check=True)
    found = {k: v for k, v in datasets(os.path.join(folder, "run.h5")).items() if not k.endswith("/value")}     # --probe all names ports, too
    return {"trace/" + k[6:].replace("/", ".", k.count("/") - 2) if k.startswith("trace/") else k: v for k, v in found.items()}     # names as in Lava's files


def differences(ours, theirs, folder, spikes):
    """ours: the emulator's; theirs: the loader's; spikes: netx's, or None."""
    bad = [k for k in ours if k not in theirs or not np.array_equal(ours[k], theirs[k])]
    bad += [f"{k} of the loader only" for k in theirs if k not in ours and not k.startswith("trace/clock")]
    with open(os.path.join(folder, "out", "placement.json"), encoding="utf-8") as f:
        place = json.load(f)
    if place["netx"] != (spikes is not None):
        bad.append("netx in placement.json")
    if spikes is not None and not np.array_equal(spikes, ours[f"trace/{place['output']['population']}/spikes"]):
        bad.append("output of netx")
    return bad


def compare(nirc_run, folder, x):
    """(what differs, spikes of all populations, whether netx ran it)"""
    net, ours = os.path.join(folder, "out", "network.net"), emulated(nirc_run, folder, x)
    spikes = netx(net, x) if os.path.exists(net) else None
    return differences(ours, loaded(folder, x), folder, spikes), int(sum(v.sum() for k, v in ours.items() if k.endswith("/spikes"))), spikes is not None


def compile_(nirc, model, dt, folder):
    subprocess.run([nirc, model, "-q", "-t", "loihi2", "--dt", repr(dt), "--emulate", "--probe", "all", "-o", os.path.join(folder, "out")], check=True)


def compile_golden(nirc, shared, name, folder):
    """Into folder/out; its input, [T, *shape]."""
    case = os.path.join(shared, "golden", "loihi2", name)
    path = lambda name: os.path.join(case, name)
    with open(path("case.json"), encoding="utf-8") as f, h5py.File(path("model.nir")) as g, h5py.File(path("input.h5")) as h:
        dt, shape, x = json.load(f)["dt"], tuple(g["node/nodes/input/shape"][()]), h["input"][()]
    compile_(nirc, path("model.nir"), dt, folder)
    return x.reshape((-1,) + shape).astype(np.float32)


def golden(nirc, nirc_run, shared):
    top = os.path.join(shared, "golden", "loihi2")
    for name in sorted(n for n in os.listdir(top) if os.path.exists(os.path.join(top, n, "case.json"))):
        with tempfile.TemporaryDirectory() as folder:
            x = compile_golden(nirc, shared, name, folder)
            bad, spikes, chain = compare(nirc_run, folder, x)
        if bad:
            sys.exit(f"{name}: {', '.join(bad)}")
        print(f"{name}: {spikes} spikes equal, {'and through netx' if chain else 'no network.net'}", flush=True)


def trained(nirc, nirc_run, root, shared):
    """The examples on their first sample, and networks of the NIR paper on random spikes."""
    cases = [(name, os.path.join(shared, "golden", "paper", name + ".nir"), dt) for name, dt in (("braille_noDelay_bias_zero", 1e-4), ("cnn_sinabs", 1))]
    for name in ("digits_cnn", "digits_mlp", "digits_resnet", "vowels_rnn"):
        with open(os.path.join(root, "examples", name, "case.json"), encoding="utf-8") as f:
            cases.append((name, os.path.join(root, "examples", name, "model.nir"), json.load(f)["dt"]))
    for name, model, dt in cases:
        test = os.path.join(os.path.dirname(model), "test.h5")
        with h5py.File(model) as f:
            node = next(g for g in f["node/nodes"].values() if g["type"][()] == b"Input")
            x = (np.random.default_rng(1).random((STEPS, *node["shape" if "shape" in node else "input_type/input"][()])) < .2).astype(np.float32)
        if os.path.exists(test):
            with h5py.File(test) as f:
                x = f["input"][:, 0].astype(np.float32)
        with tempfile.TemporaryDirectory() as folder:
            compile_(nirc, model, dt, folder)
            bad, spikes, chain = compare(nirc_run, folder, x)
        if bad:
            sys.exit(f"{name}: {', '.join(bad)}")
        print(f"{name}: {len(x)} steps, {spikes} spikes equal, {'and through netx' if chain else 'no network.net'}", flush=True)


def normal(seed, shape):
    return f"random.default_rng({seed}).normal(size={shape})"


def uniform(shape, **ranges):
    return ",".join(f"{k}=random.default_rng({i}).uniform({low},{high},{shape})" for i, (k, (low, high)) in enumerate(ranges.items()))


# Words for make_nir.py, one a line, and the shape of the input.
SHAPES = {
    "pixels": (f"""input=Input(shape=[2,3,4])
                   c=Conv2d(input_shape=[3,4],weight={normal(1, (3, 2, 2, 3))},stride=[1,1],padding=[1,0],dilation=[1,1],groups=1,bias=ones(3))
                   n=CubaLIF({uniform((3, 4, 2), tau_syn=(1e-3, 5e-3), tau_mem=(1e-3, 2e-2), r=(1, 3), v_leak=(-.2, .2), v_threshold=(.2, 1), w_in=(1, 2))})
                   output=Output(shape=[3,4,2])
                   input->c->n->output""", (2, 3, 4)),
    "rows": (f"""input=Input(shape=[2,9])
                 c=Conv1d(input_shape=[9],weight={normal(1, (4, 1, 3))},stride=[2],padding=[1],dilation=[1],groups=2,bias=zeros(4))
                 n=LIF(tau=full((4,5),4e-3),r=full((4,5),4.),v_leak=zeros((4,5)),v_threshold=ones((4,5)))
                 d=Conv1d(input_shape=[5],weight={normal(2, (2, 4, 2))},stride=[1],padding=[0],dilation=[2],groups=1,bias=zeros(2))
                 m=IF(r=ones((2,3)),v_threshold=ones((2,3)))
                 output=Output(shape=[2,3])
                 input->c->n->d->m->output""", (2, 9)),
    "nested": (f"""input=Input(shape=[3])
                   g=NIRGraph()
                   g/input=Input(shape=[3])
                   g/w=Linear(weight={normal(3, (4, 3))})
                   g/n=IF(r=ones(4),v_threshold=ones(4))
                   g/output=Output(shape=[4])
                   g:input->w->n->output
                   o=Affine(weight={normal(4, (2, 4))},bias=full(2,.3))
                   d=Delay(delay=[.001,.004])
                   i=CubaLI(tau_syn=full(2,3e-3),tau_mem=full(2,5e-3),r=ones(2),v_leak=full(2,.1),w_in=full(2,2.))
                   output=Output(shape=[2])
                   input->g->o->d->i->output""", (3,)),
    "parts": ("""input=Input(shape=[2])
                 a=Affine(weight=ones((2,2)),bias=full(2,1e-6))
                 n=CubaLIF(tau_syn=full(2,3e-3),tau_mem=full(2,5e-3),r=full(2,5.),v_leak=zeros(2),v_threshold=ones(2),w_in=ones(2))
                 output=Output(shape=[2])
                 input->a->n->output""", (2,)),                                              # the bias is rounded to 0, and its clock is alone
}


def shapes(nirc, nirc_run, shared):
    for name, (words, shape) in SHAPES.items():
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, os.path.join(HERE, "..", "make_nir.py"), os.path.join(folder, "m.nir"), *map(str.strip, words.splitlines())], check=True)
            compile_(nirc, os.path.join(folder, "m.nir"), 1e-3, folder)
            bad, spikes, _ = compare(nirc_run, folder, (np.random.default_rng(5).random((STEPS, *shape)) < .4).astype(np.float32))
        if bad:
            sys.exit(f"{name}: {', '.join(bad)}")
        print(f"{name}: {spikes} spikes equal", flush=True)
    sys.path.insert(0, os.path.join(shared, "conform"))
    import loihi2_ref
    with tempfile.TemporaryDirectory() as folder:
        x, path = compile_golden(nirc, shared, "skip_clock", folder), os.path.join(folder, "out", "network.lava.h5")
        before = loihi2_ref.run_graph(path, x)[0]
        with h5py.File(path, "r+") as f:
            for i, (k, g) in enumerate(f["population"].items()):
                g["v0"] = 4000 if i == 1 else np.random.default_rng(i).integers(-20000, 20000, g["shape"][()])
        traces, ours = loihi2_ref.run_graph(path, x)[1], loaded(folder, x)
        equal = all(np.array_equal(ours[f"trace/{k}/{what}"], t[i]) for k, t in traces.items() for i, what in enumerate(("i", "v", "spikes")))
        assert equal and not np.array_equal(ours["output"], before), "v0"
        print(f"v0: {int(sum(t[2].sum() for t in traces.values()))} spikes equal")


class Adapter(AbstractProcess):
    """In the place of those between host and cores, which are Intel's alone. What it says of run_lava.py: what is connected to what."""

    def __init__(self, shape):
        super().__init__(shape=shape)
        self.inp, self.out = InPort(shape=tuple(shape)), OutPort(shape=tuple(shape))


@implements(proc=Adapter, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class AdapterModel(PyLoihiProcessModel):
    inp: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
    out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)

    def run_spk(self):
        self.out.send(self.inp.recv())


def options(nirc, nirc_run, shared):
    run_configs.CLoihiProcessModel = run_configs.AbstractCProcessModel     # without a chip lava-nc 0.10.0 defines the one and asks for the other
    for name, kinds in (("mlp_lif", ["PyToNxAdapter", "NxToPyAdapter"]), ("conv_pool", ["PyToN3ConvAdapter", "NxToPyAdapter"])):
        with tempfile.TemporaryDirectory() as folder:
            x = compile_golden(nirc, shared, name, folder)[:20]
            path, out, used = lambda n: os.path.join(folder, n), os.path.join(folder, "out"), []
            with h5py.File(path("in.h5"), "w") as f:
                f["input"] = np.stack([x, x[::-1]], 1)
            more = ["-i", path("in.h5"), "--steps", "30", "-o"]
            subprocess.run([nirc_run, out, "-q", *more, path("run.h5")], check=True)
            subprocess.run([sys.executable, os.path.join(out, "run_lava.py"), *more, path("lava.h5")], check=True)
            make = lambda kind: lambda shape: used.append(kind) or Adapter(shape)
            adapters = types.SimpleNamespace(**{k: make(k) for k in ("PyToNxAdapter", "PyToN3ConvAdapter", "NxToPyAdapter")})
            sys.modules["lava.proc.embedded_io"] = types.SimpleNamespace(spike=adapters)
            run_here(folder, *more, path("chip.h5"), "--backend", "loihi2")
            with h5py.File(path("run.h5")) as a, h5py.File(path("lava.h5")) as b, h5py.File(path("chip.h5")) as c:
                spikes = a["output"][()]
                assert np.array_equal(spikes, b["output"][()]) and b["output"].dtype == spikes.dtype and list(b) == ["output"], f"{name}: samples or steps"
                assert np.array_equal(spikes, c["output"][()]) and used == 2 * kinds, f"{name}: adapters {used}"
            print(f"{name}: {spikes.shape[1]} samples of {len(spikes)} steps equal, {int(spikes.sum())} spikes, and through {used[0]}", flush=True)


def random(nirc, nirc_run, count, seed="0"):
    done = refused = silent = chains = 0
    k = int(seed) * 1000003
    while done < int(count):
        rng = np.random.default_rng(k)
        net = random_networks.Network(rng)
        with tempfile.TemporaryDirectory() as folder:
            bad, spikes, chain = random_networks.compiled(nirc, net, folder), 0, False
            if bad == []:
                bad, spikes, chain = compare(nirc_run, folder, random_networks.random_input(net, rng, STEPS))
        if bad:
            sys.exit(f"seed {k}: {', '.join(bad)}")
        refused, done = refused + (bad is None), done + (bad is not None)
        silent, chains = silent + (bad is not None and not spikes), chains + chain
        k += 1
        if refused > 4 * int(count) + 20:
            sys.exit(f"{refused} networks were refused, {done} taken")
    print(f"{done} networks equal, {chains} of them through netx too; {refused} refused, {silent} silent")


if __name__ == "__main__":
    {"golden": golden, "options": options, "shapes": shapes, "trained": trained, "random": random}[sys.argv[1]](*sys.argv[2:])
