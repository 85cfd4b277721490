"""The loops that every net needs: a layer forwards, backwards, and its step down the gradient.

Samples are rows: x is (B, n_in), z and d are (B, n_out), W is (n_out, n_in). Each loop is there twice, written out and as
a call of BLAS; `by_hand` chooses, for a call costs more than a small product does.
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
    ),  # fmt: skip
)


def _kind(array):  # type: ignore[no-untyped-def]
    """Return the letter by which BLAS knows an array's dtype."""
    raise NotImplementedError


@overload(_kind)  # type: ignore[untyped-decorator]
def _compiled_kind(array):  # type: ignore[no-untyped-def]
    letter = ord("s") if array.dtype == types.float32 else ord("d")
    return lambda array: letter


@kernel
def linear(x: Array, W: Array, b: Array, z: Array, by_hand: bool) -> None:
    """Fill z with x W^T + b."""
    if by_hand:
        for i in range(x.shape[0]):
            for r in range(W.shape[0]):
                total = b[r]
                for j in range(W.shape[1]):
                    total += W[r, j] * x[i, j]
                z[i, r] = total
    else:
        np.dot(x, W.T, z)
        for i in range(z.shape[0]):
            for r in range(z.shape[1]):
                z[i, r] += b[r]


@kernel
def backward(d: Array, W: Array, before: Array, by_hand: bool) -> None:
    """Fill `before` with d W, which is dL/da of the layer before."""
    if by_hand:
        before[...] = 0
        for i in range(d.shape[0]):
            for r in range(W.shape[0]):
                slope = d[i, r]
                # After relu, about every second one is 0.
                if slope != 0:
                    for j in range(W.shape[1]):
                        before[i, j] += slope * W[r, j]
    else:
        np.dot(d, W, before)


@kernel
def descend(d: Array, x: Array, W: Array, b: Array, by_hand: bool) -> None:
    """Subtract d^T x from W and the sum of d over the samples from b."""
    _add_gradient(d, x, W, b, -1.0, 1.0, by_hand)


@kernel
def gradient(d: Array, x: Array, W: Array, b: Array, by_hand: bool) -> None:
    """Fill W with d^T x and b with the sum of d over the samples."""
    if by_hand:
        W[...] = 0
    b[...] = 0
    _add_gradient(d, x, W, b, 1.0, 0.0, by_hand)


@kernel
def _add_gradient(d: Array, x: Array, W: Array, b: Array, factor: float, keep: float, by_hand: bool) -> None:
    """Make W keep W + factor d^T x, and add factor times the sum of d to b; by hand, keep is 1."""
    sign = W.dtype.type(factor)
    for i in range(d.shape[0]):
        for r in range(d.shape[1]):
            b[r] += sign * d[i, r]
    if by_hand:
        for i in range(d.shape[0]):
            for r in range(W.shape[0]):
                slope = sign * d[i, r]
                if slope != 0:
                    for j in range(W.shape[1]):
                        W[r, j] += slope * x[i, j]
    else:
        # BLAS counts in columns, where W^T = x^T d: rows and columns change places. It adds the product to W itself,
        # which saves an array of W's size and two passes over it.
        factors = np.array([factor, keep]).astype(W.dtype)
        _gemm(
            _kind(W), NO_TRANSPOSE, TRANSPOSE, W.shape[1], W.shape[0], x.shape[0],
            factors[:1].ctypes, x.ctypes, x.shape[1], d.ctypes, d.shape[1],
            factors[1:].ctypes, W.ctypes, W.shape[1],
        )  # fmt: skip


@kernel
def scale(d: Array, factor: float) -> None:
    """Multiply d by a factor."""
    same_type = d.dtype.type(factor)
    for i in range(d.shape[0]):
        for r in range(d.shape[1]):
            d[i, r] *= same_type


@kernel
def gather(rows: Array, order: Array, start: int, out: Array) -> None:
    """Fill `out` with the rows that stand in the order from a position on, in out's dtype."""
    for i in range(out.shape[0]):
        row = order[start + i]
        for j in range(out.shape[1]):
            out[i, j] = rows[row, j]


@kernel
def copy_rows(rows: Array, start: int, out: Array) -> None:
    """Fill `out` with the rows from a position on, in out's dtype."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = rows[start + i, j]


@kernel
def penalize(weights: Array, gradient: Array, l1: float, l2: float) -> None:
    """Add the gradient of the penalties l1 sum |w| + l2 / 2 sum w^2."""
    if l1 != 0 or l2 != 0:
        for i in range(weights.shape[0]):
            for j in range(weights.shape[1]):
                gradient[i, j] += l1 * np.sign(weights[i, j]) + l2 * weights[i, j]


@kernel
def clip(gradient: Array, value: float, norm: float) -> None:
    """Clip the gradient vector element by element, then by its norm; 0 stands for no clipping."""
    if value > 0:
        for i in range(gradient.size):
            gradient[i] = min(max(gradient[i], -value), value)
    if norm > 0:
        square = 0.0
        for i in range(gradient.size):
            square += np.float64(gradient[i]) ** 2
        if square > norm * norm:
            factor = norm / np.sqrt(square)
            for i in range(gradient.size):
                gradient[i] *= factor
