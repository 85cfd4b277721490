"""The Jacobian of a net's outputs, for optimizers of least squares.

For the loss mse with residuals r = a - y of N samples with m outputs each, L = sum of r^2 / (N m). With J = dr/dw, the
gradient is 2 J' r / (N m), and the Gauss-Newton matrix 2 J' J / (N m) takes the place of the Hessian: it leaves out the
curvature of the net, which counts for little where residuals are small.

Source: J. Nocedal and S. Wright, "Numerical optimization", 2nd edition, Springer 2006, section 10.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.bound import Linear


def jacobians(layers: Sequence[Linear], starts: Mapping[int, int], count: int, x: Array) -> Iterator[Array]:
    """Yield for each output of a net how it depends on all weights and biases, sample by sample.

    Parameters
    ----------
    layers : sequence of Linear
        Without learned parameters.
    starts : mapping of int to int
        By the id of a layer's weights, where these are in the vector of all; its bias comes after them.
    count : int
        The length of the vector.
    x : ndarray, shape (B, n_in)

    Yields
    ------
    ndarray, shape (B, count)
    """
    zs: list[Array] = []
    inputs = [x.T]
    for layer in layers:
        zs.append(layer.weights @ inputs[-1] + layer.bias)
        inputs.append(layer.activation.forward(zs[-1]))
    size = len(x)
    for output in range(len(layers[-1].weights)):
        J = np.zeros((size, count), x.dtype)
        d = np.zeros_like(inputs[-1])
        d[output] = 1
        for k in reversed(range(len(layers))):
            layer = layers[k]
            d = layer.activation.backward(d, zs[k], inputs[k + 1])
            start = starts[id(layer.weights)]
            middle = start + layer.weights.size
            # A layer that the net uses twice is there twice.
            J[:, start:middle] += (d.T[:, :, np.newaxis] * inputs[k].T[:, np.newaxis, :]).reshape(size, -1)
            J[:, middle : middle + layer.bias.size] += d.T
            d = layer.weights.T @ d
        yield J
