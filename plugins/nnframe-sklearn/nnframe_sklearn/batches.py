"""The batches of an epoch, gathered from the rows of X and y into memory that is used again for the next one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp

from nnframe import Array


def batches(X: Any, Y: Array, order: Array | None, size: int) -> Iterator[tuple[Array, Array, slice | Array]]:
    """Yield the inputs and the targets of each batch, and the rows that it consists of.

    Parameters
    ----------
    X : ndarray or sparse matrix, shape (N, n_in)
    Y : ndarray, shape (N, n_targets)
    order : ndarray of int, shape (N,), or None
        The order of the rows; None for theirs.
    size : int
        The rows of a batch; the last one may have fewer.

    Yields
    ------
    x, y : ndarray, shapes (B, n_in) and (B, n_targets)
        Valid until the next batch.
    rows : slice or ndarray of int
    """
    n_samples = X.shape[0]
    is_sparse = sp.issparse(X)
    if order is not None:
        x_memory, y_memory = (np.empty((size, each.shape[1]), each.dtype) for each in (X, Y))
    for start in range(0, n_samples, size):
        stop = min(start + size, n_samples)
        if order is None:
            rows: slice | Array = slice(start, stop)
            x, y = X[rows], Y[rows]
        else:
            rows = order[start:stop]
            # The rows are known to exist. Without "clip", numpy would gather them in new memory and copy them.
            y = np.take(Y, rows, 0, y_memory[: stop - start], "clip")
            x = X[rows] if is_sparse else np.take(X, rows, 0, x_memory[: stop - start], "clip")
        yield (x.toarray() if is_sparse else x), y, rows
