"""A process of its own for each contender, which is told over a pipe to run one round.

So one's threads, memory and settings don't reach another, and while one runs, the others wait.
"""

from __future__ import annotations

import math
import multiprocessing
import time
import traceback
import warnings
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from comparison.contender import Contender, Session
from comparison.problem import Array, Problem, Weights
from comparison.rows import Row

# Enough to differ by more than rounding if an update is another.
CHECKED_SAMPLES = 200
# Fewer make no epoch: what is done once for all of them would look dear.
FEWEST_BATCHES = 4
# Enough for an epoch's own cost to be spread thin, few enough for the samples to fit into memory.
MOST_VALUES = 8_000_000


class ContenderError(Exception):
    """A contender failed; the text is the traceback of its process."""


class Worker:
    """A contender's process, seen from the one that gives the orders."""

    def __init__(self, contender: Contender) -> None:
        self.contender = contender
        # A fresh interpreter, for a forked one would share what others have imported.
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, contender), daemon=True)
        self._process.start()
        theirs.close()

    def why_not(self, row: Row) -> str | None:
        """Return why the contender leaves a row out; None if it doesn't."""
        return self._ask("why_not", row)  # type: ignore[no-any-return]

    def first_pass(self, row: Row) -> Weights | Array | None:
        """Start anew, and return the weights after a pass, or the answers; None if it isn't comparable."""
        return self._ask("first_pass", row)  # type: ignore[no-any-return]

    def get_ready(self, seconds: float) -> None:
        """Choose how many samples take about so long, and warm up with them."""
        self._ask("get_ready", seconds)

    def round(self) -> float:
        """Run a round, and return the samples per second."""
        return self._ask("round")  # type: ignore[no-any-return]

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join(timeout=10)
        if self._process.is_alive():
            self._process.kill()

    def _ask(self, what: str, *arguments: Any) -> Any:
        try:
            self._connection.send((what, arguments))
            answer, failure = self._connection.recv()
        except (EOFError, OSError) as error:
            raise ContenderError(f"its process ended: {error!r}") from error
        if failure is not None:
            raise ContenderError(failure)
        return answer


class _Stopwatch:
    """The other side: one contender's session, and its rounds."""

    def __init__(self, contender: Contender) -> None:
        self.contender = contender
        self.row: Row
        self.session: Session
        self.samples = self.repeats = 0
        self.inputs: list[Any] = []

    def why_not(self, row: Row) -> str | None:
        return self.contender.session().why_not(row, self.contender.option)

    def first_pass(self, row: Row) -> Weights | Array | None:
        self.row = row
        self._start(max(2, math.ceil(CHECKED_SAMPLES / row.batch_size)) * row.batch_size)
        self._run()
        if not self.session.is_comparable:
            return None
        if row.kind == "training":
            return self.session.weights()
        return np.concatenate([self.session.as_rows(self.session.answer(each)) for each in self.inputs])

    def get_ready(self, seconds: float) -> None:
        row = self.row
        self._run()
        rate = self._rate()
        most = MOST_VALUES // (row.sizes[0] + row.sizes[-1])
        if row.kind == "training":
            # More for the fast ones, whose epochs would be over at once; what the first few batches say of their speed
            # is mostly what an epoch costs besides.
            for _ in range(2):
                batches = min(rate * seconds, most) // row.batch_size
                self._start(max(FEWEST_BATCHES, int(batches)) * row.batch_size)
                self._run()
                rate = self._rate()
        self.repeats = max(1, math.ceil(rate * seconds / self.samples))

    def round(self) -> float:
        return self._rate()

    def _start(self, samples: int) -> None:
        self.samples, self.repeats = samples, 1
        problem = Problem.of_row(self.row, samples)
        self.session = self.contender.session()(problem, self.contender.option)
        if self.row.kind == "answers":
            size = self.row.batch_size
            self.inputs = [self.session.as_input(problem.X[i : i + size]) for i in range(0, samples, size)]

    def _run(self) -> None:
        if self.row.kind == "training":
            self.session.train()
        else:
            for each in self.inputs:
                self.session.answer(each)

    def _rate(self) -> float:
        start = time.perf_counter()
        for _ in range(self.repeats):
            self._run()
        return self.samples * self.repeats / (time.perf_counter() - start)


def _serve(connection: Connection, contender: Contender) -> None:
    warnings.simplefilter("ignore")
    stopwatch = _Stopwatch(contender)
    while True:
        try:
            what, arguments = connection.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            connection.send((getattr(stopwatch, what)(*arguments), None))
        except Exception:
            connection.send((None, traceback.format_exc()))
