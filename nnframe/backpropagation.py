"""The two passes of backpropagation, for a batch of B columns.

Forwards, layer k takes the activations of the one before it:

    z_k = W_k a_{k-1} + b_k        a_k = f_k(z_k)        a_0 = x

Backwards, with L the mean loss of the batch and d_k = dL/dz_k:

    dL/dW_k = d_k a_{k-1}^T        dL/db_k = sum of d_k over the columns        dL/da_{k-1} = W_k^T d_k

and d_{k-1} is dL/da_{k-1} times the derivative of f_{k-1}. The d of the last layer comes from the loss. With dropout,
the next layer gets a times a mask of zeros and constants, and dL/da is multiplied by the same mask. A learned parameter
p of f_k gets the sum of dL/da_k times da_k/dp.

Source: D. Rumelhart, G. Hinton and R. Williams, "Learning representations by back-propagating errors", Nature 323
(1986) 533-536.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.bound import Linear, Objective


class Gradient(NamedTuple):
    """The gradient of the mean loss by one layer's weights, bias and learned parameters, of their shapes."""

    weights: Array
    bias: Array
    parameters: Sequence[Array] = ()


def loss_and_gradients(
    layers: Sequence[Linear],
    objective: Objective,
    x: Array,
    y: Array,
    sample_weights: Array | None = None,
    dropout_masks: Sequence[Array | None] | None = None,
    batch_size: int | None = None,
) -> tuple[Array, list[Gradient], list[Array]]:
    """Return the loss of each column, and the gradient of their mean for each layer and for the loss's parameters.

    Parameters
    ----------
    layers : sequence of Linear
    objective : Objective
        The loss, bound to the last layer's activation.
    x : ndarray, shape (n_in, B)
    y : ndarray, shape (n_out, B)
    sample_weights : ndarray, shape (B,), optional
        Factors of the columns' losses.
    dropout_masks : sequence of ndarray or None, optional
        For each layer, the factors of its activations on their way to the next layer, shape (n_out, B).
    batch_size : int, optional
        What the sum over the columns is divided by; B by default.

    Returns
    -------
    losses : ndarray, shape (B,)
    gradients : list of Gradient
        Layer by layer.
    loss_gradients : list of ndarray, each of shape ()
        For each learned parameter of the loss.

    Raises
    ------
    PluginError
        If an activation or the loss fails.
    """
    masks = dropout_masks or [None] * len(layers)
    zs: list[Array] = []
    activations: list[Array] = []
    inputs = [x]
    for layer, mask in zip(layers, masks, strict=True):
        zs.append(layer.weights @ inputs[-1] + layer.bias)
        activations.append(layer.activation.forward(zs[-1]))
        inputs.append(activations[-1] if mask is None else activations[-1] * mask)

    z, a, last = zs[-1], activations[-1], layers[-1]
    weights = np.ones(x.shape[1], x.dtype) if sample_weights is None else sample_weights
    losses, factors = objective.value(z, a, y) * weights, weights / (batch_size or x.shape[1])
    of_loss = objective.parameter_gradients(a, y, factors) if objective.parameter_gradients else []

    if last.parameters and objective.loss_gradient is not None:
        d, of_layer = _through(last, objective.loss_gradient(a, y) * factors, z, a)
    else:
        d, of_layer = objective.gradient(z, a, y) * factors, []
    gradients = []
    for k in reversed(range(len(layers))):
        gradients.append(Gradient(d @ inputs[k].T, d.sum(axis=1, keepdims=True), of_layer))
        if k > 0:
            grad, mask = layers[k].weights.T @ d, masks[k - 1]
            grad = grad if mask is None else grad * mask
            d, of_layer = _through(layers[k - 1], grad, zs[k - 1], activations[k - 1])
    gradients.reverse()
    return losses, gradients, of_loss


def _through(layer: Linear, grad: Array, z: Array, a: Array) -> tuple[Array, list[Array]]:
    """Return d of a layer for grad = dL/da, and the gradients of its learned parameters."""
    of_layer = layer.activation.parameter_gradients
    return layer.activation.backward(grad, z, a), of_layer(grad, z, a) if of_layer else []
