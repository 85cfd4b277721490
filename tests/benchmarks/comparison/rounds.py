"""Measures the rows. In each round, all contenders of a row take turns.

When the machine slows down, it slows all of them, so the ratio of two contenders in one round is reliable even where
their speeds drift.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from comparison.agreement import Outcome, difference, outcomes
from comparison.contender import Contender
from comparison.rows import Row
from comparison.spread import quartiles
from comparison.worker import ContenderError, Worker

# Idle threads of the last contender spin before they sleep: OpenBLAS's for 2^28 cycles.
PAUSE = 0.15
FEWEST_ROUNDS = 3


class Result(NamedTuple):
    """The measurements of one row.

    Attributes
    ----------
    row : Row
    rates : dict of str to list of float
        For each contender, the samples per second in each round.
    remarks : list of str
        Which contenders skip the row or can't be checked, and why.
    disagreements : list of str
        Which contenders were excluded because their results differ from the first contender's.
    """

    row: Row
    rates: dict[str, list[float]]
    remarks: list[str]
    disagreements: list[str]

    def ratio(self, name: str, other: str) -> tuple[float, float, float] | None:
        """Return how many times as fast as another a contender is: lower quartile, median, upper quartile."""
        if name not in self.rates or other not in self.rates:
            return None
        return quartiles(np.divide(self.rates[name], self.rates[other]))

    def rate(self, name: str) -> float:
        """Return a contender's median samples per second."""
        return quartiles(self.rates[name])[1]


def measure(
    rows: Sequence[Row],
    contenders: Sequence[Contender],
    rounds: int,
    seconds: float,
    most_seconds: float,
    say: Callable[[str], object],
    all_seconds: float = math.inf,
) -> list[Result]:
    """Return the results of all rows.

    Parameters
    ----------
    rows, contenders : sequence
    rounds : int
    seconds : float
        The approximate length of a contender's round.
    most_seconds : float
        A row ends after this time, but not before three rounds.
    say : callable
        Called with a line of progress.
    all_seconds : float, optional
        The time for all rows. Each may take its share of what is left, the preparation of its contenders counted.
    """
    workers = {contender.name: Worker(contender) for contender in contenders}
    end = time.perf_counter() + all_seconds
    results: list[Result] = []
    try:
        for row in rows:
            share = (end - time.perf_counter()) / (len(rows) - len(results))
            results.append(_measure_row(row, workers, rounds, seconds, most_seconds, share, say))
        return results
    finally:
        for worker in workers.values():
            worker.close()


def _measure_row(
    row: Row,
    workers: dict[str, Worker],
    rounds: int,
    seconds: float,
    most_seconds: float,
    share: float,
    say: Callable[[str], object],
) -> Result:
    say(f"{row.name}: preparing")
    began = time.perf_counter()
    remarks: list[str] = []
    disagreements: list[str] = []
    ready = those_that_agree(row, workers, remarks, disagreements)
    for name, worker in list(ready.items()):
        try:
            worker.get_ready(seconds)
        except ContenderError as error:
            del ready[name]
            remarks.append(f"{name} is excluded: {_last_line(error)}")
    rates: dict[str, list[float]] = {name: [] for name in ready}
    start = time.perf_counter()
    for done in range(rounds):
        now = time.perf_counter()
        if done >= min(FEWEST_ROUNDS, rounds) and (now - start > most_seconds or now - began > share):
            break
        for name, worker in list(ready.items()):
            time.sleep(PAUSE)
            try:
                rates[name].append(worker.round())
            except ContenderError as error:
                del ready[name], rates[name]
                remarks.append(f"{name} is excluded: {_last_line(error)}")
    for remark in remarks + disagreements:
        say(f"{row.name}: {remark}")
    return Result(row, rates, remarks, disagreements)


def those_that_agree(
    row: Row, workers: dict[str, Worker], remarks: list[str], disagreements: list[str]
) -> dict[str, Worker]:
    """Return the workers that take part, and add a sentence about each of the others to one of the lists."""
    ready = {}
    expected: list[Outcome] | None = None
    model = ""
    for name, worker in workers.items():
        try:
            reason = worker.why_not(row)
            if reason is not None:
                remarks.append(f"{name} skips this row: {reason}")
                continue
            incomparable = worker.incomparable()
            if incomparable is not None:
                worker.first_pass(row)
                remarks.append(f"{name} can't be checked against the others: {incomparable}")
                ready[name] = worker
                continue
            found = outcomes(worker, row)
        except ContenderError as error:
            remarks.append(f"{name} is excluded: {_last_line(error)}")
            continue
        if expected is None:
            expected, model = found, name
        differs = difference(found, expected)
        if differs is not None:
            what, apart, limit = differs
            disagreements.append(
                f"{name} is excluded: its {what} end {apart:.2g} away from those of {model}, relative to how far they "
                f"moved; the limit is {limit:.0e}"
            )
            continue
        ready[name] = worker
    return ready


def _last_line(error: ContenderError) -> str:
    return str(error).strip().splitlines()[-1]
