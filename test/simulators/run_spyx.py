"""Spyx 1.0.0; see common.py."""
import contextlib
import io

import jax.numpy as jnp
import numpy as np
from spyx.nir import from_nir

import common


def run(graph, x, dt, reset):
    """Images are [row, column, channel] there."""
    x = x.transpose(0, 2, 3, 1) if x.ndim == 4 else x
    with contextlib.redirect_stdout(io.StringIO()):
        _, (outputs, states) = from_nir(graph, jnp.asarray(x)[:, None], dt=dt or 1, return_all_states=True)
    outputs = np.asarray(outputs)[:, 0]
    return outputs.transpose(0, 3, 1, 2) if outputs.ndim == 4 else outputs, None


common.main(run, {})
