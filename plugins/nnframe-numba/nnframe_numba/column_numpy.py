"""Sums, means, maxima and minima over the columns of a matrix, for formulas that are compiled array by array.

numba has no keepdims, no axis for most of these, and takes ten seconds to compile those that it has. A converted
formula looks for ``column_sum`` where it said ``sum``, as a function and as a method: NAMES are replaced in its code.
Everything else is numpy's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import overload_method, register_jitable

from nnframe import Array
from nnframe_numba.jit import ERRORS

NAMES = {name: f"column_{name}" for name in ("sum", "mean", "max", "min")}


def __getattr__(name: str) -> Any:
    """Return numpy's function of a name."""
    return getattr(np, name)


@register_jitable  # type: ignore[untyped-decorator]
def _add(total: float, number: float) -> float:
    return total + number


@register_jitable  # type: ignore[untyped-decorator]
def _larger(one: float, other: float) -> float:
    # Comparisons with NaN are false, but the result must be NaN.
    return one if one > other or one != one else other


@register_jitable  # type: ignore[untyped-decorator]
def _smaller(one: float, other: float) -> float:
    return one if one < other or one != one else other


def _reduction(name: str, merge: Any, is_mean: bool) -> Any:
    """Return the function and register the method of a name."""

    @register_jitable  # type: ignore[untyped-decorator]
    def reduced(matrix: Array) -> Array:
        result: Array = matrix[0].copy()
        for i in range(1, matrix.shape[0]):
            for j in range(matrix.shape[1]):
                result[j] = merge(result[j], matrix[i, j])
        if is_mean:
            for j in range(matrix.shape[1]):
                result[j] /= matrix.shape[0]
        return result

    @overload_method(types.Array, name)
    def method(matrix, axis=None, keepdims=False):  # type: ignore[no-untyped-def]
        if matrix.ndim != 2 or getattr(axis, "literal_value", axis) != 0:
            return None
        keeps = getattr(keepdims, "literal_value", getattr(keepdims, "value", keepdims))
        if keeps is True:
            return lambda matrix, axis=None, keepdims=False: reduced(matrix).reshape((1, matrix.shape[1]))
        if keeps is False:
            return lambda matrix, axis=None, keepdims=False: reduced(matrix)
        return None

    namespace: dict[str, Any] = {"__name__": __name__}
    exec(
        f"def call(matrix, axis=None, keepdims=False):\n    return matrix.{name}(axis=axis, keepdims=keepdims)",
        namespace,
    )
    return njit(namespace["call"], **ERRORS)


column_sum = _reduction("column_sum", _add, False)
column_mean = _reduction("column_mean", _add, True)
column_max = _reduction("column_max", _larger, False)
column_min = _reduction("column_min", _smaller, False)
