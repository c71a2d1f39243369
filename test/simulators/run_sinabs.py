"""Sinabs 3.1.3; see common.py."""
import torch
from sinabs.nir import from_nir

import common


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


common.main(run, {})
