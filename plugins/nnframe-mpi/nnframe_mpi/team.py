"""The processes that mpiexec started, and how they wait for each other: for so long, and heeding no interrupt alone."""

from __future__ import annotations

import atexit
import os
import pickle
import signal
import sys
import threading
import time
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any, NoReturn

import numpy as np
from mpi4py import MPI

from nnframe import Array
from nnframe.errors import EngineError
from nnframe.many.threads import threads_limited_to
from nnframe_mpi.departures import Departures

# Tests of a pending message: at first at once, then with the processor given to others in between, then with a pause.
FEW_TESTS, MANY_TESTS, PAUSE = 50, 400, 5e-5
# How long the others are given to say that they are still there.
ROLL_CALL_SECONDS = 1.0
ROLL_CALL = 1
# How often to look whether another process has ended, and for how long what it sent before may be on its way.
LOOK_SECONDS, LAST_SECONDS = 0.05, 1.0
# What the other processes have to save their results before one that can't go on ends the job.
GRACE_SECONDS = 1.0


class MPITeam:
    """The processes of a run.

    Parameters
    ----------
    has_shards : bool
        Whether each process has data of its own.
    limit : float
        For how many seconds to wait for the others.
    comm : mpi4py.MPI.Intracomm, optional
        The processes; by default all that mpiexec started.

    Attributes
    ----------
    size_here : int
        How many of them share this machine.
    """

    def __init__(self, has_shards: bool, limit: float, comm: MPI.Intracomm | None = None) -> None:
        self.has_shards, self.limit = has_shards, limit
        self._comm = _communicator() if comm is None else comm
        self._limits: list[AbstractContextManager[None]] = []
        self.rank, self.size = self._comm.rank, self._comm.size
        self._departures = _departures() if comm is None else None
        self.size_here = _processes_here() if comm is None else _size_here(comm)

    def begin(self) -> None:
        """Keep interrupts until all processes can be told, and take no other's threads."""
        if self.size > 1:
            _interrupts.begin()
            limit = threads_limited_to(threads_of_process(), is_worker=False)
            limit.__enter__()
            self._limits.append(limit)

    def raise_interrupt(self) -> None:
        """Raise the interrupt that has waited, if there is one."""
        _interrupts.raise_waiting()

    def end(self) -> None:
        """Let interrupts come at once again, and use all threads."""
        if self.size > 1:
            self._limits.pop().__exit__(None, None, None)
            _interrupts.end()

    def gather(self, value: Any) -> list[Any]:
        """Return what each process passed, in the order of their numbers.

        Raises
        ------
        EngineError
            If a process doesn't answer within the limit.
        """
        mine = np.frombuffer(pickle.dumps(value, pickle.HIGHEST_PROTOCOL), np.uint8)
        _calls.add(1)
        heads = np.empty((self.size, 3), np.int64)
        self._wait(self._comm.Iallgather(np.array([len(mine), _calls.count, self.has_shards], np.int64), heads))
        sizes, counts, have_shards = heads.T
        if (heads[:, 1:] != heads[0, 1:]).any():
            _give_up_on_messages()
            what = f"made {counts.tolist()} steps"
            if (have_shards != have_shards[0]).any():
                what = "begun different runs, with shards and without"
            raise EngineError(
                f"the processes are out of step: they have {what}; expected the same calls of nEpochs, in the same "
                f"order, in all {self.size} of them"
            )
        joined = np.empty(int(sizes.sum()), np.uint8)
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        self._wait(self._comm.Iallgatherv(mine, [joined, (sizes, starts), MPI.BYTE]))
        return [
            pickle.loads(joined[start : start + n].tobytes())  # of our own processes
            for start, n in zip(starts.tolist(), sizes.tolist(), strict=True)
        ]

    def add_up(self, array: Array) -> None:
        """Replace an array by its sum over all processes, to the bit the same in each.

        Raises
        ------
        EngineError
            If a process doesn't answer within the limit.
        """
        _calls.add(1)
        self._wait(self._comm.Iallreduce(MPI.IN_PLACE, array))

    @property
    def is_broken(self) -> bool:
        """Whether a process has not answered, so that nothing can be said to the others any more."""
        return _broken.is_set()

    def _wait(self, request: MPI.Request) -> None:
        if _broken.is_set():
            raise EngineError("a process has not answered before, so this run can't go on; start all of them again")
        tests, now = 0, time.monotonic()
        until, look_at, others_left = now + self.limit, now + LOOK_SECONDS, False
        while not request.Test():
            tests += 1
            if tests > MANY_TESTS:
                time.sleep(PAUSE)
                now = time.monotonic()
                if now > until:
                    self._give_up(others_left)
                if now > look_at and not others_left and self._departures is not None:
                    look_at, others_left = now + LOOK_SECONDS, self._departures.any()
                    # What they sent before may still arrive.
                    until = min(until, now + LAST_SECONDS) if others_left else until
            elif tests > FEW_TESTS:
                _let_others_run()

    def _give_up(self, others_left: bool) -> NoReturn:
        _give_up_on_messages()
        if others_left:
            raise EngineError(
                f"{self._departures}, and this one waits for it; expected the same calls of nEpochs in all of them. "
                f"The net keeps the weights after the last whole batch"
            )
        silent = ", ".join(map(str, self._silent()))
        raise EngineError(
            f"process {silent} of {self.size} has not answered for {self.limit:g} seconds; see what it is doing, or "
            f"allow more time with mpi(limit={2 * self.limit:g}). The net keeps the weights after the last whole batch"
        )

    def _silent(self) -> list[int]:
        """Return the processes that don't say that they are waiting, too; all others if each says so."""
        others = [r for r in range(self.size) if r != self.rank]
        empty = np.zeros(1, np.uint8)
        for other in others:
            self._comm.Isend(empty, other, ROLL_CALL)
        heard: set[int] = set()
        until = time.monotonic() + ROLL_CALL_SECONDS
        while time.monotonic() < until and len(heard) < len(others):
            status = MPI.Status()
            if self._comm.Iprobe(tag=ROLL_CALL, status=status):
                self._comm.Recv(np.empty(1, np.uint8), status.source, ROLL_CALL)
                heard.add(status.source)
            time.sleep(PAUSE)
        return [r for r in others if r not in heard] or others


class _Interrupts:
    """Ctrl-C in the course of a run, which waits until all processes can be told; a second one doesn't wait.

    Some launchers, and the schedulers of clusters, ask processes to end with SIGTERM, which is treated alike.
    """

    def __init__(self) -> None:
        self._depth, self._is_waiting = 0, False
        # The signals that are noted, with what handled them before.
        self._noted: dict[int, Any] = {}

    def begin(self) -> None:
        if self._depth == 0 and threading.current_thread() is threading.main_thread():
            for number, usual in ((signal.SIGTERM, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
                # A program that handles them itself goes on doing so.
                if signal.getsignal(number) is usual:
                    self._noted[number] = usual
                    signal.signal(number, self._note)
        self._depth += 1

    def end(self) -> None:
        self._depth -= 1
        if self._depth == 0 and self._noted:
            for number, usual in self._noted.items():
                signal.signal(number, usual)
            self._noted.clear()
            self.raise_waiting()

    def raise_waiting(self) -> None:
        if self._is_waiting:
            self._is_waiting = False
            raise KeyboardInterrupt

    def _note(self, number: int, frame: object) -> None:
        if self._is_waiting:
            raise KeyboardInterrupt
        self._is_waiting = True


class _Counter:
    """How many steps have been made together: messages and sums."""

    count = 0

    def add(self, n: int) -> None:
        self.count += n


_calls = _Counter()
_interrupts = _Interrupts()
_broken = threading.Event()
_let_others_run = getattr(os, "sched_yield", lambda: time.sleep(0))


@lru_cache(maxsize=1)
def _communicator() -> MPI.Intracomm:
    """Return a communicator of our own, so that no message of the script's is taken for one of ours."""
    # All processes create it at the same time, and find out who shares their machine.
    _processes_here()
    return MPI.COMM_WORLD.Dup()


@lru_cache(maxsize=1)
def _departures() -> Departures | None:
    comm = _communicator()
    return Departures(comm) if comm.size > 1 else None


@lru_cache(maxsize=1)
def _processes_here() -> int:
    return _size_here(MPI.COMM_WORLD)


def _size_here(comm: MPI.Intracomm) -> int:
    here = comm.Split_type(MPI.COMM_TYPE_SHARED)
    size = here.size
    here.Free()
    return size


@lru_cache(maxsize=1)
def threads_of_process() -> int:
    """Return how many threads a process may use: its share of the cores of its machine."""
    on_this_machine = _processes_here()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // on_this_machine)


def _give_up_on_messages() -> None:
    _broken.set()
    # MPI would wait for the other processes once more at the end of this one.
    atexit.register(_abort)


def _abort() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    if not MPI.Is_finalized():
        # The others may have met the same error just now, and be about to save what they have.
        time.sleep(GRACE_SECONDS)
        MPI.COMM_WORLD.Abort(1)
