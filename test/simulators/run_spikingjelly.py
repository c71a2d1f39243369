"""SpikingJelly 2.0.0; see common.py."""
import logging

import torch
from spikingjelly.activation_based import layer, neuron
from spikingjelly.activation_based.nir_exchange import export_to_nir, import_from_nir

import common
from common_torch import linear

logging.disable(logging.WARNING)


def run(graph, x, dt, reset):
    net = import_from_nir(graph, dt=dt or 1e-4)
    outputs, state = [], None
    with torch.no_grad():
        for x_t in x:
            y, state = net(torch.from_numpy(x_t)[None], state)
            outputs.append(common.sample(y))
    return outputs, None


def export(rng, make):
    """Parameters are alike in a layer there."""
    layers = [linear(rng, 10, 6), make(), linear(rng, 5, 10), make()]
    for i in (0, 2):
        own = layer.Linear(layers[i].in_features, layers[i].out_features)
        own.load_state_dict(layers[i].state_dict())
        layers[i] = own
    net = torch.nn.Sequential(*layers)
    x = common.spikes(rng, 60, 6)
    outputs, v = [], []
    with torch.no_grad():
        for x_t in x:
            outputs.append(common.sample(net(torch.from_numpy(x_t)[None])))
            v.append(common.sample(net[3].v).copy())
        for i in (1, 3):
            net[i].reset()
        graph = export_to_nir(net, torch.zeros(1, 6), dt=1e-3)
    return graph, x, outputs, v, ["--dt", "0.001"]


common.main(run, {
    "if": lambda rng: export(rng, lambda: neuron.IFNode(v_threshold=1.5, v_reset=0.0)),
    "lif": lambda rng: export(rng, lambda: neuron.LIFNode(tau=float(rng.uniform(2, 10)), v_threshold=0.3, v_reset=0.0)),
    "lif-v_reset": lambda rng: export(rng, lambda: neuron.LIFNode(tau=float(rng.uniform(2, 10)), v_threshold=0.15, v_reset=-0.25)),
    "lif-no-decay": lambda rng: export(rng, lambda: neuron.LIFNode(tau=float(rng.uniform(2, 10)), decay_input=False, v_threshold=1.5, v_reset=0.0)),
    "cuba": lambda rng: export(rng, lambda: neuron.CUBALIFNode(c_decay=0.6, v_decay=0.8, v_threshold=3.0, v_reset=0.0)),
})
