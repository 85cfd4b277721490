"""What all contenders start from: the same samples and the same weights."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from comparison.rows import Row

Array: TypeAlias = npt.NDArray[Any]
Weights: TypeAlias = list[tuple[Array, Array]]

LEARNING_RATE = 0.01


class Problem(NamedTuple):
    """Samples and initial weights.

    Attributes
    ----------
    row : Row
    X : ndarray, shape (N, n_in)
    Y : ndarray, shape (N, n_out)
        Targets: one-hot for cross-entropy.
    labels : ndarray of int64, shape (N,)
        The classes that Y encodes; all 0 for mse.
    weights : list of (ndarray of shape (n_out, n_in), ndarray of shape (n_out,))
        For each layer.
    """

    row: Row
    X: Array
    Y: Array
    labels: Array
    weights: Weights

    @classmethod
    def of_row(cls, row: Row, n_samples: int) -> Problem:
        """Return the row's problem with a number of samples; the first ones are the same for any number."""
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
