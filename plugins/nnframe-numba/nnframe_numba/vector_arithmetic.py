"""Arithmetic on SIMD vectors, number by number."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic, overload

from nnframe_numba.simd import Vector, llvm_name, repeated

# A product and a sum may be fused into one multiply-add, which rounds once.
CONTRACT = ("contract",)


def like(builder: Any, value: Any, number: Any) -> Any:
    """Return a number, or a vector that repeats it if `value` is a vector."""
    return repeated(builder, value.type, number) if isinstance(value.type, ir.VectorType) else number


def _let_vectors_have(function: Callable[[Any, Any], Any], instruction: str) -> None:
    """Let compiled code apply an operator to two vectors, or to a vector and a number, which is repeated."""

    @intrinsic
    def apply(typing, one, other):  # type: ignore[no-untyped-def]
        lanes = one if isinstance(one, Vector) else other

        def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            vectors = [
                value if isinstance(kind, Vector) else repeated(builder, context.get_value_type(lanes), value)
                for kind, value in zip(signature.args, arguments, strict=True)
            ]
            return getattr(builder, instruction)(*vectors)

        return lanes(one, other), code

    @overload(function)
    def applied(one, other):  # type: ignore[no-untyped-def]
        kinds = {type(one), type(other)}
        is_ours = Vector in kinds and kinds <= {Vector, types.Float}
        return (lambda one, other: apply(one, other)) if is_ours else None


_let_vectors_have(operator.add, "fadd")
_let_vectors_have(operator.sub, "fsub")
_let_vectors_have(operator.mul, "fmul")
_let_vectors_have(operator.truediv, "fdiv")


@intrinsic
def larger(typing, one, other):  # type: ignore[no-untyped-def]
    """Return the larger of each two numbers of two vectors, or the other's where one of them is NaN."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        one, other = arguments
        return builder.select(builder.fcmp_ordered(">", one, other), one, other)

    return one(one, other), code


@intrinsic
def exp_by_numbers(typing, vector):  # type: ignore[no-untyped-def]
    """Return e to the power of each number of a vector, for which LLVM calls the C library number by number."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        kind = arguments[0].type
        name = f"llvm.exp.{llvm_name(signature.args[0])}"
        exp = get_or_insert_function(builder.module, ir.FunctionType(kind, [kind]), name)
        return builder.call(exp, arguments)

    return vector(vector), code


@intrinsic
def multiply_add(typing, total, one, other):  # type: ignore[no-untyped-def]
    """Return total + one * other."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        total, one, other = arguments
        return builder.fadd(total, builder.fmul(one, other, flags=CONTRACT), flags=CONTRACT)

    return total(total, one, other), code
