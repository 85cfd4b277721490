"""Forms of the built-in plugins that numba can't make of their formulas, or that save computing a function twice.

Samples are rows: z, a, y and d are (B, n). A one has the arrays' type, for numba would make float64 of an integer and a
float32.
"""

from __future__ import annotations

import numpy as np

from nnframe import Array
from nnframe_numba.float32_math import exp, tanh
from nnframe_numba.jit import kernel
from nnframe_numba.simd import get, load, put, rectify, store, width


@kernel
def copy_if_apart(z: Array, a: Array) -> None:
    """Copy z to a, if they are two arrays: a loop over both at once would not become vectors where they are one."""
    if z.ctypes.data != a.ctypes.data:
        for i in range(z.shape[0]):
            for j in range(z.shape[1]):
                a[i, j] = z[i, j]


@kernel
def relu_activate(z: Array, a: Array) -> None:
    """Fill a with max(z, 0); NaN stays NaN."""
    zero, lanes = z.dtype.type(0), width(z)
    k = 0
    while k + lanes <= z.size:
        store(a, k, rectify(load(z, k)))
        k += lanes
    while k < z.size:
        number = get(z, k)
        put(a, k, zero if number < 0 else number)
        k += 1


@kernel
def relu_differentiate(d: Array, z: Array, a: Array) -> None:
    """Turn d = dL/da into dL/dz, from a alone, which is never negative."""
    zero = d.dtype.type(0)
    for i in range(d.shape[0]):
        for j in range(d.shape[1]):
            d[i, j] = zero if a[i, j] == 0 else d[i, j]


@kernel
def softmax_activate(z: Array, a: Array) -> None:
    """Fill a with softmax(z)."""
    for i in range(z.shape[0]):
        top = z[i, 0]
        for j in range(1, z.shape[1]):
            top = max(top, z[i, j])
        for j in range(z.shape[1]):
            a[i, j] = z[i, j] - top
    # One long loop fills the processor's registers better than rows of ten; of one row, too much is left over.
    flat = a.reshape(a.size)
    if z.shape[0] == 1:
        for k in range(flat.size):
            flat[k] = np.exp(flat[k])
    else:
        for k in range(flat.size):
            flat[k] = exp(flat[k])
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
    """Fill a with 1 / (1 + exp(-z)), whose exp never overflows if it is that of -|z|."""
    one = z.dtype.type(1)
    copy_if_apart(z, a)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            e = exp(-abs(a[i, j]))
            a[i, j] = (e if a[i, j] < 0 else one) / (one + e)


@kernel
def sigmoid_differentiate(d: Array, z: Array, a: Array) -> None:
    """Turn d = dL/da into dL/dz, from a alone."""
    one = z.dtype.type(1)
    for i in range(d.shape[0]):
        for j in range(d.shape[1]):
            d[i, j] *= a[i, j] * (one - a[i, j])


@kernel
def tanh_activate(z: Array, a: Array) -> None:
    """Fill a with tanh(z)."""
    copy_if_apart(z, a)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            a[i, j] = tanh(a[i, j])


@kernel
def tanh_differentiate(d: Array, z: Array, a: Array) -> None:
    """Turn d = dL/da into dL/dz, from a alone."""
    one = z.dtype.type(1)
    for i in range(d.shape[0]):
        for j in range(d.shape[1]):
            d[i, j] *= one - a[i, j] * a[i, j]


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
            # A target of 0 counts nothing, whatever it stands beside.
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


ACTIVATE = {
    "relu": relu_activate,
    "softmax": softmax_activate,
    "sigmoid": sigmoid_activate,
    "tanh": tanh_activate,
}
DIFFERENTIATE = {
    "relu": relu_differentiate,
    "softmax": softmax_differentiate,
    "sigmoid": sigmoid_differentiate,
    "tanh": tanh_differentiate,
}
# Their differentiate needs no z, so that z and a may be one array.
IN_PLACE = {"relu", "sigmoid", "tanh"}
# By loss, or by activation and loss where the two are fused.
OBJECTIVE = {
    "mse": (mse_value, mse_gradient),
    "cel": (cel_value, cel_gradient),
    "softmax+cel": (softmax_cel_value, softmax_cel_gradient),
}
