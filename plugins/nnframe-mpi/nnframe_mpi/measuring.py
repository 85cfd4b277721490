"""What a machine and its network can do: seconds for shares of a batch, for messages and for adding up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

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
SECONDS_FOR_LENGTHS, LEAST_ROUNDS = 1.0, 9
# Short messages are repeated, since what comes with a round would count.
REPEATS, SHORT = 10, 2**16
LIMIT = 60.0
# On a quiet machine, three of four measurements differ by less than this factor.
BUSY = 1.5


class Timing(NamedTuple):
    """What some work takes.

    Attributes
    ----------
    seconds : float
        The lower quartile of several measurements: other programs only make work slower.
    spread : float
        The upper quartile over the lower one.
    """

    seconds: float
    spread: float

    @classmethod
    def of(cls, found: Sequence[float]) -> Timing:
        """Return what several measurements say."""
        lower, upper = np.quantile(found, [0.25, 0.75]).tolist()
        return cls(lower, upper / lower)


def best_seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the seconds of the fastest of some calls."""
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found)


def timings_of_batches(
    sizes: Sequence[int], batch_sizes: Iterable[int], dtype: DType, engine: str
) -> dict[int, Timing]:
    """Return what one update takes with a batch of each size, on one process.

    The sizes are measured in turn, so that a program which runs for a while slows all of them down.
    """
    found: dict[int, list[float]] = {size: [] for size in batch_sizes}
    for _ in range(ROUNDS):
        for batch_size, seconds in found.items():
            seconds += _seconds_of_epochs(sizes, batch_size, dtype, engine)
    return {batch_size: Timing.of(seconds) for batch_size, seconds in found.items()}


def _seconds_of_epochs(sizes: Sequence[int], batch_size: int, dtype: DType, engine: str) -> list[float]:
    """Return the seconds of an update, for each epoch but the first, which warms up."""
    rng = np.random.default_rng(0)
    # Enough that what comes with an epoch doesn't count.
    n_batches = min(max(NUMBERS // (batch_size * (sizes[0] + sizes[-1])), 3), 50)
    X = rng.normal(size=(batch_size * n_batches, sizes[0])).astype(dtype)
    Y = np.eye(sizes[-1], dtype=dtype)[rng.integers(sizes[-1], size=len(X))]
    net = nNet.from_sizes(list(sizes), ["relu"] * (len(sizes) - 2) + ["softmax"], seed=0, dtype=dtype)
    history = net.nEpochs(3, pairs(X, Y), "cel", 0.001, batch_size=batch_size, engine=engine)
    return [seconds / n_batches for seconds in history.seconds[1:]]


def gradient_bytes(sizes: Sequence[int], dtype: DType) -> int:
    """Return the length of what is added up for each batch."""
    n_weights = sum((before + 1) * after for before, after in pairwise(sizes))
    # With two numbers more, in float64.
    return (n_weights + 2) * 8 if n_weights <= FEW_NUMBERS else n_weights * dtype.itemsize


def measured_network(comm: MPI.Intracomm) -> tuple[Network, float]:
    """Return what it costs the first two processes to add up vectors, and the spread; all processes call it."""
    pair: Any = comm.Split(0 if comm.rank < 2 else MPI.UNDEFINED, comm.rank)
    timings: list[Timing] = []
    if pair != MPI.COMM_NULL:
        timings = [Timing.of(seconds) for seconds in _seconds_to_add_up(pair)]
        pair.Free()
    measured: list[Timing] = comm.bcast(timings)
    # A longer message never takes less time, but for chance.
    seconds = np.maximum.accumulate([each.seconds for each in measured]).tolist()
    return Network(LENGTHS, tuple(seconds)), float(np.median([each.spread for each in measured]))


def seconds_to_add(n: int = 2**20) -> float:
    """Return the seconds to add up a byte of two long messages."""
    a, b = np.ones(n, np.float32), np.ones(n, np.float32)
    return best_seconds(lambda: np.add(a, b, a)) / a.nbytes


def _seconds_to_add_up(pair: MPI.Intracomm) -> list[list[float]]:
    """Return for each length in how many seconds two processes added up vectors as training does, in turn."""
    team, found = MPITeam(False, LIMIT, pair), [list[float]() for _ in LENGTHS]
    # Short ones are float64.
    counts = [max(n // 8 - 2, 0) if n <= 8 * FEW_NUMBERS else n // 4 for n in LENGTHS]
    sums = [connected(sums_of(team, n, FLOAT32), team) for n in counts]
    until, goes_on = time.monotonic() + SECONDS_FOR_LENGTHS, True
    while goes_on:
        for length, each, seconds in zip(LENGTHS, sums, found, strict=True):
            repeats = REPEATS if length < SHORT else 1
            pair.Barrier()
            began = time.perf_counter()
            for _ in range(repeats):
                each.add_up(team.add_up, 0.0)
            seconds.append((time.perf_counter() - began) / repeats)
        # The first one decides when it is enough.
        goes_on = pair.bcast(time.monotonic() < until or len(found[0]) < LEAST_ROUNDS)
    return found
