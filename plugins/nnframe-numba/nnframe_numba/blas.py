"""BLAS for compiled code: scipy's matrix product, called from a loop that numba compiles.

scipy publishes the addresses of BLAS's functions for just this use. Compiled code finds them by a name that is
registered with LLVM in each process, so that it can be kept on disk.

Source: the interface of ``gemm`` in J. Dongarra et al., "A set of level 3 Basic Linear Algebra Subprograms", ACM
Transactions on Mathematical Software 16 (1), 1990.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core.cgutils import alloca_once_value, get_or_insert_function
from numba.extending import get_cython_function_address, intrinsic
from threadpoolctl import ThreadpoolController

SYMBOLS = {types.float32: "nnframe_numba_sgemm", types.float64: "nnframe_numba_dgemm"}


@cache
def register() -> None:
    """Let compiled code find BLAS; called before any of it runs."""
    for number, symbol in SYMBOLS.items():
        name = "sgemm" if number is types.float32 else "dgemm"
        binding.add_symbol(symbol, get_cython_function_address("scipy.linalg.cython_blas", name))


class _OneThread:
    """Keeps BLAS to the thread that calls it while at least one training run needs that."""

    def __init__(self) -> None:
        self.controller = ThreadpoolController()
        self.lock = threading.Lock()
        self.n_users = 0
        self.limits: Any = None

    def enter(self) -> None:
        with self.lock:
            if self.n_users == 0:
                self.limits = self.controller.limit(limits=1, user_api="blas")
            self.n_users += 1

    def leave(self) -> None:
        with self.lock:
            self.n_users -= 1
            if self.n_users == 0:
                self.limits.restore_original_limits()


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep BLAS to the thread that calls it, and put back what was set before.

    The engine shares its work among threads of its own. Two teams would wait for each other's processors.
    """
    limit = _one_thread()
    limit.enter()
    try:
        yield
    finally:
        limit.leave()


@cache
def _one_thread() -> _OneThread:
    # The library has to be loaded before its threads can be limited.
    register()
    return _OneThread()


@intrinsic
def gemm(typing, transposed, n_rows, n_columns, depth, A, a, a_step, B, b, b_step, beta, C, c, c_step):  # type: ignore[no-untyped-def]
    """Write op(A) B + beta C to C, with all matrices row by row.

    Parameters
    ----------
    transposed : int
        0: A B. 1: A^T B. 2: A B^T.
    n_rows, n_columns, depth : int
        The shape of C, and the number of products that are summed for each element of it.
    A, B, C : ndarray
    a, b, c : int
        Where each matrix starts in its array, counted in numbers.
    a_step, b_step, c_step : int
        How many numbers lead from one row to the next.
    beta : float
        0 or 1.
    """

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        transposed, n_rows, n_columns, depth, A, a, a_step, B, b, b_step, beta, C, c, c_step = arguments
        number = context.get_value_type(signature.args[11].dtype)
        byte = ir.IntType(8)

        def address(i: int, array: Any, offset: Any) -> Any:
            data = context.make_array(signature.args[i])(context, builder, array).data
            return builder.gep(data, [offset])

        def integer(value: Any) -> Any:
            return alloca_once_value(builder, builder.trunc(value, ir.IntType(32)))

        def letter(is_transposed: Any) -> Any:
            return alloca_once_value(builder, builder.select(is_transposed, byte(ord("T")), byte(ord("N"))))

        one, two = (context.get_constant(types.intp, i) for i in (1, 2))
        # BLAS takes matrices column by column, for which ours are transposed: C^T = B^T A^T.
        values = [
            letter(builder.icmp_signed("==", transposed, two)),
            letter(builder.icmp_signed("==", transposed, one)),
            integer(n_columns),
            integer(n_rows),
            integer(depth),
            alloca_once_value(builder, number(1.0)),
            address(7, B, b),
            integer(b_step),
            address(4, A, a),
            integer(a_step),
            alloca_once_value(builder, beta),
            address(11, C, c),
            integer(c_step),
        ]
        kind = ir.FunctionType(ir.VoidType(), [value.type for value in values])
        builder.call(get_or_insert_function(builder.module, kind, SYMBOLS[signature.args[11].dtype]), values)
        return context.get_dummy_value()

    sizes = [types.intp] * 4
    return types.void(
        *sizes, A, types.intp, types.intp, B, types.intp, types.intp, C.dtype, C, types.intp, types.intp
    ), code
