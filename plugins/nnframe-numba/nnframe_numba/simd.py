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
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic, models, register_model

from nnframe_numba.intrinsics import address_of


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
def load_some(typing, array, offset, count):  # type: ignore[no-untyped-def]
    """Return the next `count` numbers of an array as a vector, padded with zeros."""
    lanes = Vector(array.dtype)

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        array, offset, count = arguments
        return _load_some(
            context, builder, lanes, address_of(context, builder, signature.args[0], array, offset), count
        )

    return lanes(array, types.intp, types.intp), code


@intrinsic
def store_some(typing, array, offset, vector, count):  # type: ignore[no-untyped-def]
    """Write the first `count` numbers of a vector to an array, starting at an offset."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        array, offset, vector, count = arguments
        pointer = vector.type.as_pointer()
        address = builder.bitcast(address_of(context, builder, signature.args[0], array, offset), pointer)
        mask = _first(builder, count, signature.args[2].count)
        kind = ir.FunctionType(ir.VoidType(), [vector.type, pointer, ir.IntType(32), mask.type])
        store = get_or_insert_function(builder.module, kind, f"llvm.masked.store.{_llvm_name(signature.args[2])}.p0")
        builder.call(store, [vector, address, _alignment(signature.args[2]), mask])
        return context.get_dummy_value()

    return types.void(array, types.intp, vector, types.intp), code


@intrinsic
def broadcast(typing, array, offset):  # type: ignore[no-untyped-def]
    """Return a vector that repeats the number at an offset of an array."""
    lanes = Vector(array.dtype)

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        number = builder.load(address_of(context, builder, signature.args[0], *arguments))
        vector = ir.Constant(context.get_value_type(lanes), ir.Undefined)
        first = builder.insert_element(vector, number, ir.IntType(32)(0))
        return builder.shuffle_vector(first, vector, _positions([0] * lanes.count))

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
def add(typing, one, other):  # type: ignore[no-untyped-def]
    """Return the sum of two vectors."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.fadd(*arguments)

    return one(one, other), code


@intrinsic
def multiply_add(typing, total, one, other):  # type: ignore[no-untyped-def]
    """Return total + one * other."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        total, one, other = arguments
        return builder.fadd(total, builder.fmul(one, other, flags=CONTRACT), flags=CONTRACT)

    return total(total, one, other), code


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


@intrinsic
def transpose(typing, array, offset, step, n_rows, n_columns, target, target_offset, target_step):  # type: ignore[no-untyped-def]
    """Copy the transpose of a square whose side is a vector; the steps lead from a row to the next.

    Only n_rows x n_columns of the square are read. Missing rows repeat the last one, missing columns are 0. Vectors i
    and i + 1 exchange every second number, then i and i + 2 every second pair, and so on.
    """
    lanes = Vector(array.dtype)

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        array, offset, step, n_rows, n_columns, target, target_offset, target_step = arguments
        rows = []
        for i in range(lanes.count):
            address = address_of(context, builder, signature.args[0], array, offset)
            rows.append(_load_some(context, builder, lanes, address, n_columns))
            is_next = builder.icmp_signed("<", context.get_constant(types.intp, i + 1), n_rows)
            offset = builder.select(is_next, builder.add(offset, step), offset)
        width = 1
        while width < lanes.count:
            for i in range(lanes.count):
                if not i & width:
                    rows[i], rows[i + width] = _exchanged(builder, rows[i], rows[i + width], width, lanes.count)
            width *= 2
        for row in rows:
            _store(builder, lanes, address_of(context, builder, signature.args[5], target, target_offset), row)
            target_offset = builder.add(target_offset, target_step)
        return context.get_dummy_value()

    integers = [types.intp] * 4
    return types.void(array, *integers, target, types.intp, types.intp), code


def _exchanged(builder: Any, one: Any, other: Any, width: int, count: int) -> list[Any]:
    """Return two rows after exchanging the blocks above and below the diagonal of each 2 x 2 square of blocks."""
    # Positions from `count` on are those of the other row.
    ones = [i - width + count if i & width else i for i in range(count)]
    others = [i + count if i & width else i + width for i in range(count)]
    return [builder.shuffle_vector(one, other, _positions(each)) for each in (ones, others)]


def _positions(indices: list[int]) -> ir.Constant:
    return ir.Constant(ir.VectorType(ir.IntType(32), len(indices)), indices)


def _load_some(context: Any, builder: Any, lanes: Vector, address: Any, count: Any) -> Any:
    vector, mask = context.get_value_type(lanes), _first(builder, count, lanes.count)
    pointer = vector.as_pointer()
    kind = ir.FunctionType(vector, [pointer, ir.IntType(32), mask.type, vector])
    load = get_or_insert_function(builder.module, kind, f"llvm.masked.load.{_llvm_name(lanes)}.p0")
    zeros = ir.Constant(vector, [0.0] * lanes.count)
    return builder.call(load, [builder.bitcast(address, pointer), _alignment(lanes), mask, zeros])


def _first(builder: Any, count: Any, n: int) -> Any:
    """Return a mask of n bits of which the first `count` are set."""
    vector = ir.VectorType(count.type, n)
    counts = builder.insert_element(ir.Constant(vector, ir.Undefined), count, ir.IntType(32)(0))
    counts = builder.shuffle_vector(counts, ir.Constant(vector, ir.Undefined), _positions([0] * n))
    return builder.icmp_signed("<", ir.Constant(vector, list(range(n))), counts)


def _llvm_name(lanes: Vector) -> str:
    """Return the type's name in LLVM's intrinsics."""
    return f"v{lanes.count}f{lanes.number.bitwidth}"


def _alignment(lanes: Vector) -> ir.Constant:
    return ir.IntType(32)(lanes.number.bitwidth // 8)


def _load(context: Any, builder: Any, lanes: Vector, address: Any) -> Any:
    vector = context.get_value_type(lanes)
    return builder.load(builder.bitcast(address, vector.as_pointer()), align=lanes.number.bitwidth // 8)


def _store(builder: Any, lanes: Vector, address: Any, vector: Any) -> None:
    builder.store(vector, builder.bitcast(address, vector.type.as_pointer()), align=lanes.number.bitwidth // 8)
