"""Adds up vectors in each of the three ways, and tells of failures."""

import os

import numpy as np
from nnframe_mpi.shared_memory import SharedVector
from nnframe_mpi.sums import AnotherFailedError, InFloat64, InMessages, OnOneMachine, connected, sums_of
from nnframe_mpi.team import MPITeam
from results import leave

team = MPITeam(False, 20.0)
SIZES = 1, 2, 1001, 30_000


def vector_of(rank, n, dtype):
    return np.random.default_rng([rank, n]).normal(size=n).astype(dtype)


def added_up(sums, n, dtype, loss_sum):
    """Return what two sums in a row end with."""
    found = []
    for _ in range(2):
        sums.vector[:] = vector_of(team.rank, n, dtype)
        found.append((sums.add_up(team.add_up, loss_sum), sums.vector.copy()))
    return found


def outcome_with_a_failure(sums):
    try:
        (sums.fail if team.rank == 1 else lambda exchange: sums.add_up(exchange, 0.0))(team.add_up)
    except AnotherFailedError:
        return "another failed"
    return "no error"


def on_one_machine(n, dtype):
    sums = OnOneMachine(team, n, dtype)
    sums.open(team.gather(sums.memory.address))
    team.gather(None)
    return sums


WAYS = {
    "in float64": lambda n, dtype: InFloat64(n, dtype),
    "in messages": lambda n, dtype: InMessages(team, n, dtype),
    "on one machine": on_one_machine,
}

if __name__ == "__main__":
    found = {}
    for way, make in WAYS.items():
        for dtype in (np.dtype(np.float32), np.dtype(np.float64)):
            for n in SIZES:
                found[way, n, dtype.name] = added_up(make(n, dtype), n, dtype, 0.1 * 10.0**team.rank)
            found[way, "NaN", dtype.name] = added_up(make(5, dtype), 5, dtype, np.nan if team.rank == 1 else 1.0)
            found[way, "failed", dtype.name] = outcome_with_a_failure(make(5, dtype))
    found["long"] = type(connected(sums_of(team, 10**5, np.dtype(np.float32)), team)).__name__
    # One process can't read the memory of another.
    if team.rank == 1:
        SharedVector._opened = lambda self, address: os.open("/does not exist", os.O_RDONLY)
    found["unreadable"] = type(connected(sums_of(team, 10**5, np.dtype(np.float32)), team)).__name__
    # There is no such memory in a process.
    if team.rank == 1:
        del os.memfd_create
    found["missing"] = type(connected(sums_of(team, 10**5, np.dtype(np.float32)), team)).__name__
    leave(found)
