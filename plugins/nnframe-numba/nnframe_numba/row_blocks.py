"""Blocks of rows that threads take from one another, whichever is free the next one.

A thread that gets no processor in time takes no block, and nobody waits for it.
"""

from __future__ import annotations

from nnframe import Array
from nnframe_numba.barrier import SLEEP_UNITS, SPINS, fetch_add_one, load_atomic, sleep
from nnframe_numba.jit import kernel
from nnframe_numba.predictor_source import DONE, IS_OVER, NEXT

# About 50 microseconds.
LINGERING_SPINS = 20_000


@kernel
def take_block(blocks: Array) -> int:
    """Return the number of the next block, which no other thread gets; it may be behind the last one."""
    block: int = fetch_add_one(blocks, NEXT)
    return block


@kernel
def finish_block(blocks: Array) -> None:
    """Say that a block is done."""
    fetch_add_one(blocks, DONE)


@kernel
def wait_for_blocks(blocks: Array, n_blocks: int) -> None:
    """Wait until so many blocks are done; all of them have been taken."""
    spins = 0
    while load_atomic(blocks, DONE) < n_blocks:
        spins += 1
        if spins > SPINS:
            sleep(SLEEP_UNITS)
    blocks[IS_OVER] = 1


@kernel
def linger(blocks: Array) -> None:
    """Wait a little until the thread that waits for all blocks has seen the end.

    Both need Python's lock to go on, and the second one sleeps for it as long as a thousand rows of a small net take.
    That should be the one that nobody waits for.
    """
    spins = 0
    while load_atomic(blocks, IS_OVER) == 0 and spins < LINGERING_SPINS:
        spins += 1
