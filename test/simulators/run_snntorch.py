"""snnTorch 1.0.0; see common.py."""
import contextlib
import io

import torch
from snntorch.import_nir import import_from_nir

import common


def run(graph, x, dt, reset):
    node = common.last_node(graph)
    with contextlib.redirect_stdout(io.StringIO()):
        net = import_from_nir(graph)
    outputs, v, state = [], [], None
    for x_t in x:
        y, state = net(torch.from_numpy(x_t)[None], state)
        y = y[0] if isinstance(y, tuple) else y
        outputs.append(common.sample(y.detach()))
        module = getattr(net, node.replace(".", "_"))
        if hasattr(module, "mem"):
            v.append(common.sample(module.mem.detach()))
    return outputs, v or None


common.main(run, {})
