"""A full Audio 2 (16 channels, 1000 hidden neurons with 32 targets each, 8 output neurons): how much faster the emulated chip is than the vendor's simulator xylosim. Both on one
core, in turns within one run, on the same input; their spikes have to be equal. By hand, with a Python that has numpy, h5py and xylosim:

  speed.py NIRC NIRC_RUN SHARED [STEPS]
"""
import os
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

TURNS = 5


def write_network(path, rng):
    near = lambda n, low, high: {"tau_mem": 2.0 ** rng.integers(2, 6, n) * 1e-3, "tau_syn": 2.0 ** rng.integers(1, 4, n) * 1e-3, "v_leak": np.zeros(n), "v_reset": np.zeros(n),
                                 "v_threshold": rng.uniform(low, high, n)}
    rec = np.zeros((1000, 1000))
    for pre in range(1000):
        rec[rng.choice(1000, 32, replace=False), pre] = rng.uniform(-.5, .3, 32)
    weights = {"w_in": rng.uniform(-.6, 1, (1000, 16)), "w_rec": rec, "w_out": rng.uniform(-1, 1, (8, 1000))}
    with h5py.File(path, "w") as f:
        f["version"], f["node/type"] = "1.0.8", "NIRGraph"
        chain = ["in", "w_in", "hidden", "w_out", "out", "end"]
        f["node/edges"] = np.array([*zip(chain, chain[1:]), ("hidden", "w_rec"), ("w_rec", "hidden")], dtype=h5py.string_dtype())
        for name, n in (("in", 16), ("end", 8)):
            f[f"node/nodes/{name}/type"], f[f"node/nodes/{name}/shape"] = "Input" if name == "in" else "Output", [n]
        for name, w in weights.items():
            f[f"node/nodes/{name}/type"], f[f"node/nodes/{name}/weight"] = "Linear", w.astype(np.float32)
        for name, n, low, high in (("hidden", 1000, 3, 9), ("out", 8, 5, 20)):
            fields = near(n, low, high)
            fields.update(r=fields["tau_mem"] / 1e-3, w_in=fields["tau_syn"] / 1e-3)
            f[f"node/nodes/{name}/type"] = "CubaLIF"
            for k, v in fields.items():
                f[f"node/nodes/{name}/{k}"] = v.astype(np.float32)


def new_layer(spec):
    """As xylo_sim.py builds it; what the layer points to has to live as long."""
    from xylosim.v2 import XyloLayer, XyloSynapse
    synapses = lambda w: [[XyloSynapse(int(t), 0, int(row[t])) for t in np.flatnonzero(row)] for row in w]
    held = [synapses(spec[k].reshape(len(spec[k]), -1)) for k in ("weights_in", "weights_rec", "weights_out")]
    column = lambda k: spec[k].tolist()
    return held, XyloLayer(
        synapses_in=held[0], synapses_rec=held[1], synapses_out=held[2], aliases=spec["aliases"], threshold=column("threshold"), threshold_out=column("threshold_out"),
        has_bias=False, bias=column("bias"), bias_out=column("bias_out"), weight_shift_inp=0, weight_shift_rec=0, weight_shift_out=0, dash_mem=column("dash_mem"),
        dash_mem_out=column("dash_mem_out"), dash_syns=np.stack([spec["dash_syn"], spec["dash_syn_2"]], 1).tolist(), dash_syns_out=spec["dash_syn_out"][:, None].tolist(), name="full")


def main(nirc, nirc_run, shared, steps="2000"):
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.join(shared, "conform"))
    import xylo_sim
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rng = np.random.default_rng(1)
    x = (rng.random((int(steps), 16)) < .3).astype(np.int64)
    with tempfile.TemporaryDirectory() as work:
        at = lambda name: os.path.join(work, name)
        write_network(at("full.nir"), rng)
        with h5py.File(at("in.h5"), "w") as f:
            f["input"] = x
        subprocess.run([nirc, at("full.nir"), "-q", "-t", "xylo", "--dt", "1ms", "--reset", "subtract", "--emulate", "-o", at("out")], check=True)
        spec = xylo_sim.load_spec(at("out/spec.json"))
        ours, theirs, ratios = [], [], []
        for _ in range(TURNS):
            said = subprocess.run([nirc_run, at("out"), "-i", at("in.h5"), "-o", at("run.h5"), "--time", "--repeat", "3"], check=True, stdout=subprocess.PIPE, text=True).stdout
            ours.append(float(said.splitlines()[1].split()[2]))
            held, layer = new_layer(spec)
            rows = x.tolist()
            begin = time.perf_counter()
            spikes = layer.evolve(rows)
            theirs.append((time.perf_counter() - begin) / len(x))
            ratios.append(theirs[-1] / ours[-1])
            hidden = int(np.sum(layer.rec_recurrent_spikes))
        with h5py.File(at("run.h5")) as f:
            assert np.array_equal(f["output"][()], np.array(spikes)), "the spikes differ"
    print(f"{hidden / len(x):.0f} hidden spikes a step: nirc {min(ours) * 1e6:.2f} us a step, xylosim {min(theirs) * 1e6:.1f} us; {min(ratios):.0f} to {max(ratios):.0f} times faster, "
          f"by the shortest times {min(theirs) / min(ours):.0f} times")


main(*sys.argv[1:])
