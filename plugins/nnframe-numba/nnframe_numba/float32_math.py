"""exp and tanh in float32 by arithmetic alone, so that loops that call them are vectorized; exp takes vectors as well.

A call of the C library takes one number. Other types still call it: they would gain less and need more terms.

exp is reduced as in W. J. Cody and W. Waite, "Software Manual for the Elementary Functions", 1980: x = n ln 2 + r with
|r| <= ln 2 / 2, then exp(x) = 2^n exp(r), and exp(r) is a polynomial. The coefficients interpolate
(exp(r) - 1 - r) / r^2, and (tanh(x) / x - 1) / x^2 as a function of x^2, at Chebyshev's nodes. Both functions are
within 2 units in the last place of what float64 gives.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload

from nnframe_numba.jit import ERRORS
from nnframe_numba.simd import Vector
from nnframe_numba.vector_arithmetic import exp_by_numbers, like

# With Python's own numbers, everything would become float64.
ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)

# Beyond these, exp is infinite or 0 in float32, and 2^n must keep to the exponents that exist.
LARGEST, SMALLEST = np.float32(89), np.float32(-104)
LOG2_E = np.float32(1.44269504)
# ln 2 in two parts: the first has so few bits that its product with n is exact.
LN2_HIGH, LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
# 1.5 * 2^23: added to a small number, it leaves no bits for a fraction, so that the last bits are the nearest integer.
ROUNDER = np.float32(12582912)
ROUNDER_BITS = int(ROUNDER.view(np.int32))
EXPONENT_BIAS, MANTISSA_BITS = 127, 23

E0, E1, E2, E3, E4 = map(np.float32, (0.5, 0.16666576, 0.041666552, 0.008363233, 0.001392625))

# Below this, 1 - 2 / (exp(2 x) + 1) loses digits.
TANH_BY_POLYNOMIAL = np.float32(0.625)
T0, T1, T2, T3, T4 = map(np.float32, (-0.33333328, 0.1333277, -0.053850908, 0.02099718, -0.006096714))


def exact(function: Any) -> Any:
    """Compile in the order written, even in loops that may be reordered, and inline into them.

    (x - n * LN2_HIGH) - n * LN2_LOW, reordered, would be rounded where it must not be. A product and a sum may be
    fused, which rounds once.
    """
    return njit(function, fastmath={"contract"}, forceinline=True, **ERRORS)


@intrinsic
def limited(typing, x, low, high):  # type: ignore[no-untyped-def]
    """Return x, a number or a vector, where it lies between two numbers, and else the nearer one; NaN stays NaN."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        x, low, high = arguments
        for sign, limit in ((">", high), ("<", low)):
            limit = like(builder, x, limit)
            x = builder.select(builder.fcmp_ordered(sign, x, limit), limit, x)
        return x

    return x(x, low, high), code


@intrinsic
def times_power_of_two(typing, x, shifted):  # type: ignore[no-untyped-def]
    """Return x * 2^n for n + ROUNDER; both are numbers or vectors."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        x, shifted = arguments
        whole_type = ir.IntType(32) if x.type == ir.FloatType() else ir.VectorType(ir.IntType(32), x.type.count)

        def whole(number: int) -> Any:
            return whole_type(number if x.type == ir.FloatType() else [number] * x.type.count)

        n = builder.sub(builder.bitcast(shifted, whole_type), whole(ROUNDER_BITS))
        # In two steps, because one can't reach 2^128 or anything below 2^-126.
        half = builder.ashr(n, whole(1))
        for exponent in (half, builder.sub(n, half)):
            # The bits of a power of two are the exponent alone.
            bits = builder.shl(builder.add(exponent, whole(EXPONENT_BIAS)), whole(MANTISSA_BITS))
            x = builder.fmul(x, builder.bitcast(bits, x.type))
        return x

    return x(x, shifted), code


@exact
def exp_float32(x: Any) -> Any:
    """Return e^x, for a number or a vector."""
    x = limited(x, SMALLEST, LARGEST)
    shifted = x * LOG2_E + ROUNDER
    n = shifted - ROUNDER
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    polynomial = (((E4 * r + E3) * r + E2) * r + E1) * r + E0
    return times_power_of_two((polynomial * r * r + r) + ONE, shifted)


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
    if x == types.float32 or x == Vector(types.float32):
        return lambda x: exp_float32(x)
    return (lambda x: exp_by_numbers(x)) if isinstance(x, Vector) else (lambda x: np.exp(x))


@overload(tanh)
def _tanh(x):  # type: ignore[no-untyped-def]
    return (lambda x: tanh_float32(x)) if x == types.float32 else (lambda x: np.tanh(x))
