"""How threads share the work of a batch, and where they wait for each other.

Compiled threads that run at the same time meet within a microsecond, if they wait by looking again and again; a lock
takes many.
"""

from __future__ import annotations

import sys

import numpy as np
from numba import types
from numba.extending import intrinsic

from nnframe import Array
from nnframe_numba.jit import kernel
from nnframe_numba.lanes import place

# After so many looks, half a millisecond, whoever waits sleeps for a moment: the other may want this very processor.
LOOKS = 200_000
MOMENT = 1
ARRIVED, CALLED_OFF, TAKEN = 0, 1, 2

# Of fewer samples, copying the weights for a product would take as long as the product.
FEWEST_SAMPLES = 8

# Windows counts in milliseconds, others in microseconds.
_sleep = types.ExternalFunction("Sleep" if sys.platform == "win32" else "usleep", types.intc(types.uintc))


@kernel
def rows_of(part: int, n_parts: int, n_rows: int) -> tuple[int, int]:
    """Return the first of a part's rows, and the one after its last."""
    return n_rows * part // n_parts, n_rows * (part + 1) // n_parts


@kernel
def samples_of(part: int, n_parts: int, count: int) -> tuple[int, int]:
    """Return the first of a part's samples of a batch, and the one after its last."""
    n_sharing = max(1, min(n_parts, count // FEWEST_SAMPLES))
    if part >= n_sharing:
        return count, count
    return rows_of(part, n_sharing, count)


def new_board(n_layers: int) -> Array:
    """Return what threads tell each other.

    That is how many have come to all meetings so far; something else than 0 if there will be no more, as whoever calls
    it off says; and for each layer, how many pieces of its work have been taken. With 0 layers, there are no pieces.
    """
    return np.zeros(TAKEN + n_layers, np.int64)


@kernel
def has_pieces(board: Array, layer: int) -> bool:
    """Return whether a layer's work may be taken in pieces."""
    return TAKEN + layer < len(board)


@kernel
def take(board: Array, layer: int) -> int:
    """Return the number of a piece of a layer's work, which no other thread will get."""
    number: int = _add_one(board, TAKEN + layer)
    return number


@kernel
def put_back(board: Array) -> None:
    """Let all pieces be taken again; not while one may be."""
    for i in range(TAKEN, len(board)):
        board[i] = 0


@kernel
def meet(board: Array, n_threads: int) -> bool:
    """Wait until as many threads are here; return False if the meeting was called off.

    Parameters
    ----------
    board : ndarray of int64
        See `new_board`.
    n_threads : int
    """
    number = _add_one(board, ARRIVED)
    everyone = (number // n_threads + 1) * n_threads
    looks = 0
    while _read(board, ARRIVED) < everyone:
        if _read(board, CALLED_OFF) != 0:
            return False
        looks += 1
        if looks > LOOKS:
            _sleep(MOMENT)
    return True


@intrinsic
def _add_one(typing, board, i):  # type: ignore[no-untyped-def]
    """Add 1 to a number and return what it was, with no other thread in between."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        address = place(context, builder, signature.args[0], *arguments)
        return builder.atomic_rmw("add", address, context.get_constant(types.int64, 1), "seq_cst")

    return types.int64(board, types.intp), code


@intrinsic
def _read(typing, board, i):  # type: ignore[no-untyped-def]
    """Return a number as another thread may have left it just now, with all that it wrote before."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        address = place(context, builder, signature.args[0], *arguments)
        return builder.load_atomic(address, "seq_cst", 8)

    return types.int64(board, types.intp), code
