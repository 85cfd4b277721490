"""Sparse rows as dense ones for training: in memory, or in a file where they take too much of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np

from nnframe import Array

# Dense rows that take more go to a file.
MOST_BYTES = 256 * 2**20
CHUNK = 1024


def dense_rows(X: Any, dtype: Any, convert: Callable[[Any], Array]) -> Array:
    """Return converted rows of a sparse matrix.

    Parameters
    ----------
    X : sparse matrix, shape (N, n)
    dtype : numpy.dtype
    convert : callable
        ``convert(rows) -> ndarray``, of some rows of X, of the same shape and of that dtype.

    Returns
    -------
    ndarray, shape (N, n)
        If large, a memory map of a temporary file, which is deleted with it.
    """
    if X.shape[0] * X.shape[1] * np.dtype(dtype).itemsize <= MOST_BYTES:
        return convert(X)
    # The map keeps what was in the file until it is gone itself.
    with tempfile.TemporaryFile() as file:
        mapped: Array = np.memmap(file, dtype, "w+", shape=X.shape)
    for start in range(0, X.shape[0], CHUNK):
        mapped[start : start + CHUNK] = convert(X[start : start + CHUNK])
    return mapped
