"""The type of an array's element in a compiled formula, which keeps its precision among Python's numbers.

In numpy, ``0.5 * z`` has z's dtype: numbers of Python are weak (NEP 50, "Promotion rules for Python scalars"). In
numba, 0.5 is a float64, and the product of a float32 and a float64 is a float64, which takes twice the time and half of
a vector's width. So a float32 is given to a formula as an `Element`: whatever it meets is converted to its type first.
Numbers among themselves stay what they are, as in Python. In float64 there is nothing to keep, and no need of all this.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.imputils import lower_builtin, lower_cast
from numba.core.typing.templates import AbstractTemplate, Signature, infer_global, signature
from numba.extending import intrinsic, models, overload_attribute, overload_method, register_model


class Element(types.Type):  # type: ignore[misc]
    """The type of an array's element."""

    def __init__(self, number: types.Float) -> None:
        self.number = number
        super().__init__(f"Element({number})")

    def unify(self, typingctx: Any, other: Any) -> Any:
        """Return the type of a variable that is now an element, now a number."""
        return self if isinstance(other, (types.Float, types.Integer, types.Boolean)) else None


@register_model(Element)
class ElementModel(models.PrimitiveModel):  # type: ignore[misc]
    """How LLVM represents it."""

    def __init__(self, data_models: Any, element: Element) -> None:
        super().__init__(data_models, element, ir.FloatType())


FLOAT32_ELEMENT = Element(types.float32)


@intrinsic
def element(typing, number):  # type: ignore[no-untyped-def]
    """Return a number of an array as formulas take it."""
    kind = FLOAT32_ELEMENT if number == types.float32 else number
    return kind(number), lambda context, builder, signature, arguments: arguments[0]


@intrinsic
def plain(typing, value):  # type: ignore[no-untyped-def]
    """Return what a formula returned as a number."""
    kind = value.number if isinstance(value, Element) else value
    return kind(value), lambda context, builder, signature, arguments: arguments[0]


@lower_cast(types.Float, Element)
@lower_cast(types.Integer, Element)
@lower_cast(types.Boolean, Element)
def _number_to_element(context, builder, from_type, to_type, value):  # type: ignore[no-untyped-def]
    return context.cast(builder, value, from_type, to_type.number)


def _signature(typing_context: Any, function: Any, arguments: tuple[Any, ...]) -> Signature | None:
    """Return the signature of a function that is called with an element, or None if there is none.

    All other arguments become numbers of its type before.
    """
    numbers = {each.number for each in arguments if isinstance(each, Element)}
    others = (each for each in arguments if not isinstance(each, Element))
    if len(numbers) != 1 or not all(isinstance(each, (types.Float, types.Integer, types.Boolean)) for each in others):
        return None
    (number,) = numbers
    found = typing_context.resolve_function_type(function, (number,) * len(arguments), {})
    if found is None:
        return None
    result = Element(number) if found.return_type == number else found.return_type
    return signature(result, *(each if isinstance(each, Element) else number for each in arguments))


def _register(function: Any, n_arguments: int) -> None:
    """Let a function take elements."""

    @infer_global(function)
    class Template(AbstractTemplate):  # type: ignore[misc]
        key = function

        def generic(self, args: tuple[Any, ...], kws: dict[str, Any]) -> Signature | None:
            return None if kws else _signature(self.context, function, args)

    def lowered(context, builder, sig, args):  # type: ignore[no-untyped-def]
        plain_types = [each.number if isinstance(each, Element) else each for each in sig.args]
        result = sig.return_type.number if isinstance(sig.return_type, Element) else sig.return_type
        return context.get_function(function, signature(result, *plain_types))(builder, args)

    if n_arguments == 1:
        lower_builtin(function, Element)(lowered)
    else:
        for kinds in ((Element, Element), (Element, types.Float), (types.Float, Element)):
            lower_builtin(function, *kinds)(lowered)


class _Power(AbstractTemplate):  # type: ignore[misc]
    """The power of an element with a whole number that is known, as in z ** 2."""

    prefer_literal = True

    def generic(self, args: tuple[Any, ...], kws: dict[str, Any]) -> Signature | None:
        base, exponent = args
        if isinstance(base, Element) and isinstance(exponent, types.IntegerLiteral):
            return signature(base, base, exponent)
        return None


def _whole_power(context, builder, sig, args):  # type: ignore[no-untyped-def]
    """Multiply, by repeated squaring."""
    exponent, square, one = sig.args[1].literal_value, args[0], ir.Constant(args[0].type, 1.0)
    remaining, result = abs(exponent), one
    while remaining:
        if remaining & 1:
            result = square if result is one else builder.fmul(result, square)
        square = builder.fmul(square, square)
        remaining >>= 1
    return builder.fdiv(one, result) if exponent < 0 else result


for _power in (operator.pow, operator.ipow):
    infer_global(_power)(type("Power", (_Power,), {"key": _power}))
    lower_builtin(_power, Element, types.IntegerLiteral)(_whole_power)

for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
    _register(getattr(operator, _name), 2)
    _register(getattr(operator, f"i{_name}"), 2)
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    _register(getattr(operator, _name), 2)
for _function in (operator.neg, operator.pos, abs):
    _register(_function, 1)
for _name in dir(np):
    _ufunc = getattr(np, _name)
    if isinstance(_ufunc, np.ufunc) and _ufunc.signature is None and _ufunc.nout == 1 and _ufunc.nin <= 2:
        _register(_ufunc, _ufunc.nin)


@overload_method(Element, "astype")
def _astype(value, dtype):  # type: ignore[no-untyped-def]
    return lambda value, dtype: element(dtype.type(plain(value)))


@overload_attribute(Element, "dtype")
def _dtype(value):  # type: ignore[no-untyped-def]
    numpy_type = np.dtype(value.number.name)
    return lambda value: numpy_type
