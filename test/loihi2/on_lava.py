"""The emulated chip against Lava's fixed-point simulation: network.lava.h5 through run_lava.py, every state of every population, and network.net through
lava-dl's netx, the spikes of its output. To be run by an interpreter that has both (test/README.md).

  on_lava.py golden NIRC NIRC_RUN SHARED
  on_lava.py random NIRC NIRC_RUN COUNT [SEED]
"""
import json
import os
import subprocess
import sys
import tempfile
import types
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy as np

import random_networks

sys.modules["lava.lib.dl.slayer.object_detection"] = types.ModuleType("object_detection")     # wants OpenCV and torchvision; netx wants nothing of it

from lava.lib.dl.netx import hdf5                                                             # noqa: E402
from lava.magma.core.run_conditions import RunSteps                                           # noqa: E402
from lava.magma.core.run_configs import Loihi2SimCfg                                          # noqa: E402
from lava.proc.io.sink import RingBuffer as Sink                                              # noqa: E402
from lava.proc.io.source import RingBuffer as Source                                          # noqa: E402

SECONDS = 120


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


def loaded(folder, x):
    """What run_lava.py makes of folder/out: {dataset: [T, n]}."""
    with h5py.File(os.path.join(folder, "lava-in.h5"), "w") as f:
        f["input"] = x.reshape(len(x), -1)
    subprocess.run([sys.executable, os.path.join(folder, "out", "run_lava.py"), "-i", os.path.join(folder, "lava-in.h5"), "-o", os.path.join(folder, "lava.h5"),
                    "--probe", "all"], check=True, timeout=SECONDS)
    return datasets(os.path.join(folder, "lava.h5"))


def emulated(nirc_run, folder, x):
    with h5py.File(os.path.join(folder, "in.h5"), "w") as f:
        f["input"] = x
    subprocess.run([nirc_run, os.path.join(folder, "out"), "-q", "-i", os.path.join(folder, "in.h5"), "-o", os.path.join(folder, "run.h5")], check=True)
    return {k: v for k, v in datasets(os.path.join(folder, "run.h5")).items() if not k.endswith("/value")}     # --probe all names ports, too


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
    with ThreadPoolExecutor(1) as pool:
        theirs = pool.submit(loaded, folder, x)
        net, ours = os.path.join(folder, "out", "network.net"), emulated(nirc_run, folder, x)
        spikes = netx(net, x) if os.path.exists(net) else None
        theirs = theirs.result()
    return differences(ours, theirs, folder, spikes), int(sum(v.sum() for k, v in ours.items() if k.endswith("/spikes"))), spikes is not None


def golden(nirc, nirc_run, shared):
    top = os.path.join(shared, "golden", "loihi2")
    for name in sorted(n for n in os.listdir(top) if os.path.exists(os.path.join(top, n, "case.json"))):
        case = os.path.join(top, name)
        with open(os.path.join(case, "case.json"), encoding="utf-8") as f, h5py.File(os.path.join(case, "model.nir")) as g, h5py.File(os.path.join(case, "input.h5")) as h:
            dt, shape, x = json.load(f)["dt"], tuple(g["node/nodes/input/shape"][()]), h["input"][()]
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([nirc, os.path.join(case, "model.nir"), "-q", "-t", "loihi2", "--dt", repr(dt), "--emulate", "--probe", "all", "-o", os.path.join(folder, "out")],
                           check=True)
            bad, spikes, chain = compare(nirc_run, folder, x.reshape((-1,) + shape).astype(np.float32))
        if bad:
            sys.exit(f"{name}: {', '.join(bad)}")
        print(f"{name}: {spikes} spikes equal, {'and through netx' if chain else 'no network.net'}", flush=True)


def random(nirc, nirc_run, count, seed="0"):
    done = refused = silent = chains = 0
    k = int(seed) * 1000003
    while done < int(count):
        rng = np.random.default_rng(k)
        net = random_networks.Network(rng)
        with tempfile.TemporaryDirectory() as folder:
            bad, spikes, chain = random_networks.compiled(nirc, net, folder), 0, False
            if bad == []:
                bad, spikes, chain = compare(nirc_run, folder, random_networks.random_input(net, rng))
        if bad:
            sys.exit(f"seed {k}: {', '.join(bad)}")
        refused, done = refused + (bad is None), done + (bad is not None)
        silent, chains = silent + (bad is not None and not spikes), chains + chain
        k += 1
        if refused > 4 * int(count) + 20:
            sys.exit(f"{refused} networks were refused, {done} taken")
    print(f"{done} networks equal, {chains} of them through netx too; {refused} refused, {silent} silent")


if __name__ == "__main__":
    {"golden": golden, "random": random}[sys.argv[1]](*sys.argv[2:])
