"""The three matrix products of a layer for batches: forward, backward, and the gradient of the weights.

Samples are rows: x is (B, n_in), z and d are (B, n_out), W is (n_out, n_in). Each product is C + A B, blocked for the
caches as in K. Goto and R. A. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM Transactions on
Mathematical Software 34 (3), 2008, in the words of BLIS (see `nnframe_numba.micro_kernel`)::

    for k in steps of KC                     pack KC rows of B into panels
        for i in steps of MC                 pack MC rows of A, unless they are in order already
            macro-kernel:
            for j in steps of NR             one panel of B
                for r in steps of MR         micro-kernel: an MR x NR block of C

The sum for an element of C is always taken in the same order, however the rows of C are shared among threads.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from nnframe import Array
from nnframe.engines.fast.memory import Memory
from nnframe_numba.barrier import has_tickets, share_of_rows, take_ticket
from nnframe_numba.intrinsics import never_inline
from nnframe_numba.jit import formula, kernel
from nnframe_numba.micro_kernel import MR, NARROW_MR, NR_VECTORS, micro_kernel, narrow_micro_kernel
from nnframe_numba.packing import copy_block, pack_a_transposed, pack_b, pack_b_transposed
from nnframe_numba.simd import VECTOR_BYTES, get, load, put, store, width

KC = 272
# A multiple of a vector's width as well, because A^T is written in squares.
MC = 24 * MR
# A ticket stands for this many rows of weights.
ROWS_PER_TICKET = 8 * MR
# Rows of packed A must not be a power of two apart, or they would evict each other from the cache.
A_STEP = KC + VECTOR_BYTES // 4

# As a literal it would be part of the type, and numba would compile the function again for it.
ZERO = np.intp(0)

Workspace: TypeAlias = tuple[Array, Array, Array, Array]


def new_workspace(memory: Memory, dtype: np.dtype[Any], largest: int) -> Workspace:
    """Return memory for the products of one thread.

    Parameters
    ----------
    memory : Memory
    dtype : dtype
    largest : int
        The largest number of inputs or outputs of a layer.

    Returns
    -------
    panels, block_of_a, start, edge : ndarray
        KC rows of B in panels; MC rows of A; a row that is added to all rows of C; MC rows of C, as wide as a panel,
        for the right edge of C.
    """
    nr = NR_VECTORS * VECTOR_BYTES // dtype.itemsize
    n_panels = -(-largest // nr)
    shapes = (n_panels * KC, nr), (MC, A_STEP), (1, n_panels * nr), (MC, nr)
    panels, block_of_a, start, edge = (memory.empty(shape, dtype) for shape in shapes)
    return panels, block_of_a, start, edge


@kernel
def linear(x: Array, W: Array, b: Array, z: Array, workspace: Workspace) -> None:
    """Fill z with x W^T + b."""
    never_inline()
    n_out, n_in = W.shape
    start = workspace[2]
    for r in range(n_out):
        start[0, r] = b[r]
    step = _even_depth(n_in)
    for k in range(0, n_in, step):
        depth = min(step, n_in - k)
        pack_b_transposed(W, k, depth, workspace[0])
        _multiply_panels(x, k, depth, z, workspace)


@kernel
def backward(d: Array, W: Array, before: Array, workspace: Workspace) -> None:
    """Fill `before` with d W, which is dL/da of the layer before."""
    never_inline()
    n_out, n_in = W.shape
    start = workspace[2]
    for j in range(n_in):
        start[0, j] = 0
    step = _even_depth(n_out)
    for k in range(0, n_out, step):
        depth = min(step, n_out - k)
        pack_b(W, k, depth, workspace[0])
        _multiply_panels(d, k, depth, before, workspace)


@kernel
def gradient(
    d: Array,
    x: Array,
    W: Array,
    b: Array,
    overwrite: bool,
    layer: int,
    thread: int,
    n_threads: int,
    barrier: Array,
    workspace: Workspace,
) -> None:
    """Add d^T x to W and the column sums of d to b, or overwrite them; all threads together."""
    never_inline()
    n_samples, n_rows = len(x), len(W)
    # With tickets, a thread that was held up or runs on a slower processor does fewer rows. Threads have fixed rows
    # where there are few, and where the sum over the samples takes several steps, which must be added in order.
    by_ticket = n_samples <= KC and n_rows >= 2 * n_threads * ROWS_PER_TICKET and n_threads > 1
    by_ticket = by_ticket and has_tickets(barrier, layer)
    step = _even_depth(n_samples)
    for k in range(0, n_samples, step):
        depth = min(step, n_samples - k)
        pack_b(x, k, depth, workspace[0])
        first, last = _rows_by_ticket(barrier, layer, n_rows) if by_ticket else share_of_rows(thread, n_threads, n_rows)
        while first < last:
            if k == 0:
                if overwrite:
                    _clear(W, b, first, last)
                _add_column_sums(d, first, last, b)
            for r in range(first, last, MC):
                n = min(MC, last - r)
                pack_a_transposed(d, k, r, depth, n, workspace[1])
                _macro_kernel(workspace[1], ZERO, n, depth, W, r, W, W.shape[1], workspace)
            if not by_ticket:
                break
            first, last = _rows_by_ticket(barrier, layer, n_rows)


@kernel
def _rows_by_ticket(barrier: Array, layer: int, n_rows: int) -> tuple[int, int]:
    """Return the start and the end of the rows that the next ticket stands for."""
    first = min(n_rows, take_ticket(barrier, layer) * ROWS_PER_TICKET)
    return first, min(n_rows, first + ROWS_PER_TICKET)


@kernel
def _clear(W: Array, b: Array, first: int, last: int) -> None:
    for r in range(first, last):
        b[r] = 0
        for j in range(W.shape[1]):
            W[r, j] = 0


@kernel
def _even_depth(n: int) -> int:
    """Return the depth, at most KC, that splits n into the fewest and most even steps."""
    if n <= KC:
        return n
    n_steps = (n + KC - 1) // KC
    return (n + n_steps - 1) // n_steps


@kernel
def _multiply_panels(A: Array, k: int, depth: int, C: Array, workspace: Workspace) -> None:
    """Multiply columns k to k + depth of A with the packed panels; add `start` if k is 0, else add to C."""
    block_of_a, start = workspace[1], workspace[2]
    S, s_step = (start, 0) if k == 0 else (C, C.shape[1])
    for i in range(0, A.shape[0], MC):
        n_rows = min(MC, A.shape[0] - i)
        in_order = depth == A.shape[1]
        if not in_order:
            copy_block(A, i, k, n_rows, depth, block_of_a, 0, 0)
        A_, first = (A, i) if in_order else (block_of_a, 0)
        _macro_kernel(A_, first, n_rows, depth, C, i, S, s_step, workspace)


@kernel
def _macro_kernel(
    A: Array, i: int, n_rows: int, depth: int, C: Array, first: int, S: Array, s_step: int, workspace: Workspace
) -> None:
    """Multiply n_rows rows of A, from i on, with all panels, into rows of C from `first` on.

    The product is added to S: to the same element where s_step is the length of a row, or to one row for all where it
    is 0.
    """
    never_inline()
    panels, _, _, edge = workspace
    n_columns, nr = C.shape[1], NR_VECTORS * width(C)
    for j in range(0, n_columns, nr):
        n_left = n_columns - j
        if n_left <= width(C):
            # Columns that C doesn't have cost nothing here, and no edge has to be copied.
            for r in range(0, n_rows, NARROW_MR):
                c = (first + r) * n_columns + j
                s = j if s_step == 0 else c
                a, n = (i + r) * A.shape[1], min(NARROW_MR, n_rows - r)
                narrow_micro_kernel(
                    A, a, A.shape[1], n, panels, j * depth, depth, S, s, s_step, C, c, n_columns, n_left
                )
            break
        is_whole = n_left >= nr
        if not is_whole and s_step != 0:
            copy_block(S, first, j, n_rows, n_left, edge, 0, 0)
        for r in range(0, n_rows, MR):
            to, c = (C, (first + r) * n_columns + j) if is_whole else (edge, r * nr)
            source, s, step = (S, j, 0) if s_step == 0 else (to, c, to.shape[1])
            a, n = (i + r) * A.shape[1], min(MR, n_rows - r)
            micro_kernel(A, a, A.shape[1], n, panels, j * depth, depth, source, s, step, to, c, to.shape[1])
        if not is_whole:
            copy_block(edge, 0, 0, n_rows, n_left, C, first, j)


@formula
def _add_column_sums(d: Array, first: int, last: int, b: Array) -> None:
    """Add the sums of columns `first` to `last` of d to b.

    The order of the sums is fixed: it must not depend on where a thread's share begins.
    """
    lanes, n_columns = width(d), d.shape[1]
    r = first
    while r + lanes <= last:
        total = load(b, r)
        for i in range(d.shape[0]):
            total = total + load(d, i * n_columns + r)
        store(b, r, total)
        r += lanes
    while r < last:
        number = get(b, r)
        for i in range(d.shape[0]):
            number += get(d, i * n_columns + r)
        put(b, r, number)
        r += 1
