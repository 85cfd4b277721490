"""The products of a layer by numpy, which calls BLAS, for nets so large that nothing else counts.

They take the places of those in `nnframe_numba.products`, in an epoch that runs in Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from nnframe import Array
from nnframe.builtins.shortcuts import column_sums
from nnframe_numba.jit import kernel

# From so many multiplications a batch on, counting one product a layer, an epoch takes less time on BLAS. Own over
# BLAS, with two threads and float32, was 0.80 at 4 million, 0.94 and 0.92 at 14, 1.00 to 1.16 at 56, 1.10 and 1.19 at
# 225, and 1.30 at 900. No machine finds it out for itself: BLAS rounds otherwise, and equal runs have to end alike.
FEWEST_MULTIPLICATIONS = 40_000_000


def is_faster(shapes: Sequence[tuple[int, ...]], batch_size: int) -> bool:
    """Return whether BLAS is the faster way to multiply, for layers with weights of these shapes."""
    return batch_size > 1 and batch_size * sum(map(prod, shapes)) >= FEWEST_MULTIPLICATIONS


def linear(x: Array, W: Array, b: Array, z: Array, space: Any) -> None:
    """Fill z with x W^T + b."""
    np.dot(x, W.T, out=z)
    _add_to_rows(b, z)


def backward(d: Array, W: Array, before: Array, space: Any) -> None:
    """Fill `before` with d W, which is dL/da of the layer before."""
    np.dot(d, W, out=before)


def gradient(d: Array, x: Array, W: Array, b: Array, *_: Any) -> None:
    """Fill W with d^T x and b with the sum of d over the samples."""
    np.dot(d.T, x, out=W)
    b[...] = column_sums(d)


@kernel
def _add_to_rows(b: Array, z: Array) -> None:
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            z[i, j] += b[j]
