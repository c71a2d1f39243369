"""Spyx 1.0.0; see common.py."""
import contextlib
import io

import jax.numpy as jnp
import numpy as np
import spyx.nn
from flax import nnx
from spyx.nir import from_nir, to_nir

import common


def run(graph, x, dt, reset):
    """Images are [row, column, channel] there."""
    x = x.transpose(0, 2, 3, 1) if x.ndim == 4 else x
    with contextlib.redirect_stdout(io.StringIO()):
        _, (outputs, states) = from_nir(graph, jnp.asarray(x)[:, None], dt=dt or 1, return_all_states=True)
    outputs = np.asarray(outputs)[:, 0]
    return outputs.transpose(0, 3, 1, 2) if outputs.ndim == 4 else outputs, None


def linear(rng, n_in, n_out):
    layer = nnx.Linear(n_in, n_out, rngs=nnx.Rngs(0))
    layer.kernel[...] = jnp.asarray(common.weights(rng, n_out, n_in).T)
    layer.bias[...] = jnp.asarray(common.weights(rng, n_out, 1)[:, 0] / 4)
    return layer


def export(rng, neuron):
    net = spyx.nn.Sequential(linear(rng, 6, 10), neuron(10), linear(rng, 10, 5), neuron(5))
    x = common.spikes(rng, 60, 6)
    outputs, _ = spyx.nn.run(net, jnp.asarray(x)[:, None])
    return to_nir(net, {"input": np.array([6])}, {"output": np.array([5])}), x, np.asarray(outputs)[:, 0], None, ["--dt", "1"]


def lif(rng):
    def neuron(n):
        layer = spyx.nn.LIF((n,), threshold=1.5, rngs=nnx.Rngs(0))
        layer.beta[...] = jnp.asarray(common.between(rng, n, 0.7, 0.95))
        return layer
    return export(rng, neuron)


def cuba(rng):
    def neuron(n):
        layer = spyx.nn.CuBaLIF((n,), threshold=3.0, rngs=nnx.Rngs(0))
        layer.alpha[...] = jnp.asarray(common.between(rng, n, 0.5, 0.8))
        layer.beta[...] = jnp.asarray(common.between(rng, n, 0.7, 0.95))
        return layer
    return export(rng, neuron)


common.main(run, {"lif": lif, "cuba": cuba})
