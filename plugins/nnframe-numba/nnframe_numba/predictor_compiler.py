"""A net's outputs in machine code that is called without numba.

numba compiles the source; a small function around it, written for LLVM, reads the fields of the two arrays that Python
passes. The result is an object file for `nnframe_numba.native_call`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core.compiler_lock import global_compiler_lock

from nnframe.contracts.bound import Linear
from nnframe.registry.binding import IDENTITY
from nnframe_numba import native_call, raw_arrays
from nnframe_numba.compile_thread import require_compile_thread
from nnframe_numba.compiled_parts import activate_part, is_in_place
from nnframe_numba.jit import ERRORS, formula, inlined
from nnframe_numba.matrix_products import A_STEP, KC, MC, linear
from nnframe_numba.matrix_vector import linear_single
from nnframe_numba.micro_kernel import NR_VECTORS
from nnframe_numba.predictor_source import LayerForm, predictor_source
from nnframe_numba.simd import VECTOR_BYTES

# From so many rows on, other threads of Python may run meanwhile; letting them takes as long as a row of a small net.
ROWS_WITHOUT_GIL = 16


class ObjectFile(NamedTuple):
    """A net's outputs in machine code.

    Attributes
    ----------
    code : bytes
    externals : list of str
        The symbols that it refers to.
    parameters : list of bool
        For each layer, whether its activation's parameters are in the table; otherwise they are constants.
    constants : dict of str to int
        What a table for it depends on.
    """

    code: bytes
    externals: list[str]
    parameters: list[bool]
    constants: dict[str, int]


def object_file(layers: tuple[Linear, ...]) -> ObjectFile | str:
    """Return the machine code for nets with these activations, or why there is none."""
    require_compile_thread()
    dtype = layers[0].weights.dtype
    parts = [activate_part(layer.activation, dtype) for layer in layers]
    reasons = [part.reason for part in parts if part.reason]
    if reasons:
        return "; ".join(dict.fromkeys(reasons))
    forms = tuple(
        LayerForm(
            layer.activation is IDENTITY,
            is_in_place(layer.activation),
            tuple(type(value).__name__ for value in part.parameters),
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
    answer.compile((types.intp,) * 4)
    (compiled,) = answer.overloads.values()
    code, externals = _object_code(answer.targetctx, compiled)
    return ObjectFile(code, externals, [bool(part.parameters) for part in parts], constants)


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

    return {
        "__name__": __name__,
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


@global_compiler_lock  # type: ignore[untyped-decorator]
def _object_code(target: Any, compiled: Any) -> tuple[bytes, list[str]]:
    """Return an object file with a function that Python calls, and the symbols that it refers to."""
    codegen = target.codegen()
    library = codegen.create_library("nnframe_answer")
    library.enable_object_caching()
    module = library.create_ir_module("nnframe_answer")
    _write_call(target, module, compiled)
    library.add_ir_module(module)
    library.add_linking_library(compiled.library)
    library.finalize()
    externals = [
        each.name
        for each in library._final_module.functions
        if each.is_declaration and not each.name.startswith("llvm.")
    ]
    externals += [each.name for each in library._final_module.global_variables if each.is_declaration]
    return library._get_compiled_object(), externals


def _write_call(target: Any, module: ir.Module, compiled: Any) -> None:
    """Write ``PyObject *(PyObject *table, PyObject *const *arrays, Py_ssize_t n)``, which fills the second array.

    It returns the second array, or the first one if an array isn't contiguous and aligned.
    """
    byte, word = ir.IntType(8), ir.IntType(64)
    pointer = byte.as_pointer()
    call = ir.Function(module, ir.FunctionType(pointer, [pointer, pointer.as_pointer(), word]), native_call.SYMBOL)
    builder = ir.IRBuilder(call.append_basic_block())
    table, arrays, _ = call.args
    x, y = (builder.load(builder.gep(arrays, [word(i)])) for i in range(2))

    def field(array: Any, offset: int, kind: Any) -> Any:
        return builder.load(builder.bitcast(builder.gep(array, [word(offset)]), kind.as_pointer()))

    needed = ir.IntType(32)(native_call.C_CONTIGUOUS | native_call.ALIGNED)
    flags = [field(array, native_call.FLAGS_OFFSET, ir.IntType(32)) for array in (x, y)]
    are_there = builder.icmp_signed("==", builder.and_(builder.and_(*flags), needed), needed)
    result = builder.select(are_there, y, x)
    increase = ir.Function(module, ir.FunctionType(ir.VoidType(), [pointer]), "Py_IncRef")
    builder.call(increase, [result])
    with builder.if_then(are_there, likely=True):
        n_rows = builder.load(field(x, native_call.SHAPE_OFFSET, word.as_pointer()))
        x_data, y_data, entries = (field(array, native_call.DATA_OFFSET, word) for array in (x, y, table))
        function = ir.Function(
            module, target.call_conv.get_function_type(compiled.fndesc.restype, compiled.fndesc.argtypes),
            compiled.fndesc.llvm_func_name,
        )  # fmt: skip
        save = ir.Function(module, ir.FunctionType(pointer, []), "PyEval_SaveThread")
        restore = ir.Function(module, ir.FunctionType(ir.VoidType(), [pointer]), "PyEval_RestoreThread")

        def answer() -> None:
            target.call_conv.call_function(
                builder, function, compiled.fndesc.restype, compiled.fndesc.argtypes, [x_data, n_rows, y_data, entries]
            )

        with builder.if_else(builder.icmp_signed("<", n_rows, word(ROWS_WITHOUT_GIL))) as (few, many):
            with few:
                answer()
            with many:
                state = builder.call(save, [])
                answer()
                builder.call(restore, [state])
    builder.ret(result)
