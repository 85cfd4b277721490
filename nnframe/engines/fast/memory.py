"""Memory for a training run, which the next run takes over.

A system hands out large pieces of memory page by page and clears each when it is first touched: for a net of some
million weights, that is a twentieth of a run of four batches. So they are kept for the run that comes next, which most
often is one of the same net.
"""

from __future__ import annotations

import sys
import weakref
from math import prod
from typing import Any

import numpy as np

from nnframe.arrays import Array

# Smaller pieces are kept by the C library; of larger ones, the latest, up to so much in all.
FEWEST_BYTES_KEPT, MOST_BYTES_KEPT = 2**17, 2**27

# A processor reads and writes cache lines; a vector that lies across two of them costs two accesses.
LINE, PAGE = 64, 4096


class Memory:
    """Arrays for one run."""

    def __init__(self) -> None:
        self._blocks: list[Array] = []
        weakref.finalize(self, _keep, self._blocks).atexit = False

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """Return an array with anything in it, whose first number begins a cache line.

        Arrays begin at different places within a page: reading what lies a multiple of a page behind something that was
        just written would have to wait for it.
        """
        n_bytes = prod(shape) * dtype.itemsize
        block = _block((n_bytes // PAGE + 2) * PAGE)
        offset = (3 * LINE * len(self._blocks) - block.ctypes.data) % PAGE
        self._blocks.append(block)
        return block[offset : offset + n_bytes].view(dtype).reshape(shape)

    def empty_like(self, array: Array) -> Array:
        """Return one of an array's shape and dtype."""
        return self.empty(array.shape, array.dtype)


# A garbage collection may keep blocks at any moment, also while this very thread takes one. A lock would make it wait
# for itself, so each step on the list is one that nothing comes into, and leaves a list that is all right.
_kept: list[Array] = []


def _block(n_bytes: int) -> Array:
    for i in range(len(_kept)):
        try:
            block = _kept.pop(i)
        except IndexError:
            break
        # Someone may still have an array of the run before; then there are more references than the one here and the
        # one in the call.
        if block.size == n_bytes and sys.getrefcount(block) == 2:
            return block
        _kept.insert(i, block)
    return np.empty(n_bytes, np.uint8)


def _keep(blocks: list[Array]) -> None:
    _kept.extend([block for block in blocks if block.size >= FEWEST_BYTES_KEPT])
    while sum(block.size for block in _kept) > MOST_BYTES_KEPT:
        del _kept[:1]
