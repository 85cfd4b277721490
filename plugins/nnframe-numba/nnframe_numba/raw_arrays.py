"""Arrays in compiled code that are made of addresses, and memory for a call, without numba's runtime."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from nnframe_numba.simd import VECTOR_BYTES

_malloc = types.ExternalFunction("malloc", types.intp(types.uintp))
_free = types.ExternalFunction("free", types.void(types.intp))
allocate, release = _malloc, _free


def _array_type(number: types.Float, n_dimensions: int) -> types.Array:
    return types.Array(number, n_dimensions, "C")


def _at_address(number: types.Float, n_dimensions: int) -> Any:
    """Return a function of an address and a shape, which returns the array that lies there."""
    kind = _array_type(number, n_dimensions)

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        address, *shape = arguments
        array = context.make_array(kind)(context, builder)
        item = context.get_constant(types.intp, number.bitwidth // 8)
        strides = [builder.mul(shape[1], item), item] if n_dimensions == 2 else [item]
        data = builder.inttoptr(address, array.data.type)
        populate_array(array, data=data, shape=shape, strides=strides, itemsize=item, meminfo=None)
        return array._getvalue()

    if n_dimensions == 1:

        @intrinsic
        def vector(typing, address, size):  # type: ignore[no-untyped-def]
            return kind(types.intp, types.intp), code

        return vector

    @intrinsic
    def matrix(typing, address, n_rows, n_columns):  # type: ignore[no-untyped-def]
        return kind(types.intp, types.intp, types.intp), code

    return matrix


VECTORS = {number.name: _at_address(number, 1) for number in (types.float32, types.float64, types.int64, types.uint64)}
MATRICES = {number.name: _at_address(number, 2) for number in (types.float32, types.float64)}


def _entry(number: Any, bits: Any) -> Any:
    """Return a function that reads an entry of a table of 64-bit values as a number of another type."""

    @intrinsic
    def entry(typing, table, i):  # type: ignore[no-untyped-def]
        def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            pointer = builder.inttoptr(arguments[0], context.get_value_type(bits).as_pointer())
            value = builder.load(builder.gep(pointer, [arguments[1]]))
            return value if bits == number else context.cast(builder, value, bits, number)

        return number(types.intp, types.intp), code

    return entry


ENTRIES = {
    "int": _entry(types.int64, types.int64),
    "float": _entry(types.float64, types.float64),
    "bool": _entry(types.boolean, types.int64),
}
ALIGNMENT = VECTOR_BYTES
