"""Quantised networks against NumPy.

  quantise.py make DIR               net.nir, input.h5: two spiking layers with a convolution in front; sums.nir, sums.h5: an Affine alone; real.nir: one with LI behind it
  quantise.py text FILE.nirt NET.nir [PERCENTILE]     whole numbers and scales of the module are those of the rule
  quantise.py sums NET.nir IN.h5 OUT.h5               the output is the equation of snn.dense, bit for bit
  quantise.py figures REPORT.json NET.nir             errors of weights as NumPy has them
  quantise.py calibration REPORT.json FLOAT.h5 INT8.h5 VARIANT    spikes and v of two runs, compared, are what the report says
"""
import json
import os
import re
import subprocess
import sys

import h5py
import numpy as np

F = np.float32


def rule(w, percentile=100):
    """Rows [n, m] of float32 as whole numbers and a float32 scale for each."""
    size = np.abs(w.astype(np.float64))
    if percentile < 100:
        reach = np.percentile(size, percentile, axis=1, method="inverted_cdf")
    else:
        reach = size.max(axis=1)
    scale = (reach / 127).astype(F)
    assert (scale > 0).all()
    q = np.clip(np.rint(w.astype(np.float64) / scale.astype(np.float64)[:, None]), -127, 127)
    return q.astype(np.int8), scale


def weights_of(path):
    with h5py.File(path) as f:
        return {n: g["weight"][:].reshape(g["weight"].shape[0], -1) for n, g in f["node/nodes"].items() if "weight" in g}


def arrays_of(path, node):
    """Weight and scale of an op of the text; arrays stand in it, or behind it by name."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    line = next(x for x in text.splitlines() if x.startswith(f"  %{node} = "))
    out = []
    for name, code in (("weight", np.int8), ("scale", F)):
        found = re.search(name + r" = dense<\w+\[[\d,]*\] (@\w+|[^>]*)>", line).group(1)
        if found.startswith("@"):
            digits = re.search(r"^blob %s : [^=]*= hex\"([^\"]*)\"" % found, text, re.M).group(1)
            out.append(np.frombuffer(bytes.fromhex(digits), code))
        else:
            out.append(np.array([float(x) for x in found.split(",")]).astype(code))
    return out


def make(folder):
    r = np.random.default_rng(7)
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

    def nir(name, *nodes):
        subprocess.run([sys.executable, f"{here}/make_nir.py", f"{folder}/{name}.nir", *nodes], check=True)

    nir("net", "input=Input(shape=[1,6,6])", "c=Conv2d(input_shape=[6,6],weight=random.default_rng(1).normal(0,.5,(4,1,3,3)),stride=[1,1],padding=[0,0],dilation=[1,1],groups=1,bias=full(4,.05))",
        "a=IF(r=ones((4,4,4)),v_threshold=full((4,4,4),.9))", "flat=Flatten(start_dim=0,end_dim=-1,input_type=array([4,4,4]))",
        "fc=Affine(weight=random.default_rng(2).normal(0,.3,(70,64)),bias=random.default_rng(3).normal(0,.05,70))", "b=IF(r=ones(70),v_threshold=full(70,.7))",
        "out=Linear(weight=random.default_rng(4).normal(0,.3,(3,70)))", "li=LI(tau=full(3,4.),r=ones(3),v_leak=zeros(3))", "output=Output(shape=[3])", "input->c->a->flat->fc->b->out->li->output")
    nir("sums", "input=Input(shape=[100])", "fc=Affine(weight=random.default_rng(5).normal(0,1,(130,100)),bias=random.default_rng(6).normal(0,1,130))", "output=Output(shape=[130])", "input->fc->output")
    nir("real", "input=Input(shape=[100])", "fc=Affine(weight=random.default_rng(5).normal(0,1,(130,100)),bias=random.default_rng(6).normal(0,1,130))", "li=LI(tau=full(130,4.),r=ones(130),v_leak=zeros(130))",
        "output=Output(shape=[130])", "input->fc->li->output")
    with h5py.File(f"{folder}/input.h5", "w") as f:
        f["input"] = (r.random((30, 5, 1, 6, 6)) < .4).astype(F)
    with h5py.File(f"{folder}/sums.h5", "w") as f:
        f["input"] = np.where(r.random((20, 100)) < .5, r.normal(0, 1, (20, 100)), 0).astype(F)


def text(path, net, percentile="100"):
    for node, w in weights_of(net).items():
        q, scale = rule(w, float(percentile))
        number, s = arrays_of(path, node)
        assert np.array_equal(number, q.ravel()), node
        assert s.tobytes() == scale.tobytes(), node
        assert len(set(scale)) > 2 and len(set(number)) > 20


def sums(net, given, got):
    (w,) = weights_of(net).values()
    q, scale = rule(w)
    with h5py.File(net) as f, h5py.File(given) as g, h5py.File(got) as h:
        bias, x, y = f["node/nodes/fc/bias"][:], g["input"][:], h["output"][:]
    for row, result in zip(x, y):
        total = np.zeros(len(q), F)
        for j in np.flatnonzero(row):
            total = total + q[:, j].astype(F) * row[j]
        assert (scale * total + bias).tobytes() == result.tobytes()


def figures(report, net):
    with open(report, encoding="utf-8") as f:
        nodes = next(p for p in json.load(f)["passes"] if p["name"] == "quantise")["nodes"]
    weights = weights_of(net)
    assert {n["name"] for n in nodes} == set(weights)
    for n in nodes:
        w = weights[n["name"]].astype(np.float64)
        q, scale = rule(weights[n["name"]])
        error = np.abs(q * scale.astype(np.float64)[:, None] - w)
        want = dict(weights=w.size, scale_least=scale.min(), scale_most=scale.max(), clipped=0, largest_error=error.max(), mean_error=error.mean(), largest_weight=np.abs(w).max())
        for k, v in want.items():
            assert np.isclose(n[k], float(v), rtol=1e-12, atol=0), (n["name"], k, n[k], v)


def calibration(report, plain, quantised, variant):
    with open(report, encoding="utf-8") as f:
        pair = next(p for p in json.load(f)["calibration"]["pairs"] if p["second"] == variant)
    layers = {n["name"]: n for n in pair["layers"]}
    assert pair["first"] == "float32" and set(layers) >= {"a", "b", "li"}
    differing = 0
    with h5py.File(plain) as f, h5py.File(quantised) as g:
        for name in ("a", "b", "li"):
            v = [h[f"trace/{name}/v"][:].astype(np.float64) for h in (f, g)]
            off = np.abs(v[0] - v[1])
            assert off.max() > 0 and np.isclose(layers[name]["v"]["largest"], off.max(), rtol=1e-12), name
            assert np.isclose(layers[name]["v"]["mean"], off.mean(), rtol=1e-9), name
            if name != "li":
                z = [h[f"trace/{name}/spikes"][:] for h in (f, g)]
                assert layers[name]["spikes"] == [z[0].sum(), z[1].sum()] and z[0].any(), name
                assert layers[name]["differing"] == (z[0] != z[1]).sum(), name
                differing += (z[0] != z[1]).sum()
    assert differing > 0


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
