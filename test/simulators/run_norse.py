"""Norse 1.1.0; see common.py."""
import logging
import os

import nir
import norse.torch
import norse.torch.functional.reset as reset_methods
import torch

import common
from common_torch import linear, uniform

logging.disable(logging.WARNING)
DT = 1e-3


def steps(net, x, node):
    """Step by step, one sample; v of `node` after each step."""
    outputs, v, state = [], [], None
    for x_t in x:
        y, state = net(torch.from_numpy(x_t)[None], state)
        outputs.append(common.sample(y.detach()))
        inner = state.state.get(node.replace(".", "_"))
        if inner:
            inner = inner[0][1] if isinstance(inner[0], tuple) and not hasattr(inner[0], "v") else inner[0]
            v.append(common.sample(inner.v.detach()))
    return outputs, v or None


def run(graph, x, dt, reset):
    method = reset_methods.reset_subtract if reset == "subtract" else reset_methods.reset_value
    net = norse.torch.from_nir(graph, ignore_warnings=True, reset_method=method, dt=dt or DT)
    return steps(net, x, common.last_node(graph))


def export(rng, neuron):
    """dt=1 makes the exporter write 1/tau_mem_inv, the time constant in seconds. It leaves the batch axis in the ports: nirc needs --lenient."""
    net = norse.torch.SequentialState(linear(rng, 10, 6), neuron(10), linear(rng, 5, 10), neuron(5))
    x = common.spikes(rng, 60, 6)
    outputs, v, state = [], [], None
    for x_t in x:
        y, state = net(torch.from_numpy(x_t)[None], state)
        outputs.append(common.sample(y.detach()))
        v.append(common.sample(state[-1].v.detach()))
    return norse.torch.to_nir(net, torch.zeros(1, 6), dt=1.0), x, outputs, v, ["--dt", str(DT), "--lenient"]


def lif(rng):
    def neuron(n):
        return norse.torch.LIFBoxCell(norse.torch.LIFBoxParameters(
            tau_mem_inv=1 / uniform(rng, n, 5e-3, 2e-2), v_th=uniform(rng, n, 0.1, 0.2),
            v_leak=uniform(rng, n, 0, 0.05)), dt=DT)
    return export(rng, neuron)


def iaf(rng):
    return export(rng, lambda n: norse.torch.IAFCell(norse.torch.IAFParameters(v_th=uniform(rng, n, 0.5, 1.5)), dt=DT))


common.main(run, {"lif": lif, "iaf": iaf})
