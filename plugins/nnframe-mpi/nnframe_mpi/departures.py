"""Processes that end tell the others, which would wait for them in vain.

A process that is killed takes all others with it, and so does an error with ``python -m mpi4py``. One that ends in
another way, by an error without ``-m mpi4py``, `sys.exit` or just earlier than the others, would go unnoticed.
"""

from __future__ import annotations

import atexit
import pickle
import sys

import numpy as np
from mpi4py import MPI

from nnframe.errors import one_line

DEPARTURE = 2


class Departures:
    """The processes that have ended.

    Parameters
    ----------
    comm : mpi4py.MPI.Intracomm

    Attributes
    ----------
    reasons : dict of int to str
        What has ended each of them.
    """

    def __init__(self, comm: MPI.Intracomm) -> None:
        self._comm = comm
        # The next ones pass it on.
        self._neighbours = {(comm.rank + 1) % comm.size, (comm.rank - 1) % comm.size} - {comm.rank}
        self.reasons: dict[int, str] = {}
        # Messages must stay in memory until they have arrived.
        self._sent: list[object] = []
        atexit.register(self._announce)

    def any(self) -> bool:
        """Return whether a process has ended, after a look at what has arrived."""
        status = MPI.Status()
        while self._comm.Iprobe(tag=DEPARTURE, status=status):
            message = np.empty(status.Get_count(MPI.BYTE), np.uint8)
            self._comm.Recv([message, MPI.BYTE], status.source, DEPARTURE)
            self._tell(*pickle.loads(message.tobytes()))  # of our own processes
        return bool(self.reasons)

    def __str__(self) -> str:
        (rank, reason), *_ = self.reasons.items()
        return f"process {rank} of {self._comm.size} has ended{reason}"

    def _announce(self) -> None:
        if MPI.Is_finalized():
            # The script has said goodbye by itself.
            return
        # Set for an error that nobody has caught.
        error = getattr(sys, "last_value", None)
        self._tell(self._comm.rank, "" if error is None else f" with {one_line(error)}")

    def _tell(self, rank: int, reason: str) -> None:
        if rank in self.reasons:
            return
        self.reasons[rank] = reason
        message = np.frombuffer(pickle.dumps((rank, reason)), np.uint8)
        for neighbour in self._neighbours:
            self._sent.append((message, self._comm.Isend([message, MPI.BYTE], neighbour, DEPARTURE)))
