"""Packing: copies of parts of A and B in the order in which the micro-kernel reads them.

B is packed into panels of NR columns: row k of a panel holds B[k, j : j + NR]. Where B has no more columns, a panel is
padded; the products with the padding are never stored. A is copied row by row only where it isn't in order already.

A transposed matrix is packed in squares of width x width numbers, transposed in registers, and what is left over
number by number. Full squares have a call of their own with constant sizes, from which LLVM removes the masks.
"""

from __future__ import annotations

from nnframe import Array
from nnframe_numba.jit import kernel
from nnframe_numba.micro_kernel import NR_VECTORS
from nnframe_numba.simd import get, load, load_some, put, store, store_some, width
from nnframe_numba.transposing import transpose


@kernel
def pack_b(B: Array, k: int, depth: int, panels: Array) -> None:
    """Pack rows k to k + depth of B; the last panel is padded with zeros."""
    n_columns, lanes = B.shape[1], width(B)
    nr = NR_VECTORS * lanes
    p = 0
    for j in range(0, n_columns, nr):
        for i in range(k, k + depth):
            for v in range(NR_VECTORS):
                first = j + v * lanes
                if j + nr <= n_columns:
                    store(panels, p + v * lanes, load(B, i * n_columns + first))
                else:
                    store(panels, p + v * lanes, load_some(B, i * n_columns + first, n_columns - first))
            p += nr


@kernel
def pack_b_transposed(B: Array, k: int, depth: int, panels: Array) -> None:
    """Pack rows k to k + depth of B^T, columns of B; the last panel is padded with copies of B's last row."""
    n_rows, n_columns = B.shape
    lanes = width(B)
    nr = NR_VECTORS * lanes
    whole = depth - depth % lanes
    p = 0
    for j in range(0, n_rows, nr):
        for v in range(NR_VECTORS):
            row = min(j + v * lanes, n_rows - 1)
            square, n_left = row * n_columns + k, n_rows - row
            for i in range(0, whole, lanes):
                if n_left >= lanes:
                    transpose(B, square + i, n_columns, lanes, lanes, panels, p + i * nr + v * lanes, nr)
                else:
                    transpose(B, square + i, n_columns, n_left, lanes, panels, p + i * nr + v * lanes, nr)
        for q in range(nr):
            row = min(j + q, n_rows - 1)
            for i in range(whole, depth):
                put(panels, p + i * nr + q, get(B, row * n_columns + k + i))
        p += depth * nr


@kernel
def copy_block(A: Array, i: int, k: int, n_rows: int, n_columns: int, to: Array, to_i: int, to_k: int) -> None:
    """Copy A[i : i + n_rows, k : k + n_columns] to the same-sized block of `to` that starts at (to_i, to_k)."""
    lanes = width(A)
    for r in range(n_rows):
        a, t = (i + r) * A.shape[1] + k, (to_i + r) * to.shape[1] + to_k
        j = 0
        while j + lanes <= n_columns:
            store(to, t + j, load(A, a + j))
            j += lanes
        if j < n_columns:
            store_some(to, t + j, load_some(A, a + j, n_columns - j), n_columns - j)


@kernel
def pack_a_transposed(A: Array, k: int, i: int, depth: int, n_rows: int, to: Array) -> None:
    """Copy A[k : k + depth, i : i + n_rows]^T to `to`, with rows of zeros until the last square is full."""
    lanes = width(A)
    whole = depth - depth % lanes
    for r in range(0, n_rows, lanes):
        n_left = n_rows - r
        for j in range(0, whole, lanes):
            square, target = (k + j) * A.shape[1] + i + r, r * to.shape[1] + j
            if n_left >= lanes:
                transpose(A, square, A.shape[1], lanes, lanes, to, target, to.shape[1])
            else:
                transpose(A, square, A.shape[1], lanes, n_left, to, target, to.shape[1])
        for q in range(r, min(r + lanes, n_rows)):
            for j in range(whole, depth):
                put(to, q * to.shape[1] + j, get(A, (k + j) * A.shape[1] + i + q))
