"""Loops for the built-in plugins, which save computing a function twice, or which numba can't make of their formulas.

Samples are rows: z, a, y and d are (B, n). Constants have the arrays' type, because numba makes float64 of an integer
and a float32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nnframe import Array
from nnframe_numba.float32_math import exp, tanh
from nnframe_numba.intrinsics import flat, never_inline
from nnframe_numba.jit import kernel, separate_kernel
from nnframe_numba.simd import load, store, width, zeros
from nnframe_numba.transposing import square_on_stack, transpose, transpose_to_some
from nnframe_numba.vector_arithmetic import larger


@kernel
def copy_if_apart(z: Array, a: Array) -> None:
    """Copy z to a, unless they are one array. LLVM vectorizes loops over a alone, but not over both if they overlap."""
    if z.ctypes.data != a.ctypes.data:
        numbers, copies = flat(z), flat(a)
        for k in range(numbers.size):
            copies[k] = numbers[k]


@kernel
def relu_activate(z: Array, a: Array) -> None:
    """Fill a with max(z, 0); NaN stays NaN."""
    zero = z.dtype.type(0)
    copy_if_apart(z, a)
    numbers = flat(a)
    for k in range(numbers.size):
        numbers[k] = zero if numbers[k] < zero else numbers[k]


@kernel
def relu_differentiate(d: Array, z: Array, a: Array) -> None:
    """Turn d = dL/da into dL/dz, from a alone, which is never negative."""
    zero = d.dtype.type(0)
    slopes, numbers = flat(d), flat(a)
    for k in range(slopes.size):
        slopes[k] = zero if numbers[k] == zero else slopes[k]


@kernel
def softmax_activate(z: Array, a: Array) -> None:
    """Fill a with softmax(z)."""
    if len(z) > 1 and z.shape[1] <= width(z):
        _softmax_by_vectors(z, a)
    else:
        _softmax_by_numbers(z, a)


@separate_kernel
def _softmax_by_vectors(z: Array, a: Array) -> None:
    """Fill a with softmax(z), for rows that fit into a vector.

    As many rows as a vector has numbers are transposed, so that maxima and sums are over vectors and not within them.
    """
    never_inline()
    n_rows, n_columns = z.shape
    lanes, one = width(z), z.dtype.type(1)
    columns = square_on_stack(z)
    for i in range(0, n_rows, lanes):
        n = min(lanes, n_rows - i)
        transpose(z, i * n_columns, n_columns, n, n_columns, columns, 0, lanes)
        top = load(columns, 0)
        for j in range(1, n_columns):
            top = larger(top, load(columns, j * lanes))
        total = zeros(z)
        for j in range(n_columns):
            power = exp(load(columns, j * lanes) - top)
            store(columns, j * lanes, power)
            total = total + power
        share = one / total
        for j in range(n_columns):
            store(columns, j * lanes, load(columns, j * lanes) * share)
        transpose_to_some(columns, n_columns, n, a, i * n_columns)


@kernel
def _softmax_by_numbers(z: Array, a: Array) -> None:
    """Fill a with softmax(z)."""
    for i in range(z.shape[0]):
        top = z[i, 0]
        for j in range(1, z.shape[1]):
            top = max(top, z[i, j])
        for j in range(z.shape[1]):
            a[i, j] = z[i, j] - top
    # One long loop makes better use of vectors than rows of ten; a single row of ten leaves too much over.
    numbers = flat(a)
    if z.shape[0] == 1:
        for k in range(numbers.size):
            numbers[k] = np.exp(numbers[k])
    else:
        for k in range(numbers.size):
            numbers[k] = exp(numbers[k])
    for i in range(z.shape[0]):
        total = z.dtype.type(0)
        for j in range(z.shape[1]):
            total += a[i, j]
        share = z.dtype.type(1) / total
        for j in range(z.shape[1]):
            a[i, j] *= share


@kernel
def softmax_differentiate(d: Array, z: Array, a: Array) -> None:
    """Turn d = dL/da into dL/dz."""
    for i in range(d.shape[0]):
        mean = d.dtype.type(0)
        for j in range(d.shape[1]):
            mean += d[i, j] * a[i, j]
        for j in range(d.shape[1]):
            d[i, j] = a[i, j] * (d[i, j] - mean)


@kernel
def sigmoid_activate(z: Array, a: Array) -> None:
    """Fill a with 1 / (1 + exp(-z)), with exp(-|z|), which never overflows."""
    one = z.dtype.type(1)
    copy_if_apart(z, a)
    numbers = flat(a)
    for k in range(numbers.size):
        e = exp(-abs(numbers[k]))
        numbers[k] = (e if numbers[k] < 0 else one) / (one + e)


@kernel
def sigmoid_differentiate(d: Array, z: Array, a: Array) -> None:
    """Turn d = dL/da into dL/dz, from a alone."""
    one = z.dtype.type(1)
    slopes, numbers = flat(d), flat(a)
    for k in range(slopes.size):
        slopes[k] *= numbers[k] * (one - numbers[k])


@kernel
def tanh_activate(z: Array, a: Array) -> None:
    """Fill a with tanh(z)."""
    copy_if_apart(z, a)
    numbers = flat(a)
    for k in range(numbers.size):
        numbers[k] = tanh(numbers[k])


@kernel
def tanh_differentiate(d: Array, z: Array, a: Array) -> None:
    """Turn d = dL/da into dL/dz, from a alone."""
    one = z.dtype.type(1)
    slopes, numbers = flat(d), flat(a)
    for k in range(slopes.size):
        slopes[k] *= one - numbers[k] * numbers[k]


@kernel
def softmax_cel_value(z: Array, a: Array, y: Array, losses: Array) -> None:
    """Fill the losses.

    log sum_k exp(z_k) is z_t - log a_t for any t. With the largest z, a_t is at least 1 / n, and one logarithm does.
    """
    zero = z.dtype.type(0)
    for i in range(z.shape[0]):
        top, share = z[i, 0], a[i, 0]
        for j in range(1, z.shape[1]):
            top, share = max(top, z[i, j]), max(share, a[i, j])
        normalizer = top - np.log(share)
        total = zero
        for j in range(z.shape[1]):
            # A target of 0 adds nothing, even if the logarithm beside it is infinite.
            total += zero if y[i, j] == 0 else y[i, j] * (normalizer - z[i, j])
        losses[i] = total


@kernel
def softmax_cel_gradient(z: Array, a: Array, y: Array, d: Array) -> None:
    """Fill d with dL/dz."""
    for i in range(z.shape[0]):
        total = z.dtype.type(0)
        for j in range(z.shape[1]):
            total += y[i, j]
        for j in range(z.shape[1]):
            d[i, j] = a[i, j] * total - y[i, j]


@kernel
def floored(number: float, floor: float) -> float:
    """Return the larger of two numbers; NaN stays NaN."""
    return floor if number < floor else number


@kernel
def cel_value(z: Array, a: Array, y: Array, losses: Array) -> None:
    """Fill the losses."""
    limits = np.finfo(a.dtype)
    floor = a.dtype.type(limits.tiny / limits.eps)
    for i in range(a.shape[0]):
        total = a.dtype.type(0)
        for j in range(a.shape[1]):
            total -= y[i, j] * np.log(floored(a[i, j], floor))
        losses[i] = total


@kernel
def cel_gradient(z: Array, a: Array, y: Array, d: Array) -> None:
    """Fill d with dL/da."""
    limits = np.finfo(a.dtype)
    floor = a.dtype.type(limits.tiny / limits.eps)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            d[i, j] = -y[i, j] / floored(a[i, j], floor)


@kernel
def mse_value(z: Array, a: Array, y: Array, losses: Array) -> None:
    """Fill the losses."""
    for i in range(a.shape[0]):
        total = a.dtype.type(0)
        for j in range(a.shape[1]):
            total += (a[i, j] - y[i, j]) ** 2
        losses[i] = total / a.shape[1]


@kernel
def mse_gradient(z: Array, a: Array, y: Array, d: Array) -> None:
    """Fill d with dL/da."""
    factor = a.dtype.type(2 / a.shape[1])
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            d[i, j] = (a[i, j] - y[i, j]) * factor


# By the keys of `nnframe_numba.part_formulas`.
BUILT_IN: dict[str, Callable[..., Any]] = {
    "builtin relu": relu_activate,
    "builtin relu'": relu_differentiate,
    "builtin softmax": softmax_activate,
    "builtin softmax'": softmax_differentiate,
    "builtin sigmoid": sigmoid_activate,
    "builtin sigmoid'": sigmoid_differentiate,
    "builtin tanh": tanh_activate,
    "builtin tanh'": tanh_differentiate,
    "builtin mse": mse_value,
    "builtin mse'": mse_gradient,
    "builtin cel": cel_value,
    "builtin cel'": cel_gradient,
    "builtin softmax+cel": softmax_cel_value,
    "builtin softmax+cel'": softmax_cel_gradient,
}
