"""Targets: how many times as fast as another a contender should be."""

from __future__ import annotations

from math import nan
from typing import NamedTuple

from comparison.rounds import Result


class Goal(NamedTuple):
    """A target ratio.

    Attributes
    ----------
    row : str
        The name of a row.
    contender, other : str
    at_least : float
        The target for the contender's samples per second over the other's.
    other_row : str or None
        The row in which the other is measured, if it is not the same one.
    """

    row: str
    contender: str
    other: str
    at_least: float
    other_row: str | None = None

    def line(self, results: list[Result]) -> str | None:
        """Return a sentence that compares the target with the measurement, or None if it was not measured."""
        of_row = {result.row.name: result for result in results}
        mine, others = of_row.get(self.row), of_row.get(self.other_row or self.row)
        if mine is None or others is None or self.contender not in mine.rates or self.other not in others.rates:
            return None
        other = self.other if self.other_row is None else f"{self.other} in {self.other_row}"
        # Rows take turns as a whole, so between rows only the medians can be compared.
        low, median, high = (
            mine.ratio(self.contender, self.other)
            if self.other_row is None
            else (mine.rate(self.contender) / others.rate(self.other),) * 3
        ) or (nan, nan, nan)
        verdict = "reached" if median >= self.at_least else "MISSED"
        return (
            f"{verdict:8} {self.row}: {self.contender} {median:.2f} ({low:.2f} to {high:.2f}) x {other}, "
            f"target {self.at_least:g}"
        )


SMALLEST, SMALL, WIDE = "2-16-1, batch 1", "64-32-10, batch 1", "784-128-10, batch 1"
SMALL_BATCHES, LARGER_BATCHES = "64-32-10, batch 32", "64-32-10, batch 128"
DEEP, LARGE = "784-256-128-10, batch 128", "512-2048-2048-10, batch 1024"
ONE_ANSWER, MANY_ANSWERS = "64-32-10, 1 at a time", "64-32-10, 10000 at a time"
ONLINE = ("2-16-1, online", "20-32-3, online", "64-32-10, online")
ADAM = ", adam"

GOALS = (
    Goal(SMALLEST, "numpy engine", "torch", 12),
    Goal(SMALL, "numpy engine", "torch", 10),
    Goal(WIDE, "numpy engine", "torch", 4),
    Goal(SMALL_BATCHES, "numpy engine", "scikit-learn", 3),
    Goal(DEEP, "numpy engine", "scikit-learn", 1.2),
    Goal(LARGE, "numpy engine", "scikit-learn", 1.2),
    Goal(LARGE, "numpy engine", "matrix products", 0.9),
    Goal(ONE_ANSWER, "numpy engine", "beginner's loop", 1 / 1.5),
    Goal(ONE_ANSWER, "numpy engine", "torch", 5),
    Goal(SMALLEST, "numba engine", "beginner's loop", 50),
    Goal(SMALL, "numba engine", "beginner's loop", 50),
    *(Goal(row, "numba engine", "JAX", 3) for row in (SMALLEST, SMALL, WIDE)),
    *(Goal(row, "numba engine", "JAX", 1.1) for row in (SMALL_BATCHES, LARGER_BATCHES, DEEP, LARGE)),
    *(Goal(row, "numba engine", "matrix products", 0.9) for row in (DEEP, LARGE)),
    Goal(SMALL + ADAM, "numpy engine", "torch", 1),
    Goal(SMALL_BATCHES + ADAM, "numpy engine", "torch", 1),
    Goal(DEEP + ADAM, "numpy engine", "torch", 0.8),
    *(Goal(row + adam, "numpy engine", "torch", 8) for row in ONLINE for adam in ("", ADAM)),
    *(Goal(row + adam, "numba engine", "numpy engine", 5) for row in ONLINE for adam in ("", ADAM)),
    *(
        Goal(f"{net}, online", "numpy engine", "numpy engine", 1 / 1.3, f"{net}, batch 1")
        for net in ("2-16-1", "64-32-10")
    ),
    Goal(ONE_ANSWER, "numba engine", "onnxruntime", 2.5),
    Goal(ONE_ANSWER, "numba engine", "torch", 5),
    *(Goal(MANY_ANSWERS, "numba engine", other, 1) for other in ("onnxruntime", "torch.compile", "JAX")),
)
