"""Copies of parts of matrices for the products, so that the innermost loop finds side by side what it takes next.

A panel is as wide as a tile, and has a row for each of the numbers that a sum is over. What stands where a matrix has
ended is multiplied like the rest, and never kept.

Matrices are transposed in squares as far as those go, and then number by number. A square that is all there has a call
of its own, with constants, for which LLVM leaves out what would keep it within the matrix.
"""

from __future__ import annotations

from nnframe import Array
from nnframe_numba.jit import kernel
from nnframe_numba.lanes import get, load, load_some, put, store, store_some, transpose, width
from nnframe_numba.tile import VECTORS


@kernel
def pack(B: Array, k: int, depth: int, panels: Array) -> None:
    """Copy rows of B, from k on, into panels, the last of which is filled up with zeros."""
    n_columns, lanes = B.shape[1], width(B)
    wide = VECTORS * lanes
    p = 0
    for j in range(0, n_columns, wide):
        for i in range(k, k + depth):
            for v in range(VECTORS):
                first = j + v * lanes
                if j + wide <= n_columns:
                    store(panels, p + v * lanes, load(B, i * n_columns + first))
                else:
                    store(panels, p + v * lanes, load_some(B, i * n_columns + first, n_columns - first))
            p += wide


@kernel
def pack_transposed(B: Array, k: int, depth: int, panels: Array) -> None:
    """Copy columns of B, from k on, into panels as if they were rows; the last panel is filled up with B's last row."""
    n_rows, n_columns = B.shape
    lanes = width(B)
    wide = VECTORS * lanes
    whole = depth - depth % lanes
    p = 0
    for j in range(0, n_rows, wide):
        for v in range(VECTORS):
            row = min(j + v * lanes, n_rows - 1)
            square, n_left = row * n_columns + k, n_rows - row
            for i in range(0, whole, lanes):
                if n_left >= lanes:
                    transpose(B, square + i, n_columns, lanes, lanes, panels, p + i * wide + v * lanes, wide)
                else:
                    transpose(B, square + i, n_columns, n_left, lanes, panels, p + i * wide + v * lanes, wide)
        for q in range(wide):
            row = min(j + q, n_rows - 1)
            for i in range(whole, depth):
                put(panels, p + i * wide + q, get(B, row * n_columns + k + i))
        p += depth * wide


@kernel
def copy(A: Array, i: int, k: int, n_rows: int, n_columns: int, to: Array, to_i: int, to_k: int) -> None:
    """Copy a part of A, from row i and column k on."""
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
def copy_transposed(A: Array, k: int, i: int, n_columns: int, n_rows: int, to: Array) -> None:
    """Copy a part of A^T, whose rows are columns of A from i on, and rows of zeros until the last square is full."""
    lanes = width(A)
    whole = n_columns - n_columns % lanes
    for r in range(0, n_rows, lanes):
        n_left = n_rows - r
        for j in range(0, whole, lanes):
            square, target = (k + j) * A.shape[1] + i + r, r * to.shape[1] + j
            if n_left >= lanes:
                transpose(A, square, A.shape[1], lanes, lanes, to, target, to.shape[1])
            else:
                transpose(A, square, A.shape[1], lanes, n_left, to, target, to.shape[1])
        for q in range(r, min(r + lanes, n_rows)):
            for j in range(whole, n_columns):
                put(to, q * to.shape[1] + j, get(A, (k + j) * A.shape[1] + i + q))
