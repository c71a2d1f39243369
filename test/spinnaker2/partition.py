"""Four branches on several chips of a board, in both ways (--partition): the same chip emulated, no chip too full, and the figures of mapping.json counted again from its
routes.

  partition.py NIRC NIRC_RUN [SHARED]
"""
import json
import os
import subprocess
import sys

import h5py
import numpy as np

PES, RATE = 148, 0.1


def write(path):
    rng = np.random.default_rng(0)
    with h5py.File(path, "w") as f:
        f["version"] = "1.0.8"
        f["node/type"] = "NIRGraph"
        edges = []

        def node(name, kind, **fields):
            for k, v in {"type": kind, **fields}.items():
                f[f"node/nodes/{name}/{k}"] = v

        def neurons(name, n):
            node(name, "IF", r=np.ones(n, np.float32), v_threshold=np.ones(n, np.float32), v_reset=np.zeros(n, np.float32))
        node("input", "Input", shape=np.array([20]))
        for branch in "abcd":
            last, m = "input", 20
            for k in range(4):
                node(f"{branch}w{k}", "Linear", weight=(rng.normal(size=(100, m)) * (rng.random((100, m)) < .1)).astype(np.float32))
                neurons(f"{branch}{k}", 100)
                edges += [(last, f"{branch}w{k}"), (f"{branch}w{k}", f"{branch}{k}")]
                last, m = f"{branch}{k}", 100
            node(branch + "out", "Linear", weight=rng.normal(size=(3, 100)).astype(np.float32))
            edges += [(last, branch + "out"), (branch + "out", "sum")]
        neurons("sum", 3)
        node("output", "Output", shape=np.array([3]))
        edges.append(("sum", "output"))
        f.create_dataset("node/edges", data=np.array(edges, dtype=object), dtype=h5py.string_dtype())


def count(m, sources):
    """Spikes per step, as its routes say, to other cores and chips."""
    chip = [s["chip"] for s in m["slices"]]
    sums = dict.fromkeys(("input_to_cores", "input_to_chips", "between_cores", "between_chips"), 0.)
    for r in m["routes"]:
        s = m["slices"][r["source"]]
        n, which = RATE * (s["stop"] - s["start"]), "input_to_" if s["population"] in sources else "between_"
        sums[which + "cores"] += n * len(set(r["targets"]) - {r["source"]})
        sums[which + "chips"] += n * len({chip[t] for t in r["targets"]} - {s["chip"]})
    return sums


def main(nirc, nirc_run, shared=None):
    bad, cut, maps = [], {}, {}
    write("m.nir")
    with h5py.File("in.h5", "w") as f:
        f["input"] = (np.random.default_rng(5).random((20, 20)) < .3).astype(np.float32)
    for kind in ("first-fit", "min-cut", "again", "text"):
        args = ["m.nir", "--partition", "min-cut" if kind == "again" else kind, "--dt", "1ms", "--s2-board=board48", "--s2-max-atoms=4", "--emulate"]
        if kind == "text":
            subprocess.run([nirc, "m.nir", "-q", "--pass-pipeline", 'inline-subgraphs,lower{target=spinnaker2,dt=1ms,partition=min-cut,options="s2-board=board48 s2-max-atoms=4"}', "--emit",
                            "nirt", "-o", "m.nirt"], check=True)
            args = ["m.nirt"]
        subprocess.run([nirc, *args, "-q", "-t", "spinnaker2", "--name", "m", "-o", kind], check=True)
        with open(f"{kind}/mapping.json") as f:
            m = maps[kind] = json.load(f)
        with open(f"{kind}/network.json") as f:
            sources = {p["id"] for p in json.load(f)["populations"] if p["neuron_model"] == "spike_list"}
        if kind != "text":
            subprocess.run([nirc_run, kind, "-i", "in.h5", "-o", f"{kind}/out.h5"], check=True)
        if shared:
            r = subprocess.run([sys.executable, os.path.join(shared, "conform", "spinnaker2_sim.py"), kind, "--check"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            bad += [r.stdout] if r.returncode else []
        places = [(s["chip"], s["pe"]) for s in m["slices"]]
        fill = np.bincount([c for c, _ in places])
        if len(set(places)) < len(places) or max(p for _, p in places) >= PES or len(fill) != -(-len(places) // PES):
            bad.append(f"{kind}: cores {fill}")
        p, want = m["partition"], count(m, sources)
        if any(abs(p["spikes_per_step"][k] - v) > 1e-6 * max(1, v) for k, v in want.items()):
            bad.append(f"{kind}: {p['spikes_per_step']}, expected {want}")
        total = [s["sram"]["total"] for s in m["slices"]]
        if (p["cores"], p["chips"]) != (len(places), len(fill)) or not np.allclose([p["core_balance"], p["chip_balance"]], [max(total) / np.mean(total), max(fill) / np.mean(fill)]):
            bad.append(f"{kind}: {p}")
        cut[kind] = want["input_to_chips"] + want["between_chips"]
    for name in ("m.so", "out.h5", "network.json", "weights.h5"):
        a, b = (open(f"{kind}/{name}", "rb").read() for kind in ("first-fit", "min-cut"))
        bad += [f"{name} differs"] * (a != b)
    if maps["min-cut"] != maps["again"] or maps["min-cut"] != maps["text"]:
        bad.append("mapping.json of min-cut is not always the same")
    if not cut["min-cut"] < cut["first-fit"]:
        bad.append(f"cuts {cut}")
    print("; ".join(bad) or f"ok, {cut['first-fit']:.1f} in order, {cut['min-cut']:.1f}")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
