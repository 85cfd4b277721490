"""Stochastic gradient descent: one pass over the data, an update after each batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnframe.backpropagation import Linear, loss_and_gradients
from nnframe.binding import Objective
from nnframe.data import Pairs


def train_epoch(
    layers: Sequence[Linear], objective: Objective, data: Pairs, learning_rate: float, batch_size: int
) -> float:
    """Update the layers in place, batch by batch in the order of the data; return the mean loss over the samples.

    Parameters
    ----------
    layers : sequence of Linear
        All of one dtype.
    objective : Objective
        The loss, bound to the last layer's activation.
    data : Pairs
        Not empty.
    learning_rate : float
    batch_size : int

    Raises
    ------
    PluginError
        If an activation or the loss fails; the layers are then as the last whole batch left them.
    """
    total = 0.0
    for x, y in data.batches(batch_size, layers[0].weights.dtype):
        # All gradients exist before the first weight changes: a plugin that raises leaves no half-done update.
        losses, gradients = loss_and_gradients(layers, objective, x, y)
        for (weights, bias, _), gradient in zip(layers, gradients, strict=True):
            weights -= learning_rate * gradient.weights
            bias -= learning_rate * gradient.bias
        total += float(losses.sum(dtype=np.float64))
    return total / len(data)
