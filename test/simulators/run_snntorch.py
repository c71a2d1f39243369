"""snnTorch 1.0.0; see common.py."""
import contextlib
import io

import snntorch
import torch
from snntorch.export_nir import export_to_nir
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


def linear(rng, n_out, n_in):
    layer = torch.nn.Linear(n_in, n_out)
    layer.weight.data = torch.from_numpy(common.weights(rng, n_out, n_in))
    layer.bias.data = torch.from_numpy(common.weights(rng, n_out, 1)[:, 0] / 4)
    return layer


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


def leaky(rng):
    def neuron(n, last):
        return snntorch.Leaky(beta=torch.from_numpy(common.between(rng, n, 0.7, 0.95)), threshold=torch.full((n,), 1.5), init_hidden=True, output=last, reset_mechanism="zero",
                              reset_delay=False)
    return export(rng, neuron)


def synaptic(rng):
    def neuron(n, last):
        return snntorch.Synaptic(alpha=torch.from_numpy(common.between(rng, n, 0.5, 0.8)), beta=torch.from_numpy(common.between(rng, n, 0.7, 0.95)), threshold=torch.full((n,), 3.0),
                                 init_hidden=True, output=last, reset_mechanism="zero", reset_delay=False)
    return export(rng, neuron)


common.main(run, {"leaky": leaky, "synaptic": synaptic})
