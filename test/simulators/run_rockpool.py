"""Rockpool 3.0.3; see common.py."""
import torch
from rockpool.nn.combinators import Sequential
from rockpool.nn.modules import LIFTorch, LinearTorch
from rockpool.nn.modules.torch.nir import from_nir, to_nir

import common
from common_torch import uniform


def run(graph, x, dt, reset):
    node = common.last_node(graph)
    net = from_nir(graph)
    outputs, v = [], []
    with torch.no_grad():
        for x_t in x:
            y, _ = net(torch.from_numpy(x_t)[None, None])
            outputs.append(y.numpy()[0, 0])
            module = getattr(net, node.replace(".", "_"))
            if hasattr(module, "vmem"):
                v.append(module.vmem.numpy().reshape(-1).copy())
    return outputs, v or None


def lif(rng):
    """The r of the file gives dt to first order only, so dt is passed; axes of batch and time are left in the ports: nirc needs --lenient."""
    dt = 1e-3

    def linear(n_in, n_out):
        return LinearTorch((n_in, n_out), weight=torch.from_numpy(common.weights(rng, n_out, n_in).T.copy()), bias=torch.zeros(n_out), has_bias=True)

    def neuron(n):
        return LIFTorch(n, tau_mem=uniform(rng, n, 5e-3, 2e-2), tau_syn=uniform(rng, n, 5e-3, 2e-2),
                        threshold=uniform(rng, n, 1, 2), bias=torch.zeros(n), dt=dt)

    net = Sequential(linear(6, 10), neuron(10), linear(10, 5), neuron(5))
    x = common.spikes(rng, 60, 6)
    with torch.no_grad():
        graph = to_nir(net, torch.zeros(1, 1, 6))
        net.reset_state()
        outputs, v = [], []
        for x_t in x:
            y, state, _ = net(torch.from_numpy(x_t)[None, None])
            net = net.set_attributes(state)
            outputs.append(y.numpy()[0, 0])
            v.append(net[3].vmem.detach().numpy().reshape(-1).copy())
    return graph, x, outputs, v, ["--dt", str(dt), "--lenient"]


common.main(run, {"lif": lif})
