"""SIMD vectors as a numba type, with functions that load and store them; `nnframe_numba.vector_arithmetic` computes.

LLVM vectorizes simple loops by itself, but not a matrix product, whose sums must stay in registers throughout. These
functions spell the vectors out. An offset counts numbers from the array's first, row by row. Offsets are not checked,
and negative ones don't count from the end.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import config, types
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic, models, register_model

from nnframe_numba.intrinsics import address_of


def _has_avx512() -> bool:
    """Return whether code is generated for 512-bit vectors; NUMBA_CPU_FEATURES may rule them out."""
    if config.CPU_FEATURES is not None:
        return "+avx512f" in config.CPU_FEATURES.split(",")
    return bool(get_host_cpu_features().get("avx512f"))


VECTOR_BYTES = 64 if _has_avx512() else 32


class Vector(types.Type):  # type: ignore[misc]
    """The type of a vector of `count` numbers, as many as fill a vector register."""

    def __init__(self, number: types.Float) -> None:
        self.number = number
        self.size = number.bitwidth // 8
        self.count = VECTOR_BYTES // self.size
        super().__init__(f"Vector({number}, {self.count})")


@register_model(Vector)
class VectorModel(models.PrimitiveModel):  # type: ignore[misc]
    """How LLVM represents it."""

    def __init__(self, data_models: Any, vector: Vector) -> None:
        number = ir.FloatType() if vector.number == types.float32 else ir.DoubleType()
        super().__init__(data_models, vector, ir.VectorType(number, vector.count))


# The arguments of an intrinsic are types; it returns a signature and a function that generates code.


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
        return load_vector(context, builder, lanes, address)

    return lanes(array, types.intp), code


@intrinsic
def store(typing, array, offset, vector):  # type: ignore[no-untyped-def]
    """Write a vector to an array, starting at an offset."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        address = address_of(context, builder, signature.args[0], *arguments[:2])
        store_vector(builder, signature.args[2], address, arguments[2])
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), code


@intrinsic
def load_some(typing, array, offset, count):  # type: ignore[no-untyped-def]
    """Return the next `count` numbers of an array as a vector, padded with zeros."""
    lanes = Vector(array.dtype)

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        array, offset, count = arguments
        address = address_of(context, builder, signature.args[0], array, offset)
        return masked_load(context, builder, lanes, address, count)

    return lanes(array, types.intp, types.intp), code


@intrinsic
def store_some(typing, array, offset, vector, count):  # type: ignore[no-untyped-def]
    """Write the first `count` numbers of a vector to an array, starting at an offset."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        array, offset, vector, count = arguments
        address = address_of(context, builder, signature.args[0], array, offset)
        masked_store(builder, signature.args[2], address, vector, count)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector, types.intp), code


@intrinsic
def broadcast(typing, array, offset):  # type: ignore[no-untyped-def]
    """Return a vector that repeats the number at an offset of an array."""
    lanes = Vector(array.dtype)

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        number = builder.load(address_of(context, builder, signature.args[0], *arguments))
        return repeated(builder, context.get_value_type(lanes), number)

    return lanes(array, types.intp), code


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
def prefetch(typing, array, offset):  # type: ignore[no-untyped-def]
    """Prefetch the cache line at an offset of an array."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        address = builder.bitcast(address_of(context, builder, signature.args[0], *arguments), byte)
        # For writing, to be kept in all caches, data rather than code.
        builder.call(prefetch, [address, number(1), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), code


@intrinsic
def zeros(typing, array):  # type: ignore[no-untyped-def]
    """Return a vector of zeros."""
    lanes = Vector(array.dtype)

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return ir.Constant(context.get_value_type(lanes), [0.0] * lanes.count)

    return lanes(array), code


def repeated(builder: Any, kind: ir.VectorType, number: Any) -> Any:
    """Return a vector of a kind that repeats a number."""
    vector = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(vector, number, ir.IntType(32)(0))
    return builder.shuffle_vector(first, vector, positions([0] * kind.count))


def positions(indices: list[int]) -> ir.Constant:
    """Return where a shuffle takes its numbers from."""
    return ir.Constant(ir.VectorType(ir.IntType(32), len(indices)), indices)


def masked_load(context: Any, builder: Any, lanes: Vector, address: Any, count: Any) -> Any:
    """Return the `count` numbers from an address on as a vector, padded with zeros."""
    vector, mask = context.get_value_type(lanes), _first(builder, count, lanes.count)
    pointer = vector.as_pointer()
    kind = ir.FunctionType(vector, [pointer, ir.IntType(32), mask.type, vector])
    load = get_or_insert_function(builder.module, kind, f"llvm.masked.load.{llvm_name(lanes)}.p0")
    zeros = ir.Constant(vector, [0.0] * lanes.count)
    return builder.call(load, [builder.bitcast(address, pointer), _alignment(lanes), mask, zeros])


def masked_store(builder: Any, lanes: Vector, address: Any, vector: Any, count: Any) -> None:
    """Write the first `count` numbers of a vector to an address."""
    pointer, mask = vector.type.as_pointer(), _first(builder, count, lanes.count)
    kind = ir.FunctionType(ir.VoidType(), [vector.type, pointer, ir.IntType(32), mask.type])
    store = get_or_insert_function(builder.module, kind, f"llvm.masked.store.{llvm_name(lanes)}.p0")
    builder.call(store, [vector, builder.bitcast(address, pointer), _alignment(lanes), mask])


def _first(builder: Any, count: Any, n: int) -> Any:
    """Return a mask of n bits of which the first `count` are set."""
    vector = ir.VectorType(count.type, n)
    counts = builder.insert_element(ir.Constant(vector, ir.Undefined), count, ir.IntType(32)(0))
    counts = builder.shuffle_vector(counts, ir.Constant(vector, ir.Undefined), positions([0] * n))
    return builder.icmp_signed("<", ir.Constant(vector, list(range(n))), counts)


def llvm_name(lanes: Vector) -> str:
    """Return the type's name in LLVM's intrinsics."""
    return f"v{lanes.count}f{lanes.number.bitwidth}"


def _alignment(lanes: Vector) -> ir.Constant:
    return ir.IntType(32)(lanes.size)


def load_vector(context: Any, builder: Any, lanes: Vector, address: Any) -> Any:
    """Return the vector at an address."""
    vector = context.get_value_type(lanes)
    return builder.load(builder.bitcast(address, vector.as_pointer()), align=lanes.size)


def store_vector(builder: Any, lanes: Vector, address: Any, vector: Any) -> None:
    """Write a vector to an address."""
    builder.store(vector, builder.bitcast(address, vector.type.as_pointer()), align=lanes.size)
