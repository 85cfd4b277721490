"""The logistic function and its integral, with no exponential of a positive number."""

from __future__ import annotations

import numpy as np

from nnframe_zoo._array import Array


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)), exact to rounding in both tails; sigmoid(-x) is 1 - sigmoid(x) without cancellation."""
    e = np.exp(-np.abs(x))
    s: Array = np.where(x >= 0, 1, e) / (1 + e)
    return s


def log1p_exp(x: Array) -> Array:
    """Return log(1 + exp(x)), exact to rounding in both tails."""
    result: Array = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
    return result
