"""One process per contender, which runs rounds on request. The others wait meanwhile.

Threads, memory and settings of one contender can't disturb another.
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

# Enough for a wrong update to show beyond rounding.
CHECKED_SAMPLES = 200
# With fewer, the cost of starting an epoch would dominate.
FEWEST_BATCHES = 4
# Enough to spread the cost of starting an epoch, few enough to fit in memory.
MOST_VALUES = 8_000_000


class ContenderError(Exception):
    """A contender failed. The text is the traceback of its process."""


class Worker:
    """A contender's process, seen from the main process."""

    def __init__(self, contender: Contender) -> None:
        self.contender = contender
        # A fresh interpreter; a forked one would share what other contenders imported.
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, contender), daemon=True)
        self._process.start()
        theirs.close()

    def why_not(self, row: Row) -> str | None:
        """Return why the contender skips a row, or None if it takes part."""
        return self._ask("why_not", row)  # type: ignore[no-any-return]

    def incomparable(self) -> str | None:
        """Return why the contender's results can't be compared with the others', or None if they can."""
        return self._ask("incomparable")  # type: ignore[no-any-return]

    def first_pass(self, row: Row) -> Weights | Array:
        """Start a new session, make a pass, and return the weights, or the answers."""
        return self._ask("first_pass", row)  # type: ignore[no-any-return]

    def get_ready(self, seconds: float) -> None:
        """Choose how many samples take about this long, and warm up."""
        self._ask("get_ready", seconds)

    def round(self) -> float:
        """Run a round and return the samples per second."""
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
    """A contender's session and its rounds, inside its process."""

    def __init__(self, contender: Contender) -> None:
        self.contender = contender
        self.row: Row
        self.session: Session
        self.samples = self.repeats = 0
        self.inputs: list[Any] = []
        self.pairs: list[Any] = []

    def why_not(self, row: Row) -> str | None:
        return self.contender.session().why_not(row, self.contender.option)

    def incomparable(self) -> str | None:
        return self.contender.session().incomparable

    def first_pass(self, row: Row) -> Weights | Array | None:
        # The row of all that follows.
        self.row = row
        self._start(max(2, math.ceil(CHECKED_SAMPLES / row.batch_size)) * row.batch_size)
        self._run()
        if self.session.incomparable is not None:
            return None
        if row.kind != "answers":
            return self.session.weights()
        return np.concatenate([self.session.as_rows(self.session.answer(each)) for each in self.inputs])

    def get_ready(self, seconds: float) -> None:
        row = self.row
        self._run()
        rate = self._rate()
        most = MOST_VALUES // (row.sizes[0] + row.sizes[-1])
        if row.kind == "training":
            # Twice, because the speed in the first few batches is mostly the cost of starting an epoch.
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
        if self.row.kind == "online":
            self.pairs = [self.session.as_pair(x, y) for x, y in zip(problem.X, problem.Y, strict=True)]
        if self.row.kind == "answers":
            size = self.row.batch_size
            self.inputs = [self.session.as_input(problem.X[i : i + size]) for i in range(0, samples, size)]

    def _run(self) -> None:
        if self.row.kind == "training":
            self.session.train()
        elif self.row.kind == "online":
            learn = self.session.learn
            for x, y in self.pairs:
                learn(x, y)
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
