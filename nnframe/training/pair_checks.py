"""Checks of the pairs that a trainer is given: quick for plain ones, thorough for all others."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nnframe.arrays import TRAINING_ERRORS, Array, DType
from nnframe.contracts.loss import Loss
from nnframe.engines.plain_pairs import are_probabilities, finite_check, plain_pair_check
from nnframe.errors import ArgumentError, DataError, ShapeError
from nnframe.inputs.checks import as_array, as_columns, in_dtype
from nnframe.registry.domains import check_targets


class PairChecks:
    """Checks pairs (x, y) for a net and a loss.

    Parameters
    ----------
    n_in, n_out : int
    dtype : numpy.dtype
    loss : Loss
    """

    def __init__(self, n_in: int, n_out: int, dtype: DType, loss: Loss) -> None:
        self._n_in, self._n_out, self._dtype, self._loss = n_in, n_out, dtype, loss
        self._is_plain_pair = plain_pair_check(n_in, n_out, dtype, loss)
        self._x_is_finite = finite_check(n_in, dtype)
        self._takes_any = loss.y_domain == "real"
        self._takes_probabilities = loss.y_domain in ("probability", "distribution")

    def are_plain(self, x: Any, y: Any) -> bool:
        """Return whether both are single columns that can be used as they are; False if it takes longer to tell.

        Floating-point errors must be ignored: sums of infinite numbers are invalid.
        """
        return self._is_plain_pair(x, y) and self._x_is_finite(x)

    def checked(
        self, x: Any, y: Any, sample_weights: Any, is_x_checked_later: bool = False
    ) -> tuple[Array, Array, Array | None]:
        """Return columns of inputs and targets, and weights of the samples, in the dtype of the net.

        Parameters
        ----------
        x, y, sample_weights : array_like
        is_x_checked_later : bool, optional
            Whether x may have numbers that are not finite.

        Raises
        ------
        ArgumentError, ArgumentTypeError, ShapeError, DataError
            If an argument can't be used, or has a number that is not finite.
        """
        x, y = self._columns(x, self._n_in, "x"), self._columns(y, self._n_out, "y")
        count: int = x.shape[1]
        if y.shape[1] != count or count == 0:
            raise ShapeError(
                f"x has shape {x.shape} and y has shape {y.shape}; expected ({self._n_in}, B) and ({self._n_out}, B) "
                f"with the same B, at least 1"
            )
        weights = None if sample_weights is None else self._checked_weights(sample_weights, count)
        if not is_x_checked_later:
            require_finite(x, "x")
        if not (self._takes_probabilities and are_probabilities(y)):
            require_finite(y, "y")
            if not self._takes_any:
                check_targets(self._loss, y, "y")
        return x, y, weights

    def _columns(self, value: Any, n: int, name: str) -> Array:
        if type(value) is np.ndarray and value.dtype == self._dtype and value.ndim == 2 and len(value) == n:
            # What most callers pass, told in a third of the time.
            return value
        return in_dtype(as_columns(value, n, name), self._dtype)

    def _checked_weights(self, value: Any, count: int) -> Array:
        weights = as_array(value, "sample_weights")
        if weights.shape != (count,):
            raise ShapeError(f"sample_weights has shape {weights.shape}; expected ({count},), one for each column of x")
        if not np.isfinite(weights).all() or (weights < 0).any():
            raise ArgumentError("sample_weights has a negative number or one that is not finite; expected 0 or more")
        return in_dtype(weights, self._dtype)


@np.errstate(**TRAINING_ERRORS)
def require_finite(columns: Array, name: str) -> None:
    """Raise if a number is not finite.

    Raises
    ------
    DataError
    """
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
