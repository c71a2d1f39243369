"""Norse 1.1.0; see common.py."""
import logging
import os

import nir
import norse.torch
import norse.torch.functional.reset as reset_methods
import torch

import common

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


common.main(run, {})
