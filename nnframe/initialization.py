"""Random weights that keep the size of the signal from layer to layer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from nnframe import registry
from nnframe.arrays import Array
from nnframe.contracts.activation import Activation
from nnframe.errors import ArgumentError, ArgumentTypeError, shown
from nnframe.inputs.checks import as_list, generator, layer_sizes, net_dtype
from nnframe.layer import denseLayer

if TYPE_CHECKING:
    import numpy.typing as npt


def random_layers(
    sizes: Sequence[int],
    activations: Sequence[str | Activation | None],
    seed: int | np.random.Generator | None,
    dtype: npt.DTypeLike,
) -> list[denseLayer]:
    """Return layers with random weights and zero biases; `nNet.from_sizes` describes the arguments.

    The weights are drawn in float64 and rounded, so that a float32 net starts where its float64 twin does.
    """
    checked_sizes, checked_dtype, rng = layer_sizes(sizes), net_dtype(dtype), generator(seed)
    each = _one_per_layer(activations, len(checked_sizes) - 1)
    layers = []
    for (n_in, n_out), name in zip(pairwise(checked_sizes), each, strict=True):
        activation = None if name is None else registry.resolve(Activation, name)
        weights = draw_weights(rng, n_in, n_out, activation).astype(checked_dtype)
        layers.append(denseLayer(weights, 0, name))
    return layers


def draw_weights(rng: np.random.Generator, n_in: int, n_out: int, activation: Activation | None) -> Array:
    """Return random weights for a layer.

    For activations with ``init="he"``, normal with variance 2 / n_in: the factor 2 makes up for the half of the signal
    that relu sets to 0. For all others and for linear layers, uniform with variance 2 / (n_in + n_out), between what
    keeps the size of the signal forwards, 1 / n_in, and that of the gradient backwards, 1 / n_out.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_in, n_out : int
    activation : Activation or None

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


def _one_per_layer(activations: Sequence[str | Activation | None], n_layers: int) -> list[str | Activation | None]:
    if isinstance(activations, (str, Activation)) or activations is None:
        raise ArgumentTypeError(
            f"activations is {shown(activations)}; expected a list of one per layer, or of two, for the hidden "
            f"layers and for the last: ['relu', 'softmax']"
        )
    each = as_list(activations, "activations", "a list of one per layer, such as ['relu', 'softmax']")
    if len(each) == n_layers:
        return each
    if len(each) == 2:
        hidden, last = each
        return [hidden] * (n_layers - 1) + [last]
    raise ArgumentError(
        f"activations has length {len(each)}, expected {n_layers}: one per layer, or 2: one for the hidden layers and "
        f"one for the last"
    )
