"""The complementary error function, which numpy lacks.

erfc(x) = 1 - erf(x) = 2 / sqrt(pi) times the integral of exp(-t^2) from x to infinity. For y = |x|, with R a quotient
of two polynomials that differs from range to range,

    erfc(y) = 1 - y R(y^2)                                      up to y = 0.46875
              exp(-y^2) R(y)                                    up to y = 4
              exp(-y^2) / y (1 / sqrt(pi) - R(1 / y^2) / y^2)   beyond

and erfc(-y) = 2 - erfc(y). exp(-y^2) would turn the rounding of y^2, an absolute error that grows with y, into a
relative one. So y^2 is split into the square of y cut off after four binary digits, which is exact, and the small
remainder.

Source: W. J. Cody, "Rational Chebyshev approximations for the error function", Mathematics of Computation 23 (1969)
631-637.
"""

from __future__ import annotations

import math

import numpy as np

from nnframe import rule
from nnframe_zoo._array import Array

SMALL, LARGE = 0.46875, 4.0
# erfc is less than the smallest float64 from here on.
ZERO = 30.0

# Coefficients of the highest power first.
SMALL_NUMERATOR = (
    1.85777706184603153e-1,
    3.16112374387056560e0,
    1.13864154151050156e2,
    3.77485237685302021e2,
    3.20937758913846947e3,
)
SMALL_DENOMINATOR = (
    1.0,
    2.36012909523441209e1,
    2.44024637934444173e2,
    1.28261652607737228e3,
    2.84423683343917062e3,
)
MIDDLE_NUMERATOR = (
    2.15311535474403846e-8,
    5.64188496988670089e-1,
    8.88314979438837594e0,
    6.61191906371416295e1,
    2.98635138197400131e2,
    8.81952221241769090e2,
    1.71204761263407058e3,
    2.05107837782607147e3,
    1.23033935479799725e3,
)
MIDDLE_DENOMINATOR = (
    1.0,
    1.57449261107098347e1,
    1.17693950891312499e2,
    5.37181101862009858e2,
    1.62138957456669019e3,
    3.29079923573345963e3,
    4.36261909014324716e3,
    3.43936767414372164e3,
    1.23033935480374942e3,
)
LARGE_NUMERATOR = (
    1.63153871373020978e-2,
    3.05326634961232344e-1,
    3.60344899949804439e-1,
    1.25781726111229246e-1,
    1.60837851487422766e-2,
    6.58749161529837803e-4,
)
LARGE_DENOMINATOR = (
    1.0,
    2.56852019228982242e0,
    1.87295284992346047e0,
    5.27905102951428412e-1,
    6.05183413124413191e-2,
    2.33520497626869185e-3,
)


@rule(lambda x, f: -2 / math.sqrt(math.pi) * np.exp(-x * x))
def erfc(x: Array) -> Array:
    """Return erfc(x), of x's shape and dtype."""
    y = np.minimum(np.abs(x), ZERO)
    upper: Array = np.piecewise(y, [y <= SMALL, y > LARGE], [_small, _large, _middle])
    return np.where(x < 0, 2 - upper, upper)


def _small(y: Array) -> Array:
    t = y * y
    return 1 - y * (_polynomial(SMALL_NUMERATOR, t) / _polynomial(SMALL_DENOMINATOR, t))


def _middle(y: Array) -> Array:
    return _gaussian(y) * (_polynomial(MIDDLE_NUMERATOR, y) / _polynomial(MIDDLE_DENOMINATOR, y))


def _large(y: Array) -> Array:
    t = 1 / (y * y)
    tail = t * (_polynomial(LARGE_NUMERATOR, t) / _polynomial(LARGE_DENOMINATOR, t))
    return _gaussian(y) * ((1 / math.sqrt(math.pi) - tail) / y)


def _gaussian(y: Array) -> Array:
    """Return exp(-y^2)."""
    coarse = np.floor(y * 16) / 16
    result: Array = np.exp(-coarse * coarse) * np.exp(-(y - coarse) * (y + coarse))
    return result


def _polynomial(coefficients: tuple[float, ...], t: Array) -> Array:
    # np.polyval would turn float32 into float64.
    total = np.full_like(t, coefficients[0])
    for coefficient in coefficients[1:]:
        total = total * t + coefficient
    return total
