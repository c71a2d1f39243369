"""snnTorch 1.0.0; see common.py."""
import contextlib
import io

import snntorch
import torch
from snntorch.export_nir import export_to_nir
from snntorch.import_nir import import_from_nir

import common
from common_torch import linear, uniform


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


def export(rng, neuron):
    """Resets as the importer sets them: to 0, in the step of the spike."""
    net = torch.nn.Sequential(linear(rng, 10, 6), neuron(10, False), linear(rng, 5, 10), neuron(5, True))
    x = common.spikes(rng, 60, 6)
    with contextlib.redirect_stdout(io.StringIO()):
        graph = export_to_nir(net, torch.zeros(1, 6), ignore_dims=[0])
    for layer in (net[1], net[3]):
        layer.reset_mem()
    outputs, v = [], []
    for x_t in x:
        y = net(torch.from_numpy(x_t)[None])
        outputs.append(common.sample(y[0].detach()))
        v.append(common.sample(y[-1].detach()))
    return graph, x, outputs, v, []


RESET = {"init_hidden": True, "reset_mechanism": "zero", "reset_delay": False}


def leaky(rng):
    return export(rng, lambda n, last: snntorch.Leaky(beta=uniform(rng, n, 0.7, 0.95), threshold=torch.full((n,), 1.5), output=last, **RESET))


def synaptic(rng):
    return export(rng, lambda n, last: snntorch.Synaptic(alpha=uniform(rng, n, 0.5, 0.8), beta=uniform(rng, n, 0.7, 0.95), threshold=torch.full((n,), 3.0), output=last,
                                                         **RESET))


common.main(run, {"leaky": leaky, "synaptic": synaptic})
