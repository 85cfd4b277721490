"""Central differences: derived formulas are checked against them, and fall back on them where they are NaN."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nnframe.arrays import Array

# Far above the error of a central difference, far below what a wrong formula does.
TOLERANCE = 1e-4


def central_difference(function: Callable[[Array], Array], x: Array, share: float = 1.0) -> Array:
    """Return (f(x + h) - f(x - h)) / 2h for an element-wise f, h a share of what balances rounding and truncation."""
    # The cube root of machine epsilon, relative to x; h comes from the points themselves, because x + h is rounded.
    step = share * np.cbrt(np.finfo(x.dtype).eps) * np.maximum(1, np.abs(x))
    above, below = x + step, x - step
    upper, lower = (np.asarray(function(each), x.dtype) for each in (above, below))
    slope: Array = (upper - lower) / (above - below)
    return slope


def steady_difference(function: Callable[[Array], Array], x: Array) -> Array:
    """Return the central difference where half the step says the same, and NaN where a formula bends too fast."""
    whole, half = central_difference(function, x), central_difference(function, x, share=0.5)
    steady: Array = np.where(np.abs(whole - half) <= TOLERANCE * (1 + np.abs(half)), half, np.nan)
    return steady


def unit_of(parameter: float) -> float:
    """Return what a parameter is best changed by, in units of a step: a small one by a share of itself."""
    size = abs(float(parameter))
    return size if 0 < size < 1 else 1.0


def column_differences(function: Callable[[Array], Array], x: Array) -> Array:
    """Return the steady difference of a function of columns, (n, B) to (B,), with respect to each component."""
    slopes = np.empty_like(x)
    for i in range(len(x)):

        def moved(row: Array, i: int = i) -> Array:
            at = x.copy()
            at[i] = row
            return function(at)

        slopes[i] = steady_difference(moved, x[i])
    return slopes
