"""Small networks of NIR, with fresh random weights, for the direction nirc -> simulator.

Each function takes a generator of random numbers and returns graph, input [T, *shape]. Weights are multiples of 1/64, so sums of weights of spikes are
exact in any order and what is left of rounding is that of the neurons. Time constants are in seconds, for dt = 1 ms.
"""
import nir
import numpy as np

from common import spikes, weights

DT = 1e-3
STEPS = 60


def full(n, x):
    return np.full(n, x, dtype=np.float32)


def between(rng, n, low, high):
    return rng.uniform(low, high, n).astype(np.float32)


def chain(n_in, nodes, n_out, extra=()):
    """in -> nodes in order -> out, and further edges."""
    names = ["in", *nodes, "out"]
    shape = [n_in] if np.isscalar(n_in) else list(n_in)
    graph = {"in": nir.Input(np.array(shape)), **nodes, "out": nir.Output(np.array([n_out] if np.isscalar(n_out) else list(n_out)))}
    return nir.NIRGraph(nodes=graph, edges=[*zip(names, names[1:]), *extra], type_check=False)


def dense(rng, n_out, n_in, low=-0.5, high=1.0, bias=True):
    w = weights(rng, n_out, n_in, low, high)
    return nir.Affine(weight=w, bias=weights(rng, n_out, 1)[:, 0] / 4) if bias else nir.Linear(weight=w)


def lif_layer(rng, n, tau=(5e-3, 2e-2), r=(1, 4), leak=0.0, threshold=(0.2, 0.4)):
    """v_reset is v_leak: what every importer can be given."""
    return nir.LIF(tau=between(rng, n, *tau), r=between(rng, n, *r), v_leak=full(n, leak), v_reset=full(n, leak),
                   v_threshold=between(rng, n, *threshold) + np.float32(leak))


def cuba_layer(rng, n, uniform=False):
    one = (lambda a, b: full(n, (a + b) / 2)) if uniform else (lambda a, b: between(rng, n, a, b))
    return nir.CubaLIF(tau_syn=one(2e-3, 8e-3), tau_mem=one(5e-3, 2e-2), r=one(1, 3), w_in=one(1, 2), v_leak=full(n, 0), v_reset=full(n, 0),
                       v_threshold=one(0.05, 0.15))


def lif(rng):
    return chain(6, {"fc": dense(rng, 8, 6), "lif": lif_layer(rng, 8, leak=0.25)}, 8), spikes(rng, STEPS, 6)


def mlp_lif(rng):
    nodes = {"fc1": dense(rng, 10, 6), "lif1": lif_layer(rng, 10), "fc2": dense(rng, 5, 10, bias=False), "lif2": lif_layer(rng, 5)}
    return chain(6, nodes, 5), spikes(rng, STEPS, 6)


def mlp_if(rng):
    """dt*r is 1/2: profile nir integrates dt*r*x."""
    def neurons(n):
        return nir.IF(r=full(n, 500), v_threshold=between(rng, n, 0.5, 1.5), v_reset=full(n, 0))
    nodes = {"fc1": dense(rng, 10, 6, bias=False), "if1": neurons(10), "fc2": dense(rng, 5, 10, bias=False), "if2": neurons(5)}
    return chain(6, nodes, 5), spikes(rng, STEPS, 6)


def mlp_cuba(rng):
    nodes = {"fc1": dense(rng, 10, 6), "cuba1": cuba_layer(rng, 10), "fc2": dense(rng, 5, 10, bias=False), "cuba2": cuba_layer(rng, 5)}
    return chain(6, nodes, 5), spikes(rng, STEPS, 6)


def rnn_lif(rng):
    nodes = {"fc": dense(rng, 8, 6, bias=False), "lif": lif_layer(rng, 8), "fc2": dense(rng, 5, 8, bias=False), "lif2": lif_layer(rng, 5)}
    g = chain(6, nodes, 5, [("lif", "w.rec"), ("w.rec", "lif")])
    g.nodes["w.rec"] = dense(rng, 8, 8, -0.4, 0.2, bias=False)
    return g, spikes(rng, STEPS, 6)


def rnn_bias(rng):
    g, x = rnn_lif(rng)
    g.nodes["w.rec"] = dense(rng, 8, 8, -0.4, 0.2)
    return g, x


def rnn_cuba(rng):
    g, x = rnn_lif(rng)
    g.nodes["lif"], g.nodes["lif2"] = cuba_layer(rng, 8), cuba_layer(rng, 5)
    return g, x


def skip(rng):
    """A residual sum whose short way comes first in the file."""
    nodes = {"in": nir.Input(np.array([6])), "fc0": dense(rng, 6, 6), "lif1": lif_layer(rng, 6), "fc": dense(rng, 6, 6, bias=False),
             "lif2": lif_layer(rng, 6), "out_fc": dense(rng, 4, 6, bias=False), "lif3": lif_layer(rng, 4), "out": nir.Output(np.array([4]))}
    edges = [("in", "fc0"), ("fc0", "lif1"), ("lif1", "out_fc"), ("lif1", "fc"), ("fc", "lif2"), ("lif2", "out_fc"), ("out_fc", "lif3"), ("lif3", "out")]
    return nir.NIRGraph(nodes=nodes, edges=edges, type_check=False), spikes(rng, STEPS, 6)


def conv(rng, neuron):
    w = weights(rng, 3, 2 * 9).reshape(3, 2, 3, 3)
    nodes = {"conv": nir.Conv2d(input_shape=(6, 5), weight=w, stride=1, padding=1, dilation=1, groups=1, bias=full(3, 0)),
             "n1": neuron((3, 6, 5)), "pool": nir.SumPool2d(kernel_size=np.array([2, 2]), stride=np.array([2, 2]), padding=np.array([0, 0])),
             "flat": nir.Flatten(input_type={"input": np.array([3, 3, 2])}, start_dim=0, end_dim=-1), "fc": dense(rng, 4, 18, bias=False), "n2": neuron((4,))}
    return chain((2, 6, 5), nodes, 4), (rng.random((30, 2, 6, 5)) < 0.2).astype(np.float32)


def lif_of(shape):
    """No sum of weights comes to this threshold exactly, where rounding would decide."""
    return nir.LIF(tau=full(shape, 1e-2), r=full(shape, 2), v_leak=full(shape, 0), v_threshold=full(shape, 0.31), v_reset=full(shape, 0))


def if_of(shape):
    return nir.IF(r=full(shape, 500), v_threshold=full(shape, 1), v_reset=full(shape, 0))


def conv_lif(rng):
    return conv(rng, lif_of)


def conv_if(rng):
    return conv(rng, if_of)


def spelt(rng, neuron):
    """What importers do not know, and others express: a convolution of two groups, a Scale on either side of weights, AvgPool2d."""
    shape = (4, 6, 4)
    nodes = {"conv": nir.Conv2d(input_shape=(6, 4), weight=weights(rng, 4, 9).reshape(4, 1, 3, 3), stride=1, padding=1, dilation=1, groups=2, bias=full(4, 0)),
             "s1": nir.Scale(scale=np.broadcast_to(np.float32([1, 2, 0.5, 1])[:, None, None], shape).copy()), "n1": neuron(shape),
             "pool": nir.AvgPool2d(kernel_size=np.array([2, 2]), stride=np.array([2, 2]), padding=np.array([0, 0])),
             "flat": nir.Flatten(input_type={"input": np.array([4, 3, 2])}, start_dim=0, end_dim=-1), "s2": nir.Scale(scale=between(rng, 24, 2, 6)),
             "fc": dense(rng, 4, 24, bias=False), "n2": neuron((4,))}
    return chain((2, 6, 4), nodes, 4), (rng.random((30, 2, 6, 4)) < 0.3).astype(np.float32)


def spelt_lif(rng):
    return spelt(rng, lif_of)


def spelt_if(rng):
    return spelt(rng, if_of)


# Simulators that fire as often as the threshold fits into v agree with others below twice the threshold: what arrives is bounded by that.

def bounded(graph, most):
    """Positive weights of each row are scaled down until they add to that times the threshold of the neuron that they lead to."""
    for a, b in graph.edges:
        layer = graph.nodes[b]
        if not hasattr(layer, "v_threshold"):
            continue
        sources = [graph.nodes[s] for s, t in graph.edges if t == b and hasattr(graph.nodes[s], "weight")]
        if graph.nodes[a] is not sources[0]:
            continue
        total = sum(np.maximum(s.weight, 0).sum(1) for s in sources) + 1e-9
        factor = most(layer) / total
        for s in sources:
            s.weight = (s.weight * np.minimum(factor, 1)[:, None]).astype(np.float32)
            if hasattr(s, "bias"):
                s.bias = np.zeros_like(s.bias)
    return graph


def bounded_lif(rng):
    g, x = mlp_lif(rng)
    return bounded(g, lambda n: 0.98 * n.v_threshold * n.tau / (DT * n.r)), np.maximum(x, spikes(rng, STEPS, 6, 0.5))


def bounded_if(rng):
    g, x = mlp_if(rng)
    return bounded(g, lambda n: 0.98 * n.v_threshold / (DT * n.r)), np.maximum(x, spikes(rng, STEPS, 6, 0.5))


def bounded_rnn_lif(rng):
    g, x = rnn_lif(rng)
    return bounded(g, lambda n: 0.98 * n.v_threshold * n.tau / (DT * n.r)), np.maximum(x, spikes(rng, STEPS, 6, 0.5))


def bounded_cuba(rng, make=mlp_cuba):
    """i reaches at most w_in*x: its decay and its gain add to 1."""
    g, x = make(rng)
    return bounded(g, lambda n: 0.98 * n.v_threshold * n.tau_mem / (DT * n.r * n.w_in)), np.maximum(x, spikes(rng, STEPS, 6, 0.5))


def bounded_rnn_cuba(rng):
    return bounded_cuba(rng, rnn_cuba)


def psu(rng):
    """A leaky integrator without reset, and a Threshold."""
    li = nir.LI(tau=between(rng, 8, 5e-3, 2e-2), r=between(rng, 8, 1, 3), v_leak=full(8, 0))
    nodes = {"fc": dense(rng, 8, 6), "li": li, "threshold": nir.Threshold(threshold=between(rng, 8, 0.1, 0.3))}
    return chain(6, nodes, 8), spikes(rng, STEPS, 6)


def li(rng):
    n = nir.LI(tau=between(rng, 8, 5e-3, 2e-2), r=between(rng, 8, 1, 3), v_leak=full(8, 0))
    return chain(6, {"fc": dense(rng, 8, 6), "li": n}, 8), spikes(rng, STEPS, 6)


def whole_if(rng):
    """dt*r is 1, weights are multiples of 1/64, thresholds are alike: integers can hold all of it."""
    def neurons(n, threshold):
        return nir.IF(r=full(n, 1000), v_threshold=full(n, threshold), v_reset=full(n, 0))
    nodes = {"fc1": dense(rng, 10, 6), "if1": neurons(10, 1), "fc2": dense(rng, 5, 10, bias=False), "if2": neurons(5, 0.8)}
    return chain(6, nodes, 5), spikes(rng, STEPS, 6)


# What each simulator can be given: (network, --reset, steps by which its output comes later).
CASES = {
    "norse": [(lif, None, 0), (mlp_lif, None, 0), (mlp_if, None, 0), (mlp_cuba, None, 0), (mlp_cuba, "subtract", 0), (rnn_lif, None, 0),
              (rnn_bias, None, 0), (rnn_cuba, None, 0), (skip, None, 0), (conv_lif, None, 0), (conv_if, None, 0), (spelt_lif, None, 0)],
    "snntorch": [(lif, None, 0), (mlp_lif, None, 0), (mlp_if, None, 0), (mlp_cuba, None, 0), (skip, None, 0), (conv_lif, None, 0),
                 (conv_if, None, 0), (spelt_lif, None, 0)],
    "sinabs": [(bounded_lif, "subtract", 0), (bounded_if, "subtract", 0), (bounded_rnn_lif, "subtract", 0), (li, None, 0)],
    "rockpool": [(bounded_cuba, "subtract", 0), (bounded_rnn_cuba, "subtract", 0)],
    "spyx": [(mlp_lif, "subtract", 2), (mlp_if, "subtract", 2), (mlp_cuba, "subtract", 2), (rnn_lif, "subtract", 2), (rnn_cuba, "subtract", 2),
             (conv_if, "subtract", 2), (spelt_if, "subtract", 2), (psu, None, 0)],
}
