"""Quick checks of pairs of columns: true only for those that can be used as they are."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nnframe.arrays import Array, DType
from nnframe.contracts.domains import violation
from nnframe.contracts.loss import Loss

# A classifier sees the same few targets again and again: they are remembered, up to so many and up to this size.
MOST_KNOWN, MOST_BYTES = 256, 512


def plain_pair_check(n_in: int, n_targets: int, dtype: DType, loss: Loss) -> Callable[[Any, Any], bool]:
    """Return a function of x and y: whether they are single columns in a dtype, and the loss takes y.

    It doesn't look at the numbers of x. Floating-point errors must be ignored: sums of infinite numbers are invalid.
    """
    x_shape, y_shape, takes = (n_in, 1), (n_targets, 1), _target_check(n_targets, dtype, loss)
    # Arrays that were unpickled have a dtype object of their own; others share this one.
    shared = np.dtype(dtype.type)

    def is_plain(x: Any, y: Any) -> bool:
        return (
            type(x) is type(y) is np.ndarray
            and x.dtype is y.dtype is shared
            and x.shape == x_shape
            and y.shape == y_shape
            and takes(y)
        )

    return is_plain


def finite_check(n: int, dtype: DType) -> Callable[[Array], bool]:
    """Return the quickest function that is only true for a column of n finite numbers."""
    if n == 1:
        return lambda column: math.isfinite(column.item())
    ones, total = np.ones((1, n), dtype), np.empty((1, 1), dtype)
    sum_up = ones.dot

    def is_finite(column: Array) -> bool:
        # A single number that is not finite reaches the sum, in which large finite ones may overflow.
        sum_up(column, total)
        return math.isfinite(total.item())

    return is_finite


def are_probabilities(columns: Array) -> bool:
    """Return whether all numbers are from 0 to 1; False if one is NaN, or there are none."""
    if columns.size == 0:
        return False
    numbers = columns.ravel("K")
    # To find the place of the smallest number takes numpy a quarter of the time of np.minimum.reduce.
    smallest: float = numbers.item(numbers.argmin())
    return smallest >= 0 and numbers.item(numbers.argmax()) <= 1


def _target_check(n: int, dtype: DType, loss: Loss) -> Callable[[Array], bool]:
    """Return a function that is only true for a column of n targets that a loss takes."""
    domain = loss.y_domain
    is_finite = finite_check(n, dtype)
    if domain == "real":
        return is_finite
    takes: Callable[[Array], bool] = are_probabilities
    if domain not in ("probability", "distribution"):
        takes = lambda y: is_finite(y) and violation(domain, y) is None  # noqa: E731
    if n * dtype.itemsize > MOST_BYTES:
        return takes
    known: set[bytes] = set()

    def takes_or_knows(y: Array) -> bool:
        numbers = y.tobytes()
        if numbers in known:
            return True
        if not takes(y):
            return False
        if len(known) < MOST_KNOWN:
            known.add(numbers)
        return True

    return takes_or_knows
