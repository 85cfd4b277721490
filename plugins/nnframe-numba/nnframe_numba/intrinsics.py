"""What numba's language lacks: hints for LLVM, and arrays seen as vectors."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

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
    """Promise that the arrays that the function is called with don't overlap, so that LLVM vectorizes its loops."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        # The first two are numba's own.
        for argument in builder.function.args[2:]:
            if isinstance(argument.type, ir.PointerType):
                argument.add_attribute("noalias")
        return context.get_dummy_value()

    return types.void(), code


@intrinsic
def flat(typing, array):  # type: ignore[no-untyped-def]
    """Return an array in C order as one vector, without the call that numba's reshape is."""
    kind = types.Array(array.dtype, 1, "C")

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        given = context.make_array(signature.args[0])(context, builder, arguments[0])
        result = context.make_array(kind)(context, builder)
        populate_array(
            result,
            data=given.data,
            shape=[given.nitems],
            strides=[given.itemsize],
            itemsize=given.itemsize,
            meminfo=given.meminfo,
        )
        return impl_ret_borrowed(context, builder, kind, result._getvalue())

    return kind(array), code


def address_of(context: Any, builder: Any, kind: Any, array: Any, offset: Any) -> Any:
    """Return the address of the number at an offset of an array."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [offset])
