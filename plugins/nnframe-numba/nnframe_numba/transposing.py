"""Transposing squares of numbers whose side is a vector, in registers."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core.cgutils import alloca_once
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from nnframe_numba.intrinsics import address_of
from nnframe_numba.simd import VECTOR_BYTES, Vector, masked_load, masked_store, positions, store_vector


@intrinsic
def square_on_stack(typing, array):  # type: ignore[no-untyped-def]
    """Return a square of numbers whose side is a vector, which lives until the function returns."""
    lanes = Vector(array.dtype)
    kind = types.Array(array.dtype, 2, "C")

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        square = context.make_array(kind)(context, builder)
        room = alloca_once(builder, context.get_value_type(lanes), lanes.count)
        item, side, row = (context.get_constant(types.intp, n) for n in (lanes.size, lanes.count, VECTOR_BYTES))
        data = builder.bitcast(room, square.data.type)
        populate_array(square, data=data, shape=[side, side], strides=[row, item], itemsize=item, meminfo=None)
        return square._getvalue()

    return kind(array), code


@intrinsic
def transpose(typing, array, offset, step, n_rows, n_columns, target, target_offset, target_step):  # type: ignore[no-untyped-def]
    """Copy the transpose of a square whose side is a vector; the steps lead from a row to the next.

    Only n_rows x n_columns of the square are read. Missing rows repeat the last one, missing columns are 0.
    """
    lanes = Vector(array.dtype)

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        *source, target, target_offset, target_step = arguments
        for row in _transposed(context, builder, signature.args[0], *source):
            store_vector(builder, lanes, address_of(context, builder, signature.args[5], target, target_offset), row)
            target_offset = builder.add(target_offset, target_step)
        return context.get_dummy_value()

    integers = [types.intp] * 4
    return types.void(array, *integers, target, types.intp, types.intp), code


@intrinsic
def transpose_to_some(typing, square, n_rows, n_columns, target, target_offset):  # type: ignore[no-untyped-def]
    """Copy the transpose of n_rows x n_columns of a square to as many rows of an array, whose length is n_rows.

    Columns after those have to repeat the last one, which they are written over.
    """
    lanes = Vector(square.dtype)

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        square, n_rows, n_columns, target, target_offset = arguments
        zero, side = (context.get_constant(types.intp, n) for n in (0, lanes.count))
        for i, row in enumerate(_transposed(context, builder, signature.args[0], square, zero, side, n_rows, side)):
            address = address_of(context, builder, signature.args[3], target, target_offset)
            masked_store(builder, lanes, address, row, n_rows)
            target_offset = _next_offset(context, builder, i, n_columns, target_offset, n_rows)
        return context.get_dummy_value()

    return types.void(square, types.intp, types.intp, target, types.intp), code


def _transposed(
    context: Any, builder: Any, kind: Any, array: Any, offset: Any, step: Any, n_rows: Any, n_columns: Any
) -> list[Any]:
    """Return the rows of the transpose of a square.

    Vectors i and i + 1 exchange every second number, then i and i + 2 every second pair, and so on.
    """
    lanes = Vector(kind.dtype)
    rows = []
    for i in range(lanes.count):
        rows.append(masked_load(context, builder, lanes, address_of(context, builder, kind, array, offset), n_columns))
        offset = _next_offset(context, builder, i, n_rows, offset, step)
    width = 1
    while width < lanes.count:
        for i in range(lanes.count):
            if not i & width:
                rows[i], rows[i + width] = _exchanged(builder, rows[i], rows[i + width], width, lanes.count)
        width *= 2
    return rows


def _next_offset(context: Any, builder: Any, i: int, n_rows: Any, offset: Any, step: Any) -> Any:
    """Return the offset of row i + 1, or that of the last row if there are no more."""
    is_next = builder.icmp_signed("<", context.get_constant(types.intp, i + 1), n_rows)
    return builder.select(is_next, builder.add(offset, step), offset)


def _exchanged(builder: Any, one: Any, other: Any, width: int, count: int) -> list[Any]:
    """Return two rows after exchanging the blocks above and below the diagonal of each 2 x 2 square of blocks."""
    # Positions from `count` on are those of the other row.
    ones = [i - width + count if i & width else i for i in range(count)]
    others = [i + count if i & width else i + width for i in range(count)]
    return [builder.shuffle_vector(one, other, positions(each)) for each in (ones, others)]
