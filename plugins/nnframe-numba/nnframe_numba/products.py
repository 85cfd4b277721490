"""The products of matrices in a layer: forwards, backwards, and the step down the gradient.

Samples are rows: x is (B, n_in), z and d are (B, n_out), W is (n_out, n_in). Each product is there twice: written out
as loops, and as a call of BLAS, which costs more than a small product does.
"""

from __future__ import annotations

import numpy as np
from numba import types
from numba.extending import overload

from nnframe import Array
from nnframe_numba.jit import kernel

NO_TRANSPOSE, TRANSPOSE = ord("n"), ord("t")

# C = alpha A B + beta C, all in columns: numba's own door to scipy's BLAS, which np.dot opens with beta = 0 alone.
_gemm = types.ExternalFunction(
    "numba_xxgemm",
    types.intc(
        types.int8,
        types.int8,
        types.int8,
        types.intp,
        types.intp,
        types.intp,
        types.voidptr,
        types.voidptr,
        types.intp,
        types.voidptr,
        types.intp,
        types.voidptr,
        types.voidptr,
        types.intp,
    ),
)


def _kind(array: Array) -> int:
    """Return the letter by which BLAS knows an array's dtype."""
    raise NotImplementedError


@overload(_kind)
def _compiled_kind(array):  # type: ignore[no-untyped-def]
    letter = ord("s") if array.dtype == types.float32 else ord("d")
    return lambda array: letter


@kernel
def linear(x: Array, W: Array, b: Array, z: Array, by_hand: bool) -> None:
    """Fill z with x W^T + b."""
    if by_hand:
        linear_by_hand(x, W, b, z)
    else:
        np.dot(x, W.T, z)
        for i in range(z.shape[0]):
            for r in range(z.shape[1]):
                z[i, r] += b[r]


@kernel
def linear_by_hand(x: Array, W: Array, b: Array, z: Array) -> None:
    """Fill z with x W^T + b."""
    n_out, n_in = W.shape
    for i in range(x.shape[0]):
        # Four outputs at once: each number of x is fetched once for all of them, and no sum waits for another.
        r = 0
        while r + 4 <= n_out:
            t0, t1, t2, t3 = b[r], b[r + 1], b[r + 2], b[r + 3]
            for j in range(n_in):
                v = x[i, j]
                t0 += W[r, j] * v
                t1 += W[r + 1, j] * v
                t2 += W[r + 2, j] * v
                t3 += W[r + 3, j] * v
            z[i, r], z[i, r + 1], z[i, r + 2], z[i, r + 3] = t0, t1, t2, t3
            r += 4
        while r < n_out:
            t0 = b[r]
            for j in range(n_in):
                t0 += W[r, j] * x[i, j]
            z[i, r] = t0
            r += 1


@kernel
def backward(d: Array, W: Array, before: Array, by_hand: bool) -> None:
    """Fill `before` with d W, which is dL/da of the layer before."""
    if by_hand:
        backward_by_hand(d, W, before)
    else:
        np.dot(d, W, before)


@kernel
def backward_by_hand(d: Array, W: Array, before: Array) -> None:
    """Fill `before` with d W."""
    n_out, n_in = W.shape
    for i in range(d.shape[0]):
        for j in range(n_in):
            before[i, j] = 0
        for r in range(n_out):
            slope = d[i, r]
            # After relu, about every second one is 0.
            if slope != 0:
                for j in range(n_in):
                    before[i, j] += slope * W[r, j]


@kernel
def descend(d: Array, x: Array, W: Array, b: Array, by_hand: bool) -> None:
    """Subtract d^T x from W and the sum of d over the samples from b."""
    if by_hand:
        descend_by_hand(d, x, W, b)
    else:
        _add_column_sums(d, -1.0, b)
        _add_product(d, x, -1.0, 1.0, W)


@kernel
def descend_by_hand(d: Array, x: Array, W: Array, b: Array) -> None:
    """Subtract d^T x from W and the sum of d over the samples from b."""
    n_out, n_in = W.shape
    for i in range(d.shape[0]):
        for r in range(n_out):
            slope = d[i, r]
            if slope != 0:
                b[r] -= slope
                for j in range(n_in):
                    W[r, j] -= slope * x[i, j]


@kernel
def gradient(d: Array, x: Array, W: Array, b: Array, by_hand: bool) -> None:
    """Fill W with d^T x and b with the sum of d over the samples."""
    if by_hand:
        gradient_by_hand(d, x, W, b)
    else:
        b[:] = 0
        _add_column_sums(d, 1.0, b)
        _add_product(d, x, 1.0, 0.0, W)


@kernel
def gradient_by_hand(d: Array, x: Array, W: Array, b: Array) -> None:
    """Fill W with d^T x and b with the sum of d over the samples."""
    n_out, n_in = W.shape
    for r in range(n_out):
        slope = d[0, r]
        b[r] = slope
        for j in range(n_in):
            W[r, j] = slope * x[0, j]
    for i in range(1, d.shape[0]):
        for r in range(n_out):
            slope = d[i, r]
            if slope != 0:
                b[r] += slope
                for j in range(n_in):
                    W[r, j] += slope * x[i, j]


@kernel
def _add_column_sums(d: Array, factor: float, b: Array) -> None:
    """Add factor times the sum of d over the samples to b."""
    same_type = b.dtype.type(factor)
    for i in range(d.shape[0]):
        for r in range(d.shape[1]):
            b[r] += same_type * d[i, r]


@kernel
def _add_product(d: Array, x: Array, factor: float, keep: float, W: Array) -> None:
    """Make W keep W + factor d^T x.

    BLAS counts in columns, where W^T = x^T d: rows and columns change places. It adds the product to W itself, which
    saves an array of W's size and two passes over it.
    """
    factors = np.array([factor, keep]).astype(W.dtype)
    _gemm(
        _kind(W), NO_TRANSPOSE, TRANSPOSE, W.shape[1], W.shape[0], x.shape[0],
        factors[:1].ctypes, x.ctypes, x.shape[1], d.ctypes, d.shape[1],
        factors[1:].ctypes, W.ctypes, W.shape[1],
    )  # fmt: skip
