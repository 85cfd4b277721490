"""The products of a layer by numpy, which calls BLAS, for nets so large that only the products count.

They take the place of those in `nnframe_numba.matrix_products` in an epoch that runs in Python.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache
from math import prod
from timeit import repeat
from typing import Any

import numpy as np
from llvmlite.binding import get_host_cpu_name

from nnframe import Array
from nnframe.builtins.shortcuts import column_sums
from nnframe.engines.fast.memory import Memory
from nnframe_numba import disk_cache, matrix_products
from nnframe_numba.compile_thread import require_compile_thread
from nnframe_numba.jit import compiled_first, kernel

# From so many multiplications per batch on, counting one product per layer, an epoch takes less time on a BLAS with
# vectors as wide as ours. Own over BLAS, with two threads and float32, was 0.80 at 4 million, 0.94 and 0.92 at 14, 1.11
# at 68, 1.14 at 171, 1.19 at 203 and 1.03 at 5,390; with float64, 1.2 to 1.4 from 68 on.
FEWEST_MULTIPLICATIONS = 40_000_000
# A BLAS with less than this share of our speed on one thread, for a small product, is not the faster one for large
# products either. OpenBLAS had 0.94 of it where all vectors have 32 bytes. Where they have 64, it had 0.65 in the
# figures above; with kernels made for 32 it had 0.47 to 0.58, and an epoch took 0.53 on our loops.
LEAST_SPEED = 0.6
# So small a product that BLAS computes it on one thread, however many it has.
SIDE = 64
# With this variable, users have OpenBLAS take the kernels for another processor.
KERNELS_VARIABLE = "OPENBLAS_CORETYPE"


def is_faster(shapes: Sequence[tuple[int, ...]], batch_size: int, dtype: np.dtype[Any]) -> bool:
    """Return whether BLAS multiplies faster, for layers with weights of these shapes."""
    is_large = batch_size > 1 and batch_size * sum(map(prod, shapes)) >= FEWEST_MULTIPLICATIONS
    return is_large and speed(dtype) >= LEAST_SPEED


@cache
def speed(dtype: np.dtype[Any]) -> float:
    """Return how many times as fast as our loops BLAS is on one thread.

    It is measured once for a processor, a version of numpy and a choice of kernels, and kept on disk: BLAS rounds
    differently, and equal runs have to end alike.

    Raises
    ------
    NotCompiledError
        If it has to be measured, and this is not the thread for compiling the loops.
    """
    require_compile_thread()
    name = f"blas_{dtype}_{disk_cache.digest(get_host_cpu_name(), os.environ.get(KERNELS_VARIABLE, ''))}"
    note = disk_cache.read_note(name) or disk_cache.keep_note(name, {"speed": _measured_speed(dtype)})
    return float(note["speed"])


def _measured_speed(dtype: np.dtype[Any]) -> float:
    A, B, C = (np.ones((SIDE, SIDE), dtype) for _ in range(3))
    b, workspace = np.zeros(SIDE, dtype), matrix_products.new_workspace(Memory(), dtype, SIDE)

    def ours() -> None:
        matrix_products.linear(A, B, b, C, workspace)

    # The first call compiles.
    ours()
    return _least_time(ours) / _least_time(lambda: np.dot(A, B.T, out=C))


def _least_time(function: Callable[[], object]) -> float:
    return min(repeat(function, number=20, repeat=50))


def linear(x: Array, W: Array, b: Array, z: Array, workspace: Any) -> None:
    """Fill z with x W^T + b."""
    np.dot(x, W.T, out=z)
    _add_to_rows(b, z)


def backward(d: Array, W: Array, before: Array, workspace: Any) -> None:
    """Fill `before` with d W, which is dL/da of the layer before."""
    np.dot(d, W, out=before)


def gradient(d: Array, x: Array, W: Array, b: Array, *_: Any) -> None:
    """Fill W with d^T x and b with the column sums of d."""
    np.dot(d.T, x, out=W)
    b[...] = column_sums(d)


PRODUCTS = {"linear": linear, "backward": backward, "gradient": gradient}


@kernel
def _add(b: Array, z: Array) -> None:
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            z[i, j] += b[j]


_add_by_dtype = {dtype: compiled_first(_add) for dtype in map(np.dtype, ("float32", "float64"))}


def _add_to_rows(b: Array, z: Array) -> None:
    _add_by_dtype[z.dtype](b, z)
