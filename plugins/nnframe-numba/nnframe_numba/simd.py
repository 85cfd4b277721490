"""SIMD vectors as a numba type, with functions that load, store and combine them.

LLVM vectorizes simple loops by itself, but not a matrix product, whose sums must stay in registers throughout. These
functions spell the vectors out. An offset counts numbers from the array's first, row by row. Offsets are not checked,
and negative ones don't count from the end.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import config, types
from numba.extending import intrinsic, models, register_model


def _has_avx512() -> bool:
    """Return whether code is generated for 512-bit vectors; NUMBA_CPU_FEATURES may rule them out."""
    if config.CPU_FEATURES is not None:
        return "+avx512f" in config.CPU_FEATURES.split(",")
    return bool(get_host_cpu_features().get("avx512f"))


VECTOR_BYTES = 64 if _has_avx512() else 32
# A product and a sum may be fused into one multiply-add, which rounds once.
CONTRACT = ("contract",)


class Vector(types.Type):  # type: ignore[misc]
    """The type of a vector of `count` numbers, as many as fill a vector register."""

    def __init__(self, number: types.Float) -> None:
        self.number = number
        self.count = 8 * VECTOR_BYTES // number.bitwidth
        super().__init__(f"Vector({number}, {self.count})")


@register_model(Vector)
class VectorModel(models.PrimitiveModel):  # type: ignore[misc]
    """How LLVM represents it."""

    def __init__(self, data_models: Any, vector: Vector) -> None:
        number = ir.FloatType() if vector.number == types.float32 else ir.DoubleType()
        super().__init__(data_models, vector, ir.VectorType(number, vector.count))


# The arguments of an intrinsic are types; it returns a signature and a function that generates code.


@intrinsic
def never_inline(typing):  # type: ignore[no-untyped-def]
    """Keep LLVM from inlining the function that calls this; inlining large ones takes seconds to compile."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), code


@intrinsic
def arrays_are_apart(typing):  # type: ignore[no-untyped-def]
    """Promise that the arrays that the function is called with don't overlap, so that its loops become vectors."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        # The first two are numba's own.
        for argument in builder.function.args[2:]:
            if isinstance(argument.type, ir.PointerType):
                argument.add_attribute("noalias")
        return context.get_dummy_value()

    return types.void(), code


@intrinsic
def width(typing, array):  # type: ignore[no-untyped-def]
    """Return how many of an array's numbers fit into a vector."""
    count = Vector(array.dtype).count

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return context.get_constant(types.intp, count)

    return types.intp(array), code


@intrinsic
def load(typing, array, offset):  # type: ignore[no-untyped-def]
    """Return the vector that starts at an offset of an array."""
    lanes = Vector(array.dtype)

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        address = address_of(context, builder, signature.args[0], *arguments)
        return _load(context, builder, lanes, address)

    return lanes(array, types.intp), code


@intrinsic
def store(typing, array, offset, vector):  # type: ignore[no-untyped-def]
    """Write a vector to an array, starting at an offset."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        address = address_of(context, builder, signature.args[0], *arguments[:2])
        _store(builder, signature.args[2], address, arguments[2])
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), code


@intrinsic
def get(typing, array, offset):  # type: ignore[no-untyped-def]
    """Return the number at an offset of an array."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.load(address_of(context, builder, signature.args[0], *arguments))

    return array.dtype(array, types.intp), code


@intrinsic
def put(typing, array, offset, number):  # type: ignore[no-untyped-def]
    """Write a number at an offset of an array."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        builder.store(arguments[2], address_of(context, builder, signature.args[0], *arguments[:2]))
        return context.get_dummy_value()

    return types.void(array, types.intp, array.dtype), code


@intrinsic
def rectify(typing, vector):  # type: ignore[no-untyped-def]
    """Return max(vector, 0); NaN stays NaN."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        zeros = ir.Constant(arguments[0].type, [0.0] * signature.args[0].count)
        return builder.select(builder.fcmp_ordered("<", arguments[0], zeros), zeros, arguments[0])

    return vector(vector), code


@intrinsic
def zeros(typing, array):  # type: ignore[no-untyped-def]
    """Return a vector of zeros."""
    lanes = Vector(array.dtype)

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return ir.Constant(context.get_value_type(lanes), [0.0] * lanes.count)

    return lanes(array), code


def address_of(context: Any, builder: Any, kind: Any, array: Any, offset: Any) -> Any:
    """Return the address of the number at an offset of an array."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [offset])


def _load(context: Any, builder: Any, lanes: Vector, address: Any) -> Any:
    vector = context.get_value_type(lanes)
    return builder.load(builder.bitcast(address, vector.as_pointer()), align=lanes.number.bitwidth // 8)


def _store(builder: Any, lanes: Vector, address: Any, vector: Any) -> None:
    builder.store(vector, builder.bitcast(address, vector.type.as_pointer()), align=lanes.number.bitwidth // 8)
