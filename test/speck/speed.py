"""speed.py NIRC NIRC_RUN CONFORM WORK [NETWORK.nir INPUT.h5]...: how many times faster the emulated Speck is than the frame simulation of speck_check.py in NumPy.

Both run the model of frames on the same configuration and input, in turns, on one processor; of each the fastest of ROUNDS runs counts, without files; the library that is
timed records spikes only, one that records all is compared.
Behind the given networks comes one of the chip's full size: nine layers that leave no core with half of its neurons free."""
import json
import os
import subprocess
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"                             # before NumPy starts its threads

import h5py
import numpy as np

ROUNDS, STEPS, RATE = 20, 10, .05
# features, kernel, stride, padding, pooling before it; on 2x128x128
LAYERS = [(16, 3, 2, 1, 1), (16, 3, 1, 1, 1), (16, 3, 1, 1, 1), (32, 3, 1, 1, 2), (32, 3, 1, 1, 1), (64, 3, 1, 1, 2), (64, 3, 1, 1, 1), (256, 1, 1, 0, 2), (64, 1, 1, 0, 1)]


def full_size(path, given):
    r = np.random.default_rng(1)
    with h5py.File(path, "w") as f:
        f["version"], f["node/type"] = "1.0.8", "NIRGraph"
        nodes, edges, last, channels, side = f.create_group("node/nodes"), [], "input", 2, 128

        def node(name, kind, **fields):
            g = nodes.create_group(name)
            g["type"] = kind
            for k, v in fields.items():
                g[k] = v
            edges.append((last, name))

        g = nodes.create_group("input")
        g["type"], g["shape"] = "Input", [channels, side, side]
        for i, (features, kernel, stride, padding, pool) in enumerate(LAYERS):
            if pool > 1:
                node(f"p{i}", "SumPool2d", kernel_size=[pool] * 2, stride=[pool] * 2, padding=[0, 0])
                last, side = f"p{i}", side // pool
            weight = r.normal(.02, .1, (features, channels, kernel, kernel)).astype("f4")
            node(f"c{i}", "Conv2d", input_shape=[side, side], weight=weight, bias=np.zeros(features, "f4"), stride=[stride] * 2, padding=[padding] * 2,
                 dilation=[1, 1], groups=1)
            last, channels, side = f"c{i}", features, (side + 2 * padding - kernel) // stride + 1
            node(f"n{i}", "IF", r=np.ones((features, side, side), "f4"), v_threshold=np.full((features, side, side), 1, "f4"))
            last = f"n{i}"
        node("output", "Output", shape=[channels, side, side])
        f["node/edges"] = np.array(edges, dtype=h5py.string_dtype())
    with h5py.File(given, "w") as f:
        f["input"] = r.poisson(RATE, (STEPS, 2, 128, 128)).astype("f4")


def seconds_of_numpy(check, cores, x):
    start = time.perf_counter()
    result = check.run_frame(cores, x)
    return (time.perf_counter() - start) / len(x), {i: s for i, (s, _, _) in result.items()}


def seconds_of_library(nirc_run, out, given):
    line = subprocess.run([nirc_run, out, "-i", given, "--time", "--threads", "1"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return float(line.split("\n")[1].split()[2])


def same(nirc_run, out, given, run, spikes):
    subprocess.run([nirc_run, out, "-i", given, "-o", run], check=True)
    with open(os.path.join(out, "placement.json"), encoding="utf8") as f, h5py.File(run) as r:
        return all(np.array_equal(r[f"trace/{x['neuron']}/spikes"][()].reshape(spikes[x["core"]].shape), spikes[x["core"]]) for x in json.load(f)["layers"])


def main(nirc, nirc_run, conform, work, *pairs):
    sys.path.insert(0, conform)
    import speck_check                                 # given by its folder
    os.makedirs(work, exist_ok=True)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    full = os.path.join(work, "full.nir"), os.path.join(work, "full.h5")
    full_size(*full)
    for model, given in [*zip(pairs[::2], pairs[1::2]), full]:
        out, traced = os.path.join(work, "out"), os.path.join(work, "traced")
        for to, probes in ((out, []), (traced, ["--probe", "all"])):
            subprocess.run([nirc, model, "-q", "-t", "speck", "--reset", "subtract", "--dt", "1", "--emulate", *probes, "-o", to, "--name", "net"], check=True)
        cores = speck_check.used(speck_check.load(os.path.join(out, "speck2f.json"))[0])
        with h5py.File(given) as f:
            x = f["input"][()].astype(np.int64)
        slow = fast = float("inf")
        for _ in range(ROUNDS):
            seconds, spikes = seconds_of_numpy(speck_check, cores, x)
            slow, fast = min(slow, seconds), min(fast, seconds_of_library(nirc_run, out, given))
        equal = same(nirc_run, traced, given, os.path.join(work, "run.h5"), spikes)
        print(f"{os.path.basename(model)}: {slow / fast:.1f} times faster ({1e6 * fast:.1f} us a step, {1e6 * slow:.1f} in NumPy), {sum(int(s.sum()) for s in spikes.values())} spikes, "
              f"{'equal' if equal else 'DIFFERENT'}")


main(*sys.argv[1:])
