"""numpy for formulas that are compiled element by element.

A formula was written for arrays. In the compiled loop its z is one number, for which numba's np.where would allocate an
array each time, 33 times slower than numpy; a number has no astype; and exp and tanh in float32 are calls of the C
library, one number at a time. Everything else is numpy's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload_attribute, overload_method

from nnframe_numba.float32_math import exp, tanh
from nnframe_numba.jit import formula

__all__ = ["exp", "ones_like", "tanh", "where", "zeros_like"]


def __getattr__(name: str) -> Any:
    """Return what numpy has of a name."""
    return getattr(np, name)


@formula
def where(condition: bool, yes: float, no: float) -> float:
    """Return one of two numbers."""
    return yes if condition else no


@formula
def ones_like(z: float) -> float:
    """Return 1."""
    return z * 0 + 1


@formula
def zeros_like(z: float) -> float:
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
