"""Rockpool 3.0.3; see common.py."""
import torch
from rockpool.nn.modules.torch.nir import from_nir

import common


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


common.main(run, {})
