"""Training with L-BFGS over all rows at once, for small data sets.

Source: D. Liu and J. Nocedal, "On the limited memory BFGS method for large scale optimization", Mathematical
Programming 45 (1989) 503-528; scipy's implementation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.optimize
import scipy.sparse as sp

from nnframe import Array, nNet
from nnframe.backpropagation import loss_and_gradients
from nnframe.training.prepare import bind_net
from nnframe.training.settings import Settings

# Rows at a time of a sparse matrix.
CHUNK = 4096


def minimize(
    net: nNet, loss: Any, X: Any, Y: Array, sample_weight: Array | None, alpha: float, options: dict[str, Any]
) -> Any:
    """Minimize the weighted mean loss plus ``alpha / 2 / (sum of the weights) * (sum of the squared weights)``.

    The net ends with the best weights.

    Parameters
    ----------
    net : nNet
    loss : str or Loss
    X : ndarray or sparse matrix, shape (N, n_in)
    Y : ndarray, shape (N, n_out)
    sample_weight : ndarray, shape (N,), or None
    alpha : float
    options : dict
        Of scipy's L-BFGS-B.

    Returns
    -------
    scipy.optimize.OptimizeResult
    """
    bound = bind_net(net, Settings.of(loss=loss, learning_rate=0.1))
    layers, dtype = bound.layers, net.dtype
    n_samples: int = X.shape[0]
    weight_sum = float(n_samples if sample_weight is None else sample_weight.sum())
    factors = None if sample_weight is None else (sample_weight * (n_samples / weight_sum)).astype(dtype)
    step = CHUNK if sp.issparse(X) else n_samples

    def set_weights(vector: Array) -> None:
        start = 0
        for layer in layers:
            for array in (layer.weights, layer.bias):
                array[...] = vector[start : start + array.size].reshape(array.shape)
                start += array.size

    def value_and_gradient(vector: Array) -> tuple[float, Array]:
        set_weights(vector)
        total, gradient = 0.0, np.zeros(len(vector))
        for start in range(0, n_samples, step):
            part = slice(start, start + step)
            rows = X[part].toarray() if sp.issparse(X) else X
            with np.errstate(all="ignore"):
                losses, parts = loss_and_gradients(
                    layers, bound.objective, rows.T, Y[part].T, None if factors is None else factors[part]
                )
            total += float(losses.sum(dtype=np.float64))
            gradient += np.concatenate([array.ravel() for each in parts for array in each]) * len(rows)
        value, gradient = total / n_samples, gradient / n_samples
        start = 0
        for layer in layers:
            weights = vector[start : start + layer.weights.size]
            value += alpha / 2 / weight_sum * float(weights.dot(weights))
            gradient[start : start + layer.weights.size] += alpha / weight_sum * weights
            start += layer.weights.size + layer.bias.size
        return value, gradient

    first = np.concatenate([array.ravel() for layer in layers for array in (layer.weights, layer.bias)])
    result = scipy.optimize.minimize(
        value_and_gradient, first.astype(np.float64), method="L-BFGS-B", jac=True, options=options
    )
    set_weights(result.x)
    return result
