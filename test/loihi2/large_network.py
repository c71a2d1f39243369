"""Write a large convolutional network: padded and strided convolutions between populations of IF, about 100 synapses to a neuron.

  large_network.py OUT.nir NEURONS [SEED]       5000000 neurons: 500 million synapses

Twenty populations in four stages, each of half the rows and columns and twice the channels of the one before, as in networks that classify images; how many rows and
columns the first has follows from NEURONS. Prints what was made: rows, neurons, synapses.
"""
import math
import sys

import h5py
import numpy as np

TEXT = h5py.string_dtype()
INPUT_CHANNELS, KERNEL = 2, 3
STAGES = [(6, 4), (12, 5), (24, 6), (48, 5)]          # channels, populations


def layers():
    """Channels and stride of each population."""
    for stage, (channels, count) in enumerate(STAGES):
        for k in range(count):
            yield channels, 2 if stage and not k else 1


def taps(n, stride):
    """Of a row of n elements, padded by 1: elements that the kernel reaches from all of the outputs."""
    return sum(0 <= y * stride + k - 1 < n for y in range((n - 1) // stride + 1) for k in range(KERNEL))


def count(side):
    neurons = synapses = 0
    before, n = INPUT_CHANNELS, side
    for channels, stride in layers():
        synapses += channels * before * taps(n, stride) ** 2
        before, n = channels, (n - 1) // stride + 1
        neurons += channels * n * n
    return neurons, synapses


def main(out, wanted, seed=0):
    rng = np.random.default_rng(seed)
    side = next(n for n in range(max(8, math.isqrt(wanted // 100)), wanted + 9) if count(n)[0] >= wanted)
    with h5py.File(out, "w") as f:
        f["version"] = "1.0.8"
        f["node/type"] = "NIRGraph"
        nodes = f.create_group("node/nodes")

        def node(name, kind, **fields):
            g = nodes.create_group(name)
            g["type"] = kind
            for k, v in fields.items():
                if isinstance(v, tuple):                # the same number for the whole layer
                    g[k] = np.full(v[1], v[0], np.float32)
                else:
                    g[k] = v

        before, n, edges, last = INPUT_CHANNELS, side, [], "input"
        node("input", "Input", shape=np.array([before, n, n]))
        for i, (channels, stride) in enumerate(layers()):
            shape = np.array([n, n])
            n = (n - 1) // stride + 1
            weight = rng.normal(size=(channels, before, KERNEL, KERNEL)).astype(np.float32)
            node(f"conv{i}", "Conv2d", input_shape=shape, weight=weight, bias=np.zeros(channels, np.float32), stride=np.array([stride, stride]),
                 padding=np.array([1, 1]), dilation=np.array([1, 1]), groups=1)
            full = (channels, n, n)
            node(f"if{i}", "IF", r=(1.0, full), v_threshold=(3.0, full), v_reset=(0.0, full))
            edges += [(last, f"conv{i}"), (f"conv{i}", f"if{i}")]
            before, last = channels, f"if{i}"
        node("output", "Output", shape=np.array([before, n, n]))
        edges.append((last, "output"))
        f.create_dataset("node/edges", data=np.array(edges, dtype=object), dtype=TEXT)
    print(f"{side} rows, {count(side)[0]} neurons, {count(side)[1]} synapses")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *map(int, sys.argv[3:4]))
