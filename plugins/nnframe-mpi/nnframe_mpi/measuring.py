"""What a machine and its network can do: seconds for shares of a batch, for messages and for adding up."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from mpi4py import MPI

from nnframe import nNet, pairs
from nnframe.arrays import FLOAT32, DType
from nnframe_mpi.cost_model import Network
from nnframe_mpi.sums import FEW_NUMBERS, connected, sums_of
from nnframe_mpi.team import MPITeam

ROUNDS = 5
# What is added up to find out what messages cost, in bytes: also lengths around which libraries change their ways.
LENGTHS = (8, 2**10, 2**12, 2**14, 2**15, 2**16, 2**17, 2**19, 2**22, 2**24)
# How many numbers an epoch has.
NUMBERS = 2**22
SECONDS_FOR_A_LENGTH = 0.05
LIMIT = 60.0


def best_seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the seconds of the fastest of some calls."""
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found)


def seconds_of_batch(sizes: Sequence[int], batch_size: int, dtype: DType, engine: str) -> float:
    """Return the seconds of one update with a batch, on one process."""
    rng = np.random.default_rng(0)
    # Enough that what comes with an epoch doesn't count.
    n_batches = min(max(NUMBERS // (batch_size * (sizes[0] + sizes[-1])), 3), 50)
    X = rng.normal(size=(batch_size * n_batches, sizes[0])).astype(dtype)
    Y = np.eye(sizes[-1], dtype=dtype)[rng.integers(sizes[-1], size=len(X))]
    net = nNet.from_sizes(list(sizes), ["relu"] * (len(sizes) - 2) + ["softmax"], seed=0, dtype=dtype)
    history = net.nEpochs(1 + ROUNDS, pairs(X, Y), "cel", 0.001, batch_size=batch_size, engine=engine)
    return min(history.seconds[1:]) / n_batches


def gradient_bytes(sizes: Sequence[int], dtype: DType) -> int:
    """Return the length of what is added up for each batch."""
    n_weights = sum((before + 1) * after for before, after in pairwise(sizes))
    # With two numbers more, in float64.
    return (n_weights + 2) * 8 if n_weights <= FEW_NUMBERS else n_weights * dtype.itemsize


def measured_network(comm: MPI.Intracomm) -> Network:
    """Return what it costs the first two processes to add up arrays; all processes call it."""
    pair: Any = comm.Split(0 if comm.rank < 2 else MPI.UNDEFINED, comm.rank)
    seconds: list[float] = []
    if pair != MPI.COMM_NULL:
        team = MPITeam(False, LIMIT, pair)
        seconds = [_seconds_to_add_up(pair, team, n) for n in LENGTHS]
        pair.Free()
    measured: list[float] = comm.bcast(seconds)
    # A longer message never takes less time, but for chance.
    return Network(LENGTHS, tuple(np.maximum.accumulate(measured).tolist()))


def seconds_to_add(n: int = 2**20) -> float:
    """Return the seconds to add up a byte of two long messages."""
    a, b = np.ones(n, np.float32), np.ones(n, np.float32)
    return best_seconds(lambda: np.add(a, b, a)) / a.nbytes


def _seconds_to_add_up(pair: MPI.Intracomm, team: MPITeam, n_bytes: int) -> float:
    """Return the median of the seconds in which two processes add up vectors as training does."""
    # Short ones are float64.
    n = max(n_bytes // 8 - 2, 0) if n_bytes <= 8 * FEW_NUMBERS else n_bytes // 4
    sums = connected(sums_of(team, n, FLOAT32), team)
    found: list[float] = []
    until = time.monotonic() + SECONDS_FOR_A_LENGTH
    # The first one decides when it is enough.
    goes_on = True
    while goes_on:
        pair.Barrier()
        began = time.perf_counter()
        sums.add_up(team.add_up, 0.0)
        found.append(time.perf_counter() - began)
        goes_on = pair.bcast(time.monotonic() < until or len(found) < ROUNDS)
    median: float = pair.bcast(float(np.median(found)))
    return median
