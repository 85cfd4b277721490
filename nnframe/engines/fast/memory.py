"""Memory for a training run, placed where the processor reads and writes it fastest."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from nnframe.arrays import Array

# A processor reads and writes whole cache lines; a vector that lies across two of them costs two accesses.
LINE, PAGE = 64, 4096


class Memory:
    """Allocates the arrays of one run.

    Parameters
    ----------
    first : int, optional
        The number of arrays that another `Memory` has allocated for the same run.
    """

    def __init__(self, first: int = 0) -> None:
        self._n_arrays = first

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """Return an uninitialized array that starts at a cache line.

        The arrays of a run start at different offsets within a page: reading at a multiple of a page behind an address
        that was just written has to wait for the write.
        """
        # A vector of the dtype, as `nnframe.engines.joint_memory` recognizes it behind its parts.
        size, itemsize = prod(shape), dtype.itemsize
        block = np.empty(size + 2 * PAGE // itemsize, dtype)
        offset = (3 * LINE * self._n_arrays - block.ctypes.data) % PAGE // itemsize
        self._n_arrays += 1
        return block[offset : offset + size].reshape(shape)

    def empty_like(self, array: Array) -> Array:
        """Return an uninitialized array of another one's shape and dtype."""
        return self.empty(array.shape, array.dtype)
