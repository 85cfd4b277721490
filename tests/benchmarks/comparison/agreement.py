"""Checks that contenders do the same work: from the same start, a pass must end at the same weights."""

from __future__ import annotations

import numpy as np

from comparison.problem import Array, Weights

# Relative to how far the weights moved: what rounding can add up to in a few hundred updates.
TOLERANCES = {"float32": 1e-2, "float64": 1e-8}


def distance(mine: Weights | Array, others: Weights | Array, start: Weights | None = None) -> float:
    """Return the largest difference between two sets of weights or answers, relative to how far the weights moved.

    Parameters
    ----------
    mine, others : list of (ndarray, ndarray), or ndarray
    start : list of (ndarray, ndarray), optional
        The initial weights. None for answers, whose difference is relative to the answers themselves.
    """
    difference = _vector(mine) - _vector(others)
    moved = _vector(others) if start is None else _vector(others) - _vector(start)
    return float(np.abs(difference).max() / np.abs(moved).max())


def _vector(arrays: Weights | Array) -> Array:
    if isinstance(arrays, np.ndarray):
        return arrays.astype(np.float64).ravel()
    return np.concatenate([array.astype(np.float64).ravel() for layer in arrays for array in layer])
