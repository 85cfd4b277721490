"""What nnframe wants to reach: how many times as fast as another a contender should be at least."""

from __future__ import annotations

from typing import NamedTuple

from comparison.rounds import Result


class Goal(NamedTuple):
    """A ratio that is wanted in a row.

    Attributes
    ----------
    row : str
        A row's name.
    contender, other : str
    at_least : float
    """

    row: str
    contender: str
    other: str
    at_least: float

    def line(self, results: list[Result]) -> str | None:
        """Return a sentence that holds it against what was measured; None if that wasn't."""
        ratio = next((r.ratio(self.contender, self.other) for r in results if r.row.name == self.row), None)
        if ratio is None:
            return None
        low, median, high = ratio
        verdict = "reached" if median >= self.at_least else "MISSED"
        return (
            f"{verdict:8} {self.row}: {self.contender} {median:.2f} ({low:.2f} to {high:.2f}) x {self.other}, "
            f"wanted {self.at_least:g}"
        )


SMALLEST, SMALL, WIDE = "2-16-1, batch 1", "64-32-10, batch 1", "784-128-10, batch 1"
SMALL_BATCHES, LARGER_BATCHES = "64-32-10, batch 32", "64-32-10, batch 128"
DEEP, LARGE = "784-256-128-10, batch 128", "512-2048-2048-10, batch 1024"
ONE_ANSWER = "64-32-10, 1 at a time"

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
)
