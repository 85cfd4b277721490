"""The batches of an epoch, gathered from the rows of X and y into memory that is used again for the next one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp

from nnframe import Array


class Batches:
    """Rows that are visited batch by batch, in one order after another.

    Parameters
    ----------
    X : ndarray or sparse matrix, shape (N, n_in)
    Y : ndarray, shape (N, n_targets)
    size : int
        The rows of a batch; the last one of an epoch may have fewer.
    """

    def __init__(self, X: Any, Y: Array, size: int) -> None:
        self.X, self.Y, self.size = X, Y, size
        self._is_sparse = sp.issparse(X)

    @cached_property
    def _x(self) -> Array:
        return np.empty((self.size, self.X.shape[1]), self.X.dtype)

    @cached_property
    def _y(self) -> Array:
        return np.empty((self.size, self.Y.shape[1]), self.Y.dtype)

    def of(self, order: Array | None) -> Iterator[tuple[Array, Array, slice | Array]]:
        """Yield the inputs and the targets of each batch, and the rows that it consists of.

        Parameters
        ----------
        order : ndarray of int, shape (N,), or None
            The order of the rows; None for theirs.

        Yields
        ------
        x, y : ndarray, shapes (B, n_in) and (B, n_targets)
            Valid until the next batch.
        rows : slice or ndarray of int
        """
        n_samples = self.X.shape[0]
        for start in range(0, n_samples, self.size):
            stop = min(start + self.size, n_samples)
            if order is None:
                rows: slice | Array = slice(start, stop)
                x, y = self.X[rows], self.Y[rows]
            else:
                rows = order[start:stop]
                # The rows are known to exist. Without "clip", numpy would gather them in new memory and copy them.
                y = self.Y.take(rows, 0, self._y[: len(rows)], "clip")
                x = self.X[rows] if self._is_sparse else self.X.take(rows, 0, self._x[: len(rows)], "clip")
            yield (x.toarray() if self._is_sparse else x), y, rows
