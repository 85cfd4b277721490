"""An update of a net in machine code that is called without numba."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types

from nnframe.contracts.engine import BoundNet
from nnframe_numba import epoch_kernels, native_call, raw_arrays
from nnframe_numba.batch_source import BatchVariant
from nnframe_numba.code_store import ObjectFile
from nnframe_numba.compile_thread import require_compile_thread
from nnframe_numba.compiled_parts import compiled_parts
from nnframe_numba.epoch_compiler import namespace_of
from nnframe_numba.jit import ERRORS, formula
from nnframe_numba.matrix_products import A_STEP, KC, MC
from nnframe_numba.micro_kernel import NR_VECTORS
from nnframe_numba.object_code import INT, POINTER, WORD, Call, object_code
from nnframe_numba.simd import VECTOR_BYTES
from nnframe_numba.stepper_source import PAIR_ARGUMENTS, POSITIONS, stepper_source, takes_pairs


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
    wrong_numbers = _wrong_numbers(dtype) if takes_pairs(variant) else None
    called = [each for each in (compiled, wrong_numbers) if each is not None]
    code, externals = object_code(step.targetctx, called, partial(_write_call, variant, compiled, wrong_numbers))
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


def _wrong_numbers(dtype: np.dtype[Any]) -> Any:
    """Return the compiled function that counts the numbers of a pair that can't be used."""
    vector = raw_arrays.VECTORS[dtype.name]
    largest = np.finfo(dtype).max

    @formula
    def wrong_numbers(x_address: int, n_in: int, y_address: int, n_out: int, low: float, high: float) -> Any:
        x, y = vector(x_address, n_in), vector(y_address, n_out)
        n_wrong = np.intp(0)
        for i in range(n_in):
            # Not true of NaN either.
            n_wrong += not abs(x[i]) <= largest
        for i in range(n_out):
            n_wrong += not low <= y[i] <= high
        return n_wrong

    checked: Any = wrong_numbers
    checked.compile((types.intp,) * 4 + (types.float64,) * 2)
    (compiled,) = checked.overloads.values()
    return compiled


def _write_call(variant: BatchVariant, step: Any, wrong_numbers: Any, call: Call) -> None:
    """Write ``call(x, y, weights, learning_rate, dropout_key) -> total``, and ``call(x, y, learning_rate)``.

    The second is for columns, and there only for variants that take pairs.
    The first returns x if an array isn't contiguous and aligned, or if an update would change x while it is still
    needed; the second returns None if an argument can't be used as it is.
    """
    builder, rate_position = call.builder, WORD(3)
    entries = {name: call.entry(position) for name, position in POSITIONS.items()}
    no_answer = call.argument(0)
    x, y = call.argument(0), call.argument(1)
    if wrong_numbers is not None:
        are_pair = builder.icmp_signed("==", call.n_arguments, WORD(PAIR_ARGUMENTS))
        with builder.if_then(are_pair):
            _require_pair(call, x, y, wrong_numbers)
        no_answer = builder.select(are_pair, builder.inttoptr(entries["none"], POINTER), x)
        rate_position = builder.select(are_pair, WORD(PAIR_ARGUMENTS - 1), rate_position)
    arrays = [x, y, call.argument(2)] if variant.weighted else [x, y]
    call.require(call.are_in_order(arrays), otherwise=x)
    if variant.updates_in_place:
        begin = call.data(x)
        end = builder.add(begin, entries["input_bytes"])
        for array in ("weights", "bias"):
            is_before = builder.icmp_unsigned("<=", end, entries[f"{array}_begin"])
            is_behind = builder.icmp_unsigned(">=", begin, entries[f"{array}_end"])
            call.require(builder.or_(is_before, is_behind), otherwise=no_answer)
    rate = call.api("PyFloat_AsDouble", ir.DoubleType(), call.argument(rate_position))
    key = call.api("PyLong_AsUnsignedLongLong", WORD, call.argument(4)) if any(variant.dropped) else WORD(0)
    is_long = builder.icmp_signed("!=", call.entry(POSITIONS["is_long"]), WORD(0))
    addresses = [call.data(array) for array in arrays]
    if not variant.weighted:
        addresses.append(WORD(0))
    total = call.compiled_for(step, is_long, *addresses, rate, key, call.data(call.table))
    builder.ret(call.api("PyFloat_FromDouble", POINTER, total))


def _require_pair(call: Call, x: Any, y: Any, wrong_numbers: Any) -> None:
    """Write what returns None unless x and y are columns of the net's dtype with numbers that can be used."""
    builder = call.builder
    entries = {name: call.entry(position) for name, position in POSITIONS.items()}
    none = builder.inttoptr(entries["none"], POINTER)

    def require_equal(value: Any, expected: Any) -> None:
        call.require(builder.icmp_signed("==", value, expected), otherwise=none)

    for array in (x, y):
        require_equal(call.field(array, native_call.TYPE_OFFSET), entries["array_type"])
    call.require(call.are_in_order([x, y]), otherwise=none)
    for array, n_rows in ((x, entries["n_in"]), (y, entries["n_out"])):
        require_equal(call.field(array, native_call.DTYPE_OFFSET), entries["dtype"])
        require_equal(call.field(array, native_call.DIMENSIONS_OFFSET, INT), INT(2))
        require_equal(call.size(array, 0), n_rows)
        require_equal(call.size(array, 1), WORD(1))
    limits = [builder.bitcast(entries[name], ir.DoubleType()) for name in ("low", "high")]
    sizes = entries["n_in"], entries["n_out"]
    n_wrong = call.compiled(wrong_numbers, call.data(x), sizes[0], call.data(y), sizes[1], *limits)
    require_equal(n_wrong, WORD(0))
