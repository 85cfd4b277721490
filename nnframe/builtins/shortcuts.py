"""Two things that numpy does faster in another way, which counts where nets and batches are small."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from nnframe.arrays import Array


def column_sums(matrix: Array) -> Array:
    """Return the sums of the columns of (n, B) as (B,), and that of (n,) as a number.

    It is a product with ones, which takes a third of np.add.reduce's time.
    """
    sums: Array = _ones(len(matrix), matrix.dtype).dot(matrix)
    return sums


@lru_cache
def zero(dtype: np.dtype[Any]) -> Array:
    """Return 0 as an array, which numpy would make of a number each time: half a microsecond."""
    return np.zeros((), dtype)


@lru_cache
def _ones(n: int, dtype: np.dtype[Any]) -> Array:
    return np.ones(n, dtype)
