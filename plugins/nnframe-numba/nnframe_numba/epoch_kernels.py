"""Loops that every net needs besides its products: losses, slopes, dropout, penalties and clipping."""

from __future__ import annotations

import numpy as np

from nnframe import Array
from nnframe.engines.random_bits import GOLDEN_GAMMA, MIX_1, MIX_2
from nnframe.engines.update import NORM_EPSILON
from nnframe_numba.jit import kernel

# uint64 with another type would be computed in float64.
_ONE, _GAMMA, _MIX_1, _MIX_2 = np.uint64(1), np.uint64(GOLDEN_GAMMA), np.uint64(MIX_1), np.uint64(MIX_2)
_SHIFT_1, _SHIFT_2, _SHIFT_3 = np.uint64(30), np.uint64(27), np.uint64(31)


@kernel
def copy(source: Array, target: Array) -> None:
    """Copy a matrix."""
    for i in range(source.shape[0]):
        for j in range(source.shape[1]):
            target[i, j] = source[i, j]


@kernel
def add_up(losses: Array) -> float:
    """Return the sum of losses, in float64."""
    total = 0.0
    for i in range(losses.size):
        total += np.float64(losses[i])
    return total


@kernel
def weigh(losses: Array, d: Array, weights: Array) -> None:
    """Multiply the losses and the slopes of each sample by its weight."""
    for i in range(d.shape[0]):
        losses[i] *= weights[i]
        for r in range(d.shape[1]):
            d[i, r] *= weights[i]


@kernel
def weigh_shares(shares: Array, weights: Array) -> None:
    """Multiply what each sample adds to a gradient by its weight."""
    for i in range(shares.shape[0]):
        shares[i, 0] *= weights[i]


@kernel
def scale(d: Array, factor: float) -> None:
    """Multiply d by a factor."""
    same_type = d.dtype.type(factor)
    for i in range(d.shape[0]):
        for r in range(d.shape[1]):
            d[i, r] *= same_type


@kernel
def drop(a: Array, mask: Array, kept: Array, numbers: Array, share: Array, key: int, position: int) -> None:
    """Fill `mask` as `nnframe.engines.dropout.Dropout.mask` does, and `kept` with a times the mask.

    Parameters
    ----------
    a, mask, kept : ndarray, shape (B, n)
    numbers : ndarray of uint64, shape (3,)
        How many units all layers have, the number of this layer's first, and the bits below which a unit is dropped.
    share : ndarray, shape (1,)
        What is dropped of a layer; what stays is divided by 1 - share.
    key : uint64
    position : int
        The first sample's, in the epoch.
    """
    factor = a.dtype.type(1 / (1 - share[0]))
    for i in range(a.shape[0]):
        first = np.uint64(position + i) * numbers[0] + numbers[1]
        for j in range(a.shape[1]):
            z = key + (first + np.uint64(j) + _ONE) * _GAMMA
            z = (z ^ (z >> _SHIFT_1)) * _MIX_1
            z = (z ^ (z >> _SHIFT_2)) * _MIX_2
            z = z ^ (z >> _SHIFT_3)
            mask[i, j] = factor if z >= numbers[2] else a.dtype.type(0)
            kept[i, j] = a[i, j] * mask[i, j]


@kernel
def multiply(d: Array, mask: Array) -> None:
    """Multiply d by the mask."""
    for i in range(d.shape[0]):
        for j in range(d.shape[1]):
            d[i, j] *= mask[i, j]


@kernel
def penalize(weights: Array, gradient: Array, l1: float, l2: float) -> None:
    """Add the gradient of the penalties l1 sum |w| + l2 / 2 sum w^2."""
    if l1 != 0 or l2 != 0:
        for i in range(weights.shape[0]):
            for j in range(weights.shape[1]):
                gradient[i, j] += l1 * np.sign(weights[i, j]) + l2 * weights[i, j]


@kernel
def add_learned_gradient(shares: Array, parameter: Array) -> None:
    """Add what each output of each sample contributes to a learned parameter, (1, 1) or (n_out, 1)."""
    if parameter.shape[0] == shares.shape[1]:
        for i in range(shares.shape[0]):
            for j in range(shares.shape[1]):
                parameter[j, 0] += shares[i, j]
    else:
        total = 0.0
        for i in range(shares.shape[0]):
            for j in range(shares.shape[1]):
                total += np.float64(shares[i, j])
        parameter[0, 0] += parameter.dtype.type(total)


@kernel
def store_learned_gradient(shares: Array, gradient: Array) -> None:
    """Fill the gradient by a learned parameter with the sum of the same."""
    gradient[:] = 0
    add_learned_gradient(shares, gradient)


@kernel
def limit(parameter: Array, low: float, high: float) -> None:
    """Keep a learned parameter within limits; NaN stays NaN."""
    for i in range(parameter.shape[0]):
        if parameter[i, 0] < low:
            parameter[i, 0] = low
        elif parameter[i, 0] > high:
            parameter[i, 0] = high


@kernel
def clip(gradient: Array, value: float, norm: float) -> None:
    """Clip the gradient vector element by element, then by its norm; 0 stands for no clipping."""
    if value > 0:
        for i in range(gradient.size):
            # NaN must stay NaN, or nobody would notice.
            if gradient[i] > value:
                gradient[i] = value
            elif gradient[i] < -value:
                gradient[i] = -value
    if norm > 0:
        square = 0.0
        for i in range(gradient.size):
            square += np.float64(gradient[i]) ** 2
        factor = norm / (np.sqrt(square) + NORM_EPSILON)
        if factor < 1:
            for i in range(gradient.size):
                gradient[i] *= factor
