"""From a formula that mixes the components of a column to compiled loops over single numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnframe.arrays import DType
from nnframe_numba.conversion import converted
from nnframe_numba.element import element, plain
from nnframe_numba.jit import element_formula, formula
from nnframe_numba.part_formulas import Formula


@element_formula
def larger(one: float, other: float) -> float:
    """Return the larger of two numbers; NaN if one of them is."""
    # Comparisons with NaN are false.
    return one if one > other or one != one else other


@element_formula
def smaller(one: float, other: float) -> float:
    """Return the smaller of two numbers; NaN if one of them is."""
    return one if one < other or one != one else other


def column_part(arrays: tuple[str, ...], target: str, wanted: Formula, symbols: tuple[str, ...], dtype: DType) -> Any:
    """Return the part that `nnframe_numba.column_source.column_source` writes, with the same arguments."""
    # Nets whose formulas work element by element don't wait for what records formulas.
    from nnframe_numba.column_source import column_source

    text, functions = column_source(wanted, symbols, arrays, target, dtype)
    namespace: dict[str, Any] = {"__name__": __name__, "element": element, "plain": plain, "np": np}
    namespace |= {"larger": larger, "smaller": smaller}
    for name, function in functions.items():
        count = function.__code__.co_argcount
        namespace[name] = converted(function, count, (), {}, by_element=True)
    exec(compile(text, "<column>", "exec"), namespace)
    return formula(namespace["part"])
