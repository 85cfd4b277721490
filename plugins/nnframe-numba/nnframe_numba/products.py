"""The products of matrices in a layer, for batches: forwards, backwards, and the step down the gradient.

Samples are rows: x is (B, n_in), z and d are (B, n_out), W is (n_out, n_in). Each product is C + A B, cut so that the
caches hold what is used again, as in K. Goto and R. A. van de Geijn, "Anatomy of high-performance matrix
multiplication", ACM Transactions on Mathematical Software 34 (3), 2008: no more than DEPTH of the numbers that a sum is
over, for which B is copied into panels as wide as a tile, and no more than BLOCK rows of A, which pass all panels.

The sums of an element are always taken in the same order, however the rows of C are divided.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from nnframe import Array
from nnframe.engines.fast.memory import Memory
from nnframe_numba.jit import formula, kernel
from nnframe_numba.lanes import BYTES, add, get, load, put, stay_a_call, store, width
from nnframe_numba.packing import copy, copy_transposed, pack, pack_transposed
from nnframe_numba.parts import has_pieces, rows_of, take
from nnframe_numba.tile import ROWS, VECTORS, tile

DEPTH = 272
# A multiple of what a vector holds, too: transposed, A is written square by square.
BLOCK = 24 * ROWS
# What a thread takes at once of the rows of weights that are to change.
PIECE = 8 * ROWS
# Rows that begin a power of two apart would push each other out of the cache.
APART = DEPTH + BYTES // 4

# Written as a number, it would be part of the type, for which numba would compile a function anew.
ZERO = np.intp(0)

Space: TypeAlias = tuple[Array, Array, Array, Array]


def space(memory: Memory, dtype: np.dtype[Any], largest: int) -> Space:
    """Return memory for the products of one thread.

    Parameters
    ----------
    memory : Memory
    dtype : dtype
    largest : int
        The most that a layer has of inputs or outputs.

    Returns
    -------
    panels, rows, start, edge : ndarray
        For DEPTH rows of B, panel after panel; for BLOCK rows of A; for a row that is added to all rows of C; and for
        BLOCK rows of C as wide as a panel.
    """
    wide = VECTORS * BYTES // dtype.itemsize
    n_panels = -(-largest // wide)
    shapes = (n_panels * DEPTH, wide), (BLOCK, APART), (1, n_panels * wide), (BLOCK, wide)
    panels, rows, start, edge = (memory.empty(shape, dtype) for shape in shapes)
    return panels, rows, start, edge


@kernel
def linear(x: Array, W: Array, b: Array, z: Array, space: Space) -> None:
    """Fill z with x W^T + b."""
    stay_a_call()
    n_out, n_in = W.shape
    start = space[2]
    for r in range(n_out):
        start[0, r] = b[r]
    step = _even_depth(n_in)
    for k in range(0, n_in, step):
        depth = min(step, n_in - k)
        pack_transposed(W, k, depth, space[0])
        _multiply_rows(x, k, depth, z, space)


@kernel
def backward(d: Array, W: Array, before: Array, space: Space) -> None:
    """Fill `before` with d W, which is dL/da of the layer before."""
    stay_a_call()
    n_out, n_in = W.shape
    start = space[2]
    for j in range(n_in):
        start[0, j] = 0
    step = _even_depth(n_out)
    for k in range(0, n_out, step):
        depth = min(step, n_out - k)
        pack(W, k, depth, space[0])
        _multiply_rows(d, k, depth, before, space)


@kernel
def descend(
    d: Array, x: Array, W: Array, b: Array, layer: int, part: int, n_parts: int, board: Array, space: Space
) -> None:
    """Add d^T x to W, and the sum of d over the samples to b, all parts together."""
    _add_products(d, x, W, b, False, layer, part, n_parts, board, space)


@kernel
def gradient(
    d: Array, x: Array, W: Array, b: Array, layer: int, part: int, n_parts: int, board: Array, space: Space
) -> None:
    """Fill W with d^T x and b with the sum of d over the samples, all parts together."""
    _add_products(d, x, W, b, True, layer, part, n_parts, board, space)


@kernel
def _add_products(
    d: Array,
    x: Array,
    W: Array,
    b: Array,
    is_anew: bool,
    layer: int,
    part: int,
    n_parts: int,
    board: Array,
    space: Space,
) -> None:
    stay_a_call()
    n_samples, n_rows = len(x), len(W)
    # Pieces are for whoever comes first: one who was held up, or is on a slower processor, gets fewer. Each keeps to
    # rows of its own where these are few, and where the sum has several parts, for they must be added in their order.
    are_pieces = n_samples <= DEPTH and n_rows >= 2 * n_parts * PIECE and n_parts > 1 and has_pieces(board, layer)
    step = _even_depth(n_samples)
    for k in range(0, n_samples, step):
        depth = min(step, n_samples - k)
        pack(x, k, depth, space[0])
        first, last = _piece(board, layer, n_rows) if are_pieces else rows_of(part, n_parts, n_rows)
        while first < last:
            if k == 0:
                if is_anew:
                    _clear(W, b, first, last)
                _add_columns(d, first, last, b)
            for r in range(first, last, BLOCK):
                n = min(BLOCK, last - r)
                copy_transposed(d, k, r, depth, n, space[1])
                _multiply_tiles(space[1], ZERO, n, depth, W, r, W, W.shape[1], space)
            if not are_pieces:
                break
            first, last = _piece(board, layer, n_rows)


@kernel
def _piece(board: Array, layer: int, n_rows: int) -> tuple[int, int]:
    """Return the first of some rows that are still to be done, and the one after their last."""
    first = min(n_rows, take(board, layer) * PIECE)
    return first, min(n_rows, first + PIECE)


@kernel
def _clear(W: Array, b: Array, first: int, last: int) -> None:
    for r in range(first, last):
        b[r] = 0
        for j in range(W.shape[1]):
            W[r, j] = 0


@kernel
def _even_depth(n: int) -> int:
    """Return the depth that gets through n in the fewest steps, the last of which is hardly shorter."""
    if n <= DEPTH:
        return n
    n_steps = (n + DEPTH - 1) // DEPTH
    return (n + n_steps - 1) // n_steps


@kernel
def _multiply_rows(A: Array, k: int, depth: int, C: Array, space: Space) -> None:
    """Multiply columns of A, from k on, with the panels; and add `start` if k is 0, else C."""
    rows, start = space[1], space[2]
    S, s_step = (start, 0) if k == 0 else (C, C.shape[1])
    for i in range(0, A.shape[0], BLOCK):
        n_rows = min(BLOCK, A.shape[0] - i)
        is_all = depth == A.shape[1]
        if not is_all:
            copy(A, i, k, n_rows, depth, rows, 0, 0)
        A_, first = (A, i) if is_all else (rows, 0)
        _multiply_tiles(A_, first, n_rows, depth, C, i, S, s_step, space)


@kernel
def _multiply_tiles(
    A: Array, i: int, n_rows: int, depth: int, C: Array, first: int, S: Array, s_step: int, space: Space
) -> None:
    """Multiply rows of A, from i on, with the panels, and fill rows of C, from the first on.

    What S has in that column is added: in the same row, or in one for all rows if its step is 0.
    """
    stay_a_call()
    panels, _, _, edge = space
    n_columns, wide = C.shape[1], VECTORS * width(C)
    for j in range(0, n_columns, wide):
        is_whole = j + wide <= n_columns
        if not is_whole and s_step != 0:
            copy(S, first, j, n_rows, n_columns - j, edge, 0, 0)
        for r in range(0, n_rows, ROWS):
            to, c = (C, (first + r) * n_columns + j) if is_whole else (edge, r * wide)
            source, s, step = (S, j, 0) if s_step == 0 else (to, c, to.shape[1])
            a, n = (i + r) * A.shape[1], min(ROWS, n_rows - r)
            tile(A, a, A.shape[1], n, panels, j * depth, depth, source, s, step, to, c, to.shape[1])
        if not is_whole:
            copy(edge, 0, 0, n_rows, n_columns - j, C, first, j)


@formula
def _add_columns(d: Array, first: int, last: int, b: Array) -> None:
    """Add the sum of d over the samples to b, from the first to before the last.

    In the order that is written: it must not depend on where a part begins.
    """
    lanes, n_columns = width(d), d.shape[1]
    r = first
    while r + lanes <= last:
        total = load(b, r)
        for i in range(d.shape[0]):
            total = add(total, load(d, i * n_columns + r))
        store(b, r, total)
        r += lanes
    while r < last:
        number = get(b, r)
        for i in range(d.shape[0]):
            number += get(d, i * n_columns + r)
        put(b, r, number)
        r += 1
