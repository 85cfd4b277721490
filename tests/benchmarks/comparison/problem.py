"""What all contenders start from: the same samples and the same weights."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from comparison.rows import Row

Array: TypeAlias = npt.NDArray[Any]
Weights: TypeAlias = list[tuple[Array, Array]]

# Of plain stochastic gradient descent. Adam has the defaults of every library here: 0.001, 0.9 and 0.999.
LEARNING_RATE = 0.01
ADAM_RATE, BETA1, BETA2 = 0.001, 0.9, 0.999


class Problem(NamedTuple):
    """Samples and initial weights.

    Attributes
    ----------
    row : Row
    X : ndarray, shape (N, n_in)
    Y : ndarray, shape (N, n_out)
        The targets; one-hot for cross-entropy.
    labels : ndarray of int64, shape (N,)
        The classes behind a one-hot Y; all 0 for mse.
    weights : list of (ndarray of shape (n_out, n_in), ndarray of shape (n_out,))
        Weights and biases of each layer.
    """

    row: Row
    X: Array
    Y: Array
    labels: Array
    weights: Weights

    @classmethod
    def of_row(cls, row: Row, n_samples: int) -> Problem:
        """Return a row's problem. A larger number of samples begins with the same ones."""
        n_in, n_out = row.sizes[0], row.sizes[-1]
        random = np.random.default_rng(0)
        weights = []
        for fan_in, fan_out in pairwise(row.sizes):
            linear = random.normal(scale=np.sqrt(2 / fan_in), size=(fan_out, fan_in))
            weights.append((linear.astype(row.dtype), random.normal(scale=0.1, size=fan_out).astype(row.dtype)))
        X = np.random.default_rng(1).normal(size=(n_samples, n_in)).astype(row.dtype)
        if row.loss == "cel":
            labels = np.random.default_rng(2).integers(n_out, size=n_samples)
            Y = np.eye(n_out, dtype=row.dtype)[labels]
        else:
            labels = np.zeros(n_samples, np.int64)
            Y = np.random.default_rng(2).normal(size=(n_samples, n_out)).astype(row.dtype)
        return cls(row, X, Y, labels, weights)
