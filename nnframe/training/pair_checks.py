"""Checks of the pairs that a trainer is given: quick for plain ones, thorough for all others."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nnframe.arrays import TRAINING_ERRORS, Array, DType
from nnframe.contracts.loss import Loss
from nnframe.errors import ArgumentError, DataError, ShapeError
from nnframe.inputs.checks import as_array, as_columns, in_dtype
from nnframe.registry.domains import check_targets

# A classifier sees the same few targets again and again: they are remembered, up to so many and up to this size.
MOST_KNOWN, MOST_BYTES = 256, 512


class PairChecks:
    """Checks pairs (x, y) for a net and a loss.

    Parameters
    ----------
    n_in, n_out : int
    dtype : numpy.dtype
    loss : Loss
    """

    def __init__(self, n_in: int, n_out: int, dtype: DType, loss: Loss) -> None:
        # Arrays that were unpickled have a dtype object of their own; others share one.
        self._n_in, self._n_out, self._dtype, self._loss = n_in, n_out, np.dtype(dtype.type), loss
        self._x_shape, self._y_shape = (n_in, 1), (n_out, 1)
        self._x_is_finite, self._y_is_finite = _finite_check(n_in, dtype), _finite_check(n_out, dtype)
        self._takes_any = loss.y_domain == "real"
        self._remembers = n_out * dtype.itemsize <= MOST_BYTES
        self._known: set[bytes] = set()

    def are_plain(self, x: Any, y: Any) -> bool:
        """Return whether both are single columns that can be used as they are; False if it takes longer to tell.

        Floating-point errors must be ignored: sums of infinite numbers are invalid.
        """
        return (
            type(x) is type(y) is np.ndarray
            and x.dtype is y.dtype is self._dtype
            and x.shape == self._x_shape
            and y.shape == self._y_shape
            and self._x_is_finite(x)
            and (self._y_is_finite(y) if self._takes_any else y.tobytes() in self._known)
        )

    def checked(self, x: Any, y: Any, sample_weights: Any) -> tuple[Array, Array, Array | None]:
        """Return columns of inputs and targets, and weights of the samples, in the dtype of the net.

        Raises
        ------
        ArgumentError, ArgumentTypeError, ShapeError, DataError
            If an argument can't be used, or has a number that is not finite.
        """
        x = in_dtype(as_columns(x, self._n_in, "x"), self._dtype)
        y = in_dtype(as_columns(y, self._n_out, "y"), self._dtype)
        count: int = x.shape[1]
        if y.shape[1] != count or count == 0:
            raise ShapeError(
                f"x has shape {x.shape} and y has shape {y.shape}; expected ({self._n_in}, B) and ({self._n_out}, B) "
                f"with the same B, at least 1"
            )
        weights = None if sample_weights is None else self._checked_weights(sample_weights, count)
        _require_finite(x, "x")
        _require_finite(y, "y")
        if not self._takes_any:
            self._check_targets(y)
            if count == 1 and self._remembers and len(self._known) < MOST_KNOWN:
                self._known.add(y.tobytes())
        return x, y, weights

    def _check_targets(self, y: Array) -> None:
        numbers = y.ravel("K")
        smallest, largest = numbers.item(numbers.argmin()), numbers.item(numbers.argmax())
        if self._loss.y_domain not in ("probability", "distribution") or smallest < 0 or largest > 1:
            check_targets(self._loss, y, "y")

    def _checked_weights(self, value: Any, count: int) -> Array:
        weights = as_array(value, "sample_weights")
        if weights.shape != (count,):
            raise ShapeError(f"sample_weights has shape {weights.shape}; expected ({count},), one for each column of x")
        if not np.isfinite(weights).all() or (weights < 0).any():
            raise ArgumentError("sample_weights has a negative number or one that is not finite; expected 0 or more")
        return in_dtype(weights, self._dtype)


def _finite_check(n: int, dtype: DType) -> Callable[[Array], bool]:
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


@np.errstate(**TRAINING_ERRORS)
def _require_finite(columns: Array, name: str) -> None:
    numbers = columns.ravel("K")
    if math.isfinite(numbers.dot(numbers)):
        return
    wrong = ~np.isfinite(columns)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise DataError(
            f"{name}[{row}, {column}] is {columns[row, column]}; expected finite numbers: fill it in, or leave the "
            f"sample out"
        )
