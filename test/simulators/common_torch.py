"""What the drivers of simulators that are built on PyTorch have in common."""
import torch

import common


def linear(rng, n_out, n_in):
    layer = torch.nn.Linear(n_in, n_out)
    layer.weight.data = torch.from_numpy(common.weights(rng, n_out, n_in))
    layer.bias.data = torch.from_numpy(common.weights(rng, n_out, 1)[:, 0] / 4)
    return layer


def uniform(rng, n, low, high):
    return torch.from_numpy(common.between(rng, n, low, high))
