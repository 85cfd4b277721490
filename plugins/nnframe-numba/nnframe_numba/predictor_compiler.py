"""A net's outputs in machine code that is called without numba."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types

from nnframe.contracts.bound import Linear
from nnframe.registry.binding import IDENTITY
from nnframe_numba import raw_arrays
from nnframe_numba.code_store import ObjectFile
from nnframe_numba.compile_thread import require_compile_thread
from nnframe_numba.compiled_parts import activation_part
from nnframe_numba.jit import ERRORS, formula, inlined
from nnframe_numba.matrix_products import A_STEP, KC, MC, linear
from nnframe_numba.matrix_vector import linear_single
from nnframe_numba.micro_kernel import NR_VECTORS
from nnframe_numba.object_code import WORD, Call, object_code
from nnframe_numba.part_formulas import is_in_place
from nnframe_numba.predictor_source import N_ENTRIES, ROWS, LayerForm, predictor_source
from nnframe_numba.row_blocks import finish_block, linger, take_block, wait_for_blocks
from nnframe_numba.simd import VECTOR_BYTES

# From so many rows on, other threads of Python may run meanwhile; letting them takes as long as a row of a small net.
ROWS_WITHOUT_GIL = 16


def object_file(layers: tuple[Linear, ...]) -> ObjectFile | str:
    """Return the machine code for nets with these activations, or why there is none."""
    require_compile_thread()
    dtype = layers[0].weights.dtype
    parts = [activation_part(layer, k, dtype) for k, layer in enumerate(layers)]
    reasons = [part.reason for part in parts if part.reason]
    if reasons:
        return "; ".join(dict.fromkeys(reasons))
    forms = tuple(
        LayerForm(
            layer.activation is IDENTITY,
            is_in_place(layer.activation),
            tuple(type(value).__name__ for value in part.parameters),
            len(layer.parameters),
        )
        for layer, part in zip(layers, parts, strict=True)
    )
    constants = {"nr": NR_VECTORS * VECTOR_BYTES // dtype.itemsize, "kc": KC, "mc": MC, "a_step": A_STEP}
    constants["alignment"] = VECTOR_BYTES
    namespace = _namespace(dtype, constants)
    for k, (part, form) in enumerate(zip(parts, forms, strict=True)):
        if not form.is_identity:
            namespace[f"activate_{k}"] = inlined(part.function) if part.is_small else part.function
    exec(predictor_source(forms), namespace)
    answer = njit(namespace["answer"], nogil=True, _nrt=False, **ERRORS)
    answer.compile((types.intp,) * 5 + (types.boolean,))
    (compiled,) = answer.overloads.values()
    code, externals = object_code(answer.targetctx, [compiled], partial(_write_call, compiled))
    return ObjectFile(code, externals, [f"activate_{k}" for k, part in enumerate(parts) if part.parameters], constants)


def _namespace(dtype: np.dtype[Any], constants: dict[str, int]) -> dict[str, Any]:
    """Return what the source calls."""
    matrix, vector = raw_arrays.MATRICES[dtype.name], raw_arrays.VECTORS[dtype.name]
    item, alignment = dtype.itemsize, constants["alignment"]
    nr, mc, a_step = constants["nr"], constants["mc"], constants["a_step"]

    @formula
    def align(address: int) -> int:
        return (address + alignment - 1) // alignment * alignment

    @formula
    def workspace_at(address: int, panel_bytes: int, start_bytes: int, a_bytes: int) -> Any:
        start, edge = address + panel_bytes, address + panel_bytes + start_bytes
        block_of_a = edge + mc * nr * item
        return (
            matrix(address, panel_bytes // (nr * item), nr),
            matrix(block_of_a, a_bytes // (a_step * item), a_step),
            matrix(start, 1, start_bytes // item),
            matrix(edge, mc, nr),
        )

    @formula
    def block_rows(blocks: Any, n: int, most: int) -> int:
        return min(n, most, blocks[ROWS] or most)

    return {
        "__name__": __name__,
        "N_ENTRIES": N_ENTRIES,
        "integers": raw_arrays.VECTORS["int64"],
        "block_rows": block_rows,
        "take_block": take_block,
        "finish_block": finish_block,
        "wait_for_blocks": wait_for_blocks,
        "linger": linger,
        "ITEM": item,
        "ALIGNMENT": alignment,
        "matrix": matrix,
        "vector": vector,
        "integer": raw_arrays.ENTRIES["int"],
        **{f"{name}_entry": entry for name, entry in raw_arrays.ENTRIES.items()},
        "allocate": raw_arrays.allocate,
        "release": raw_arrays.release,
        "align": align,
        "workspace_at": workspace_at,
        "linear": linear,
        "linear_single": inlined(linear_single),
    }


def _write_call(compiled: Any, call: Call) -> None:
    """Write ``call(rows, outputs)``, which fills the outputs and returns them.

    ``call(rows, outputs, blocks)`` shares the blocks of rows with ``call(rows, outputs, blocks, None)`` in other
    threads, and waits until all are done. Where an array isn't contiguous and aligned, they return the rows.
    """
    builder = call.builder
    x, y = call.argument(0), call.argument(1)
    call.require(call.are_in_order([x, y]), otherwise=x)
    own_blocks = builder.alloca(ir.ArrayType(WORD, N_ENTRIES))
    builder.store(ir.Constant(own_blocks.type.pointee, None), own_blocks)
    slot = builder.alloca(WORD)
    builder.store(builder.ptrtoint(own_blocks, WORD), slot)
    with builder.if_then(builder.icmp_signed(">", call.n_arguments, WORD(2)), likely=False):
        builder.store(call.data(call.argument(2)), slot)
    helps = builder.zext(builder.icmp_signed(">", call.n_arguments, WORD(3)), ir.IntType(8))
    n_rows = call.size(x, 0)
    is_long = builder.icmp_signed(">=", n_rows, WORD(ROWS_WITHOUT_GIL))
    arguments = call.data(x), n_rows, call.data(y), call.data(call.table), builder.load(slot), helps
    call.compiled_for(compiled, is_long, *arguments)
    call.return_borrowed(y)
