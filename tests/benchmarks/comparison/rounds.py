"""The measuring: all contenders of a row take turns, round after round.

A machine that slows down then slows them all, and the ratio of two contenders in one round means something even where
their speeds drift.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from comparison.agreement import TOLERANCES, distance
from comparison.contender import Contender
from comparison.problem import Problem
from comparison.rows import Row
from comparison.spread import quartiles
from comparison.worker import ContenderError, Worker

# Threads of whoever ran last look out for work for a while before they sleep: OpenBLAS's for 2^28 cycles.
PAUSE = 0.2


class Result(NamedTuple):
    """What was measured in a row.

    Attributes
    ----------
    row : Row
    rates : dict of str to list of float
        For each contender the samples per second in each round.
    remarks : list of str
        Who was left out or couldn't be checked, and why.
    disagreements : list of str
        Who was left out because it doesn't do the same work as the first.
    """

    row: Row
    rates: dict[str, list[float]]
    remarks: list[str]
    disagreements: list[str]

    def ratio(self, name: str, other: str) -> tuple[float, float, float] | None:
        """Return how many times as fast as the other a contender is: quartile, median, quartile over the rounds."""
        if name not in self.rates or other not in self.rates:
            return None
        return quartiles(np.divide(self.rates[name], self.rates[other]))

    def rate(self, name: str) -> float:
        """Return the median of a contender's samples per second."""
        return quartiles(self.rates[name])[1]


def measure(
    rows: Sequence[Row],
    contenders: Sequence[Contender],
    rounds: int,
    seconds: float,
    most_seconds: float,
    say: Callable[[str], object],
) -> list[Result]:
    """Return the results of all rows.

    Parameters
    ----------
    rows, contenders : sequence
    rounds : int
    seconds : float
        What a contender's round takes, about.
    most_seconds : float
        After which a row has no more rounds, once it has three.
    say : callable
        Told a line now and then.
    """
    workers = {contender.name: Worker(contender) for contender in contenders}
    try:
        return [_measure_row(row, workers, rounds, seconds, most_seconds, say) for row in rows]
    finally:
        for worker in workers.values():
            worker.close()


def _measure_row(
    row: Row,
    workers: dict[str, Worker],
    rounds: int,
    seconds: float,
    most_seconds: float,
    say: Callable[[str], object],
) -> Result:
    say(f"{row.name}: getting ready")
    remarks: list[str] = []
    disagreements: list[str] = []
    ready = those_that_agree(row, workers, remarks, disagreements)
    for name, worker in list(ready.items()):
        try:
            worker.get_ready(seconds)
        except ContenderError as error:
            del ready[name]
            remarks.append(f"{name} is left out: {_last_line(error)}")
    rates: dict[str, list[float]] = {name: [] for name in ready}
    start = time.perf_counter()
    for done in range(rounds):
        if done >= min(3, rounds) and time.perf_counter() - start > most_seconds:
            break
        for name, worker in list(ready.items()):
            time.sleep(PAUSE)
            try:
                rates[name].append(worker.round())
            except ContenderError as error:
                del ready[name], rates[name]
                remarks.append(f"{name} is left out: {_last_line(error)}")
    for remark in remarks + disagreements:
        say(f"{row.name}: {remark}")
    return Result(row, rates, remarks, disagreements)


def those_that_agree(
    row: Row, workers: dict[str, Worker], remarks: list[str], disagreements: list[str]
) -> dict[str, Worker]:
    """Return the workers that take part, and add sentences about the others to the two lists."""
    ready = {}
    start = Problem.of_row(row, 1).weights if row.kind == "training" else None
    expected, model = None, ""
    for name, worker in workers.items():
        try:
            reason = worker.why_not(row)
            if reason is not None:
                remarks.append(f"{name} is left out: {reason}")
                continue
            found = worker.first_pass(row)
        except ContenderError as error:
            remarks.append(f"{name} is left out: {_last_line(error)}")
            continue
        if found is None:
            remarks.append(f"{name} can't be checked against the others: it learns nothing")
        elif expected is None:
            expected, model = found, name
        else:
            apart = distance(found, expected, start)
            if not apart < TOLERANCES[row.dtype]:
                disagreements.append(
                    f"{name} is left out: it ends {apart:.2g} away from {model}, as a share of the way; "
                    f"wanted less than {TOLERANCES[row.dtype]:.0e}"
                )
                continue
        ready[name] = worker
    return ready


def _last_line(error: ContenderError) -> str:
    return str(error).strip().splitlines()[-1]
