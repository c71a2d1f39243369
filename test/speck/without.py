"""--speck-model=event without some of the chip's constraints, against the same rules with floating-point numbers in NumPy (docs/speck.md, docs/evaluate.md).

  without.py NIRC NIRC_RUN [COUNT]

Random networks of two convolutions, pooling and a matrix; events one by one, first in, first out. Each is run as the chip has it, without each constraint alone, and with weights and bound lifted together.
"""
import collections
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

STEPS = 12
SETS = [[], ["weights"], ["lower-bound"], ["reset"], ["weights", "lower-bound"], ["weights", "lower-bound", "reset"]]


class Network:
    def __init__(self, rng):
        self.w = [rng.normal(.1, .6, (3, 2, 3, 3)), rng.normal(.05, .5, (2, 3, 3, 3)), rng.normal(.1, .5, (4, 8, 1, 1))]
        self.w = [w.astype(np.float32) for w in self.w]
        self.b = [(rng.normal(0, .05, len(w)) * (rng.random() < .5)).astype(np.float32) for w in self.w]
        self.threshold = [np.float32(rng.uniform(.6, 1.5)) for _ in self.w]
        self.maps = [((2, 8, 8), (3, 8, 8), 1), ((3, 8, 8), (2, 8, 8), 4), ((8, 1, 1), (4, 1, 1), 1)]      # in, out, pooling behind

    def write(self, path):
        with h5py.File(path, "w") as f:
            f["version"], f["node/type"] = "1.0.8", "NIRGraph"
            chain = ["in", "c1", "if1", "c2", "if2", "pool", "flat", "fc", "if3", "out"]
            f["node/edges"] = np.array([*zip(chain, chain[1:])], dtype=h5py.string_dtype())
            conv = lambda w, b: {"type": "Conv2d", "weight": w, "bias": b, "stride": [1, 1], "padding": [1, 1], "dilation": [1, 1], "groups": 1, "input_shape": [8, 8]}
            neuron = lambda k, shape: {"type": "IF", "r": np.ones(shape, np.float32), "v_threshold": np.full(shape, self.threshold[k]), "v_reset": np.zeros(shape, np.float32)}
            nodes = {"in": {"type": "Input", "shape": [2, 8, 8]}, "out": {"type": "Output", "shape": [4]}, "c1": conv(self.w[0], self.b[0]), "c2": conv(self.w[1], self.b[1]),
                     "pool": {"type": "SumPool2d", "kernel_size": [4, 4], "stride": [4, 4], "padding": [0, 0]},
                     "flat": {"type": "Flatten", "input_type": [2, 2, 2], "start_dim": 0, "end_dim": -1},
                     "fc": {"type": "Affine", "weight": self.w[2][:, :, 0, 0], "bias": self.b[2]}, "if1": neuron(0, (3, 8, 8)), "if2": neuron(1, (2, 8, 8)), "if3": neuron(2, (4,))}
            for name, fields in nodes.items():
                for k, v in fields.items():
                    f[f"node/nodes/{name}/{k}"] = v

    def numbers(self, k, lacks):
        w, b, threshold = self.w[k], self.b[k], self.threshold[k]
        if "weights" in lacks:
            return w.astype(float), b.astype(float), float(threshold)
        f = np.float32

        def scale(x, bits):                                        # as sinabs has it, in float32
            low, high, limit = x.min(), x.max(), 2 ** (bits - 1)
            if abs(low) <= abs(high) * f(limit / (limit - 1)):
                return abs(f(1) / high * f(limit - 1)) if high else f(np.inf)
            return abs(f(1) / low * f(-limit))
        with np.errstate(divide="ignore"):
            s = min(scale(w, 8), scale(b, 8), scale(np.array([-threshold, threshold], f), 16))
        return np.rint(w * s).astype(float), np.rint(b * s).astype(float), float(np.rint(threshold * s))

    def run(self, x, lacks):
        n = [self.numbers(k, lacks) for k in range(3)]
        v = [np.zeros(m[1]) for m in self.maps]
        spikes = [np.zeros((len(x), *m[1])) for m in self.maps]
        queue = collections.deque()

        def settle(k, at, add, t):
            v[k][at] += add
            threshold = n[k][2]
            if v[k][at] >= threshold:
                v[k][at] = 0 if "reset" in lacks else v[k][at] - threshold
                spikes[k][t][at] += 1
                if k == 0:
                    queue.append((1, at))
                elif k == 1 and at[1] // 4 < 2 and at[2] // 4 < 2:
                    queue.append((2, (at[0] * 4 + at[1] // 4 * 2 + at[2] // 4, 0, 0)))
            elif "lower-bound" not in lacks:
                v[k][at] = max(v[k][at], -threshold)

        def receive(k, at, t):
            pad = 1 if k < 2 else 0
            for f in range(self.maps[k][1][0]):
                for r in range(max(at[1] - pad, 0), min(at[1] + pad, self.maps[k][1][1] - 1) + 1):
                    for c in range(max(at[2] - pad, 0), min(at[2] + pad, self.maps[k][1][2] - 1) + 1):
                        settle(k, (f, r, c), n[k][0][f, at[0], at[1] - r + pad, at[2] - c + pad], t)

        for t, frame in enumerate(x):
            for k in range(3):                                     # biases first, core by core; then what they cause; then the host's events
                for at in np.ndindex(*self.maps[k][1]):
                    if np.any(n[k][1]):
                        settle(k, at, n[k][1][at[0]], t)
            first = len(queue)
            for _ in range(first):
                k, at = queue.popleft()
                receive(k, at, t)
            for at in np.ndindex(*frame.shape):
                for _ in range(int(frame[at])):
                    receive(0, at, t)
            while queue:
                k, at = queue.popleft()
                receive(k, at, t)
        return spikes


def compare(nirc, nirc_run, rng, seen):
    net = Network(rng)
    x = rng.integers(0, 3, (STEPS, 2, 8, 8)) * (rng.random((STEPS, 2, 8, 8)) < .3)
    with tempfile.TemporaryDirectory() as work:
        file, out, path = (os.path.join(work, n) for n in ("net.nir", "out", "run.h5"))
        net.write(file)
        with h5py.File(os.path.join(work, "in.h5"), "w") as f:
            f["input"] = x.astype(np.float32)
        before = None
        for lacks in SETS:
            without = f',without="{" ".join(lacks)}"' if lacks else ""
            subprocess.run([nirc, file, "-q", "--pass-pipeline", f'inline-subgraphs,probe{{node=all}},lower{{target=speck,reset=subtract,options="speck-model=event"{without}}}', "--name", "m",
                            "-o", out], check=True, stderr=subprocess.DEVNULL)
            subprocess.run([nirc_run, out, "-q", "-i", os.path.join(work, "in.h5"), "-o", path], check=True)
            want = net.run(x, lacks)
            with h5py.File(path) as f:
                got = [f[f"trace/if{k}/spikes"][()] for k in (1, 2, 3)]
            for k in range(3):
                a, b = got[k].reshape(STEPS, -1), want[k].reshape(STEPS, -1)
                assert np.array_equal(a, b), (lacks, k, np.argwhere(a != b)[:3].tolist())
            before = before or want
            seen[" ".join(lacks)] += not all(np.array_equal(a, b) for a, b in zip(before, want))
            seen["spikes"] += int(sum(w.sum() for w in want))


def main(nirc, nirc_run, count="5"):
    seen = {" ".join(s): 0 for s in SETS} | {"spikes": 0}
    for k in range(int(count)):
        try:
            compare(nirc, nirc_run, np.random.default_rng([17, k]), seen)
        except AssertionError as e:
            sys.exit(f"network {k}: {e}")
    assert all(seen[" ".join(s)] for s in SETS[1:]) and seen["spikes"], seen
    print(f"{count} networks are NumPy's, event by event; {seen}")


main(*sys.argv[1:])
