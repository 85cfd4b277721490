"""exp and tanh in float32 by arithmetic alone, so that loops that call them are vectorized.

A call of the C library takes one number. Other types still call it: they would gain less and need more terms.

exp is reduced as in W. J. Cody and W. Waite, "Software Manual for the Elementary Functions", 1980: x = n ln 2 + r with
|r| <= ln 2 / 2, then exp(x) = 2^n exp(r), and exp(r) is a polynomial. The coefficients interpolate
(exp(r) - 1 - r) / r^2, and (tanh(x) / x - 1) / x^2 as a function of x^2, at Chebyshev's nodes. Both functions are
within 2 units in the last place of what float64 gives.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import overload

from nnframe_numba.jit import ERRORS

# With Python's own numbers, everything would become float64.
ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)

# Beyond these, exp is infinite or 0 in float32, and 2^n must keep to the exponents that exist.
LARGEST, SMALLEST = np.float32(89), np.float32(-104)
LOG2_E = np.float32(1.44269504)
# ln 2 in two parts: the first has so few bits that its product with n is exact.
LN2_HIGH, LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
# 1.5 * 2^23: added to a small number, it leaves no bits for a fraction, so that the last bits are the nearest integer.
ROUNDER = np.float32(12582912)
ROUNDER_BITS = np.int32(ROUNDER.view(np.int32))
EXPONENT_BIAS, MANTISSA_BITS = 127, 23

E0, E1, E2, E3, E4 = map(np.float32, (0.5, 0.16666576, 0.041666552, 0.008363233, 0.001392625))

# Below this, 1 - 2 / (exp(2 x) + 1) loses digits.
TANH_BY_POLYNOMIAL = np.float32(0.625)
T0, T1, T2, T3, T4 = map(np.float32, (-0.33333328, 0.1333277, -0.053850908, 0.02099718, -0.006096714))


def exact(function: Any) -> Any:
    """Compile in the order written, even in loops that may be reordered, and inline into them.

    (x - n * LN2_HIGH) - n * LN2_LOW, reordered, would be rounded where it must not be.
    """
    return njit(function, fastmath=False, forceinline=True, **ERRORS)


@exact
def power_of_two(n: int) -> float:
    """Return 2^n for -126 <= n <= 127, whose bits are the exponent alone."""
    power: float = np.int32((n + EXPONENT_BIAS) << MANTISSA_BITS).view(np.float32)
    return power


@exact
def exp_float32(x: float) -> float:
    """Return e^x."""
    # These comparisons are false for NaN, so that it passes through.
    x = LARGEST if x > LARGEST else x
    x = SMALLEST if x < SMALLEST else x
    shifted = np.float32(x * LOG2_E + ROUNDER)
    n = shifted - ROUNDER
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    polynomial = (((E4 * r + E3) * r + E2) * r + E1) * r + E0
    mantissa = (polynomial * r * r + r) + ONE
    # In two steps, because one can't reach 2^128 or anything below 2^-126.
    whole = np.int32(shifted.view(np.int32) - ROUNDER_BITS)
    half = np.int32(whole >> 1)
    power: float = mantissa * power_of_two(half) * power_of_two(np.int32(whole - half))
    return power


@exact
def tanh_float32(x: float) -> float:
    """Return tanh(x)."""
    size = abs(x)
    square = x * x
    polynomial = (((T4 * square + T3) * square + T2) * square + T1) * square + T0
    # -0.0 must stay -0.0, which a product with a positive 0 ensures.
    near = (polynomial * square + ZERO) * x + x
    far = ONE - TWO / (exp_float32(size + size) + ONE)
    far = -far if x < ZERO else far
    value: float = near if size < TANH_BY_POLYNOMIAL else far
    return value


def exp(x: Any) -> Any:
    """Return e^x; in compiled code only."""
    raise NotImplementedError


def tanh(x: Any) -> Any:
    """Return tanh(x); in compiled code only."""
    raise NotImplementedError


@overload(exp)
def _exp(x):  # type: ignore[no-untyped-def]
    return (lambda x: exp_float32(x)) if x == types.float32 else (lambda x: np.exp(x))


@overload(tanh)
def _tanh(x):  # type: ignore[no-untyped-def]
    return (lambda x: tanh_float32(x)) if x == types.float32 else (lambda x: np.tanh(x))
