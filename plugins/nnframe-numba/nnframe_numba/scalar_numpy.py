"""numpy for formulas that are compiled element by element.

A formula was written for arrays. In the compiled loop its z is one number, for which numba's np.where would allocate an
array each time, 33 times slower than numpy; and a number has no astype. Everything else is numpy's own.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numba.extending import overload_attribute, overload_method
from numpy import *  # noqa: F403  (a formula may use any of it)

abs = np.abs
max = np.max
min = np.min
round = np.round
sum = np.sum


@njit(inline="always")
def where(condition, yes, no):
    """Return one of two numbers."""
    return yes if condition else no


@njit(inline="always")
def ones_like(z):
    """Return 1."""
    return z * 0 + 1


@njit(inline="always")
def zeros_like(z):
    """Return 0."""
    return z * 0


@overload_method(types.Float, "astype")
@overload_method(types.Integer, "astype")
@overload_method(types.Boolean, "astype")
def _astype(number, dtype):  # type: ignore[no-untyped-def]
    return lambda number, dtype: dtype.type(number)


@overload_attribute(types.Float, "dtype")
def _dtype(number):  # type: ignore[no-untyped-def]
    numpy_type = np.dtype(number.name)
    return lambda number: numpy_type
