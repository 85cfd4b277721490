"""An update of a net in machine code that is called without numba."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types

from nnframe.contracts.engine import BoundNet
from nnframe_numba import epoch_kernels, raw_arrays
from nnframe_numba.batch_source import BatchVariant
from nnframe_numba.code_store import ObjectFile
from nnframe_numba.compile_thread import require_compile_thread
from nnframe_numba.compiled_parts import compiled_parts
from nnframe_numba.epoch_compiler import namespace_of
from nnframe_numba.jit import ERRORS
from nnframe_numba.matrix_products import A_STEP, KC, MC
from nnframe_numba.micro_kernel import NR_VECTORS
from nnframe_numba.object_code import POINTER, WORD, Call, object_code
from nnframe_numba.simd import VECTOR_BYTES
from nnframe_numba.stepper_source import stepper_source


def object_file(net: BoundNet, variant: BatchVariant) -> ObjectFile | str:
    """Return the machine code for updates of such nets, or why there is none."""
    require_compile_thread()
    dtype = net.layers[0].weights.dtype
    parts = compiled_parts(net, dtype)
    reasons = [part.reason for part in parts.values() if part.reason]
    if reasons:
        return "; ".join(dict.fromkeys(reasons))
    parametrized = sorted(name for name, part in parts.items() if part.parameters)
    variant = variant._replace(parametrized=frozenset(parametrized))
    kinds = {name: tuple(type(value).__name__ for value in parts[name].parameters) for name in parametrized}
    source = stepper_source(variant, kinds)
    namespace = namespace_of(source, parts, inline=variant.single) | _arrays(dtype)
    exec(compile(source, "<step>", "exec"), namespace)
    step = njit(namespace["step"], nogil=True, **ERRORS)
    step.compile((types.intp, types.intp, types.intp, types.float64, types.uint64, types.intp))
    (compiled,) = step.overloads.values()

    def write(call: Call) -> None:
        _write_call(call, variant)

    code, externals = object_code(step.targetctx, compiled, write)
    nr = NR_VECTORS * VECTOR_BYTES // dtype.itemsize
    return ObjectFile(code, externals, parametrized, {"nr": nr, "kc": KC, "mc": MC, "a_step": A_STEP})


def _arrays(dtype: np.dtype[Any]) -> dict[str, Any]:
    """Return what the source makes arrays and numbers with, and what else only a single update calls."""
    vectors = raw_arrays.VECTORS
    return {
        "ZERO": np.intp(0),
        "ONE": np.intp(1),
        "copy": epoch_kernels.copy,
        "matrix": raw_arrays.MATRICES[dtype.name],
        "vector": vectors[dtype.name],
        "integers": vectors["int64"],
        "unsigned": vectors["uint64"],
        "floats": vectors["float64"],
        **{f"{name}_entry": entry for name, entry in raw_arrays.ENTRIES.items()},
    }


def _write_call(call: Call, variant: BatchVariant) -> None:
    """Write ``call(x, y, weights, learning_rate, dropout_key) -> total``.

    It returns x if an array isn't contiguous and aligned.
    """
    builder = call.builder
    x, y, weights, rate, key = (call.argument(i) for i in range(5))
    arrays = [x, y, weights] if variant.weighted else [x, y]
    with builder.if_then(builder.not_(call.are_in_order(arrays)), likely=False):
        call.return_borrowed(x)
    rate = call.api("PyFloat_AsDouble", ir.DoubleType(), rate)
    key = call.api("PyLong_AsUnsignedLongLong", WORD, key) if any(variant.dropped) else WORD(0)
    table = call.data(call.table)
    is_long = builder.icmp_signed("!=", builder.load(builder.inttoptr(table, WORD.as_pointer())), WORD(0))
    addresses = [call.data(array) for array in arrays]
    if not variant.weighted:
        addresses.append(WORD(0))
    total = call.compiled_for(is_long, *addresses, rate, key, table)
    builder.ret(call.api("PyFloat_FromDouble", POINTER, total))
