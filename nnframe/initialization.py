"""Random weights that keep the size of the signal from layer to layer."""

from __future__ import annotations

import numpy as np

from nnframe.activation import Activation
from nnframe.arrays import Array


def draw_weights(rng: np.random.Generator, n_in: int, n_out: int, activation: Activation | None) -> Array:
    """Return random weights for a layer.

    For activations with ``init="he"``, normal with variance 2 / n_in: half of the signal is lost on relu's flat side,
    and the factor 2 makes up for it. For all others and for linear layers, uniform with variance 2 / (n_in + n_out),
    between what keeps the signal's size forwards, 1 / n_in, and the gradient's backwards, 1 / n_out.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_in, n_out : int
    activation : Activation or None
        What the layer's output goes through.

    Returns
    -------
    ndarray of float64, shape (n_out, n_in)

    References
    ----------
    K. He et al., "Delving deep into rectifiers", ICCV 2015, equation 10.
    X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010,
    equation 16.
    """
    shape = (n_out, n_in)
    if activation is not None and activation.init == "he":
        return rng.normal(0, np.sqrt(2 / n_in), shape)
    limit = np.sqrt(6 / (n_in + n_out))
    return rng.uniform(-limit, limit, shape)
