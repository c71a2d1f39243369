"""Sinabs 3.1.3; see common.py."""
import sinabs.layers
import torch
from sinabs.nir import from_nir, to_nir

import common
from common_torch import linear, uniform


def run(graph, x, dt, reset):
    node = common.last_node(graph)
    net = from_nir(graph, batch_size=1)
    outputs, v, state = [], [], None
    with torch.no_grad():
        for x_t in x:
            y, state = net(torch.from_numpy(x_t)[None], state)
            outputs.append(y.numpy()[0])
            module = getattr(net, node.replace(".", "_"))
            if hasattr(module, "v_mem"):
                v.append(module.v_mem.numpy()[0].copy())
    return outputs, v or None


def export(rng, neuron):
    """Time constants are numbers of steps there."""
    net = torch.nn.Sequential(linear(rng, 10, 6), neuron(10), linear(rng, 5, 10), neuron(5))
    x = common.spikes(rng, 60, 6)
    outputs, v = [], []
    with torch.no_grad():
        for x_t in x:
            outputs.append(net(torch.from_numpy(x_t)[None]).numpy()[0].copy())
            v.append(net[3].v_mem.numpy()[0].copy())
        graph = to_nir(net, torch.zeros(1, 6))
    return graph, x, outputs, v, ["--dt", "1"]


def lif(rng):
    def neuron(n):
        return sinabs.layers.LIFSqueeze(tau_mem=uniform(rng, n, 5, 20), spike_threshold=uniform(rng, n, 1, 2), norm_input=False, batch_size=1)
    return export(rng, neuron)


def iaf(rng):
    def neuron(n):
        threshold = uniform(rng, n, 1, 2)
        return sinabs.layers.IAFSqueeze(spike_threshold=threshold, min_v_mem=-threshold, batch_size=1)
    return export(rng, neuron)


common.main(run, {"lif": lif, "iaf": iaf})
