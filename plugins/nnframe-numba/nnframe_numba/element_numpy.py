"""numpy for formulas that are compiled element by element.

A formula was written for arrays; in the compiled loop its z is one number (see `nnframe_numba.element`). For a number,
numba's np.where would allocate an array each time, 33 times slower than numpy; np.piecewise and np.select aren't known
to numba at all; and exp and tanh in float32 are calls of the C library, one number at a time. Everything else is
numpy's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic, overload, overload_attribute, overload_method

from nnframe_numba import float32_math
from nnframe_numba.element import FLOAT32_ELEMENT, element, plain
from nnframe_numba.jit import formula

__all__ = ["clip", "exp", "full_like", "ones_like", "piecewise", "select", "tanh", "where", "zeros_like"]


def __getattr__(name: str) -> Any:
    """Return what numpy has under a name."""
    return getattr(np, name)


@formula
def where(condition: bool, yes: float, no: float) -> float:
    """Return one of two numbers."""
    return yes if condition else no


@formula
def clip(z: float, low: float, high: float) -> float:
    """Return the number between low and high that is nearest to z; NaN stays NaN."""
    above = z * 0 + low if z < low else z
    return z * 0 + high if above > high else above


@formula
def ones_like(z: float) -> float:
    """Return 1."""
    one: float = cast_to(z, 1)
    return one


@formula
def zeros_like(z: float) -> float:
    """Return 0."""
    zero: float = cast_to(z, 0)
    return zero


@formula
def full_like(z: float, value: float) -> float:
    """Return the value."""
    number: float = cast_to(z, value)
    return number


def exp(x: Any) -> Any:
    """Return e^x; in compiled code only."""
    raise NotImplementedError


def tanh(x: Any) -> Any:
    """Return tanh(x); in compiled code only."""
    raise NotImplementedError


def piecewise(x: Any, condlist: Any, funclist: Any) -> Any:
    """Return the value of the function of the last condition that holds; in compiled code only."""
    raise NotImplementedError


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Return the choice of the first condition that holds; in compiled code only."""
    raise NotImplementedError


@intrinsic
def cast_to(typing, x, value):  # type: ignore[no-untyped-def]
    """Return a value as a number of x's type."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return context.cast(builder, arguments[1], signature.args[1], signature.return_type)

    return x(x, value), code


@overload(exp)
def _exp(x):  # type: ignore[no-untyped-def]
    if x == FLOAT32_ELEMENT:
        return lambda x: element(float32_math.exp_float32(plain(x)))
    return lambda x: np.exp(x)


@overload(tanh)
def _tanh(x):  # type: ignore[no-untyped-def]
    if x == FLOAT32_ELEMENT:
        return lambda x: element(float32_math.tanh_float32(plain(x)))
    return lambda x: np.tanh(x)


@overload(piecewise)
def _piecewise(x, condlist, funclist):  # type: ignore[no-untyped-def]
    if not isinstance(condlist, types.BaseTuple) or not isinstance(funclist, types.BaseTuple):
        return None
    values = [
        f"funclist[{i}](x)" if isinstance(f, types.Callable) else f"funclist[{i}]" for i, f in enumerate(funclist)
    ]
    n = len(condlist)
    lines = [f"    if condlist[{i}]:\n        return cast_to(x, {values[i]})" for i in reversed(range(n))]
    lines.append(f"    return cast_to(x, {values[n] if len(values) > n else 0})")
    return _function("def call(x, condlist, funclist):", lines)


@overload(select)
def _select(condlist, choicelist, default=0):  # type: ignore[no-untyped-def]
    if not isinstance(condlist, types.BaseTuple) or not isinstance(choicelist, types.BaseTuple):
        return None
    lines = [f"    if condlist[{i}]:\n        return choicelist[{i}]" for i in range(len(condlist))]
    return _function("def call(condlist, choicelist, default=0):", [*lines, "    return default"])


def _function(head: str, lines: list[str]) -> Any:
    namespace: dict[str, Any] = {"cast_to": cast_to}
    exec("\n".join([head, *lines, ""]), namespace)
    return namespace["call"]


@overload_method(types.Float, "astype")
@overload_method(types.Integer, "astype")
@overload_method(types.Boolean, "astype")
def _astype(number, dtype):  # type: ignore[no-untyped-def]
    return lambda number, dtype: dtype.type(number)


@overload_attribute(types.Float, "dtype")
def _dtype(number):  # type: ignore[no-untyped-def]
    numpy_type = np.dtype(number.name)
    return lambda number: numpy_type
