"""The two passes of backpropagation, for a batch of B columns.

Forwards, layer k takes the activations of the one before it:

    z_k = W_k a_{k-1} + b_k        a_k = f_k(z_k)        a_0 = x

Backwards, with L the mean loss of the batch and d_k = dL/dz_k:

    dL/dW_k = d_k a_{k-1}^T        dL/db_k = sum of d_k over the columns        dL/da_{k-1} = W_k^T d_k

and d_{k-1} is dL/da_{k-1} through the derivative of f_{k-1}. The first d, the last layer's, comes from the loss.

Source: D. Rumelhart, G. Hinton and R. Williams, "Learning representations by back-propagating errors", Nature 323
(1986) 533-536.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nnframe.arrays import Array
from nnframe.engine import Linear, Objective


class Gradient(NamedTuple):
    """The gradient of the mean loss with respect to one layer's weights and bias, of their shapes."""

    weights: Array
    bias: Array


def forward_pass(layers: Sequence[Linear], x: Array) -> tuple[list[Array], list[Array]]:
    """Return the pre-activations of each layer, and the activations of each, the input first.

    Parameters
    ----------
    layers : sequence of Linear
    x : ndarray, shape (n_in, B)
    """
    zs: list[Array] = []
    activations = [x]
    for layer in layers:
        zs.append(layer.weights @ activations[-1] + layer.bias)
        activations.append(layer.activation.forward(zs[-1]))
    return zs, activations


def loss_and_gradients(
    layers: Sequence[Linear], objective: Objective, x: Array, y: Array
) -> tuple[Array, list[Gradient]]:
    """Return the loss of each column, and the gradient of their mean for each layer.

    Parameters
    ----------
    layers : sequence of Linear
    objective : Objective
        The loss, bound to the last layer's activation.
    x : ndarray, shape (n_in, B)
    y : ndarray, shape (n_out, B)

    Returns
    -------
    losses : ndarray, shape (B,)
    gradients : list of Gradient
        In the order of the layers.

    Raises
    ------
    PluginError
        If an activation or the loss fails.
    """
    zs, activations = forward_pass(layers, x)
    losses = objective.value(zs[-1], activations[-1], y)
    d = objective.gradient(zs[-1], activations[-1], y) / x.shape[1]

    gradients = []
    for k in reversed(range(len(layers))):
        gradients.append(Gradient(d @ activations[k].T, d.sum(axis=1, keepdims=True)))
        if k > 0:
            d = layers[k - 1].activation.backward(layers[k].weights.T @ d, zs[k - 1], activations[k])
    gradients.reverse()
    return losses, gradients
