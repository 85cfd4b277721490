"""What is gathered of a column while its chunks go by, in memory that doesn't grow with them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from nnframe.arrays import Array
from nnframe_table.cells import ABSENT, Cells

MOST_DISTINCT = 1000


class Oddity(NamedTuple):
    """A cell that may be wrong: its row and what is written there."""

    row: int
    text: str


class Moments:
    """Mean and variance of numbers that come in parts.

    References
    ----------
    T. F. Chan, G. H. Golub and R. J. LeVeque, "Updating formulae and a pairwise algorithm for computing sample
    variances", COMPSTAT 1982.
    """

    def __init__(self) -> None:
        self.count = 0
        self.mean = 0.0
        self._squares = 0.0

    def add(self, values: Array) -> None:
        """Take in finite numbers, shape (N,)."""
        count = len(values)
        if not count:
            return
        total = self.count + count
        # What overflows shows in the deviation.
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(values.mean())
            away = mean - self.mean
            self._squares += float(((values - mean) ** 2).sum()) + away * away * self.count * count / total
            self.mean += away * count / total
        self.count = total

    @property
    def deviation(self) -> float:
        """The standard deviation, over the count itself."""
        return math.sqrt(self._squares / self.count) if self.count else 0.0


class Sample:
    """A fair sample of numbers that come in parts: all of them as long as there is room.

    References
    ----------
    J. S. Vitter, "Random sampling with a reservoir", ACM Transactions on Mathematical Software, 1985; algorithm R.
    """

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        self._kept = np.empty(size)
        self._seen = 0
        self._rng = rng

    def add(self, values: Array) -> None:
        """Take in numbers, shape (N,)."""
        room = max(0, len(self._kept) - self._seen)
        first, rest = values[:room], values[room:]
        self._kept[self._seen : self._seen + len(first)] = first
        self._seen += len(first)
        if len(rest):
            places = self._rng.integers(0, self._seen + 1 + np.arange(len(rest)))
            kept = places < len(self._kept)
            self._kept[places[kept]] = rest[kept]
            self._seen += len(rest)

    @property
    def values(self) -> Array:
        """Those kept, in no order."""
        return self._kept[: self._seen]


class Summary:
    """What a column holds.

    Parameters
    ----------
    name : str
    sample : Sample or None
        What its numbers are sampled into, where a median or the like will be wanted.
    counts_texts : bool
        Whether to count the texts of numbers too.

    Attributes
    ----------
    moments : Moments
        Of the numbers in the rows to train on; all else is of all rows.
    counts : dict of str to int, or None
        How often each text occurs; None once there are more than MOST_DISTINCT.
    n_rows, n_missing, n_numbers : int
    lowest, highest : float
        Of the numbers.
    whole : bool
        Whether all numbers are whole.
    counts_up : bool
        Whether each number is one more than the one before it.
    of_numbers : bool
        Whether it is of a type that holds numbers only.
    unusable : str or None
        What it holds, if neither numbers nor texts.
    first_missing : int or None
        The row of the first missing cell.
    first_text, first_infinite : Oddity or None
        The first cell that is no number; the first that is infinite.
    """

    def __init__(self, name: str, sample: Sample | None, counts_texts: bool) -> None:
        self.name = name
        self.moments = Moments()
        self.sample = sample
        self.counts: dict[str, int] | None = {}
        self.n_rows = self.n_missing = self.n_numbers = 0
        self.lowest, self.highest = math.inf, -math.inf
        self.whole = self.counts_up = True
        self.of_numbers = False
        self.unusable: str | None = None
        self.first_missing: int | None = None
        self.first_text: Oddity | None = None
        self.first_infinite: Oddity | None = None
        self._last = math.nan
        self._counts_texts = counts_texts

    @property
    def n_values(self) -> int:
        """The number of cells that aren't missing."""
        return self.n_rows - self.n_missing

    def add(self, cells: Cells, rows: Array, train: Array) -> None:
        """Take in a run of cells.

        Parameters
        ----------
        cells : Cells
        rows : ndarray of int64, shape (N,)
            Their numbers.
        train : ndarray of bool, shape (N,)
            Which are to train on.
        """
        self.of_numbers, self.unusable = cells.of_numbers, cells.unusable
        missing = cells.missing()
        if self.first_missing is None and missing.any():
            self.first_missing = int(rows[missing.argmax()])
        self.n_rows += len(rows)
        self.n_missing += int(np.count_nonzero(missing))
        self._add_numbers(cells, rows, train)
        if self.counts is not None and (self._counts_texts or not cells.of_numbers):
            self._count(self.counts, cells)

    def _add_numbers(self, cells: Cells, rows: Array, train: Array) -> None:
        values, texts = cells.numbers()
        if self.first_text is None and texts.any():
            self.first_text = Oddity(int(rows[texts.argmax()]), cells.text_at(int(texts.argmax())))
        usable = np.isfinite(values)
        every = bool(usable.all())
        if self.first_infinite is None and not every and np.isinf(values).any():
            first = int(np.isinf(values).argmax())
            self.first_infinite = Oddity(int(rows[first]), cells.text_at(first))
        numbers = values if every else values[usable]
        if not len(numbers):
            return
        self.n_numbers += len(numbers)
        self.lowest = min(self.lowest, float(numbers.min()))
        self.highest = max(self.highest, float(numbers.max()))
        self.whole = self.whole and bool((numbers == np.trunc(numbers)).all())
        self.counts_up = self.counts_up and every and _counts_up(self._last, numbers)
        self._last = float(numbers[-1])
        chosen = values[train] if every else values[train & usable]
        self.moments.add(chosen)
        if self.sample is not None:
            self.sample.add(chosen)

    def _count(self, counts: dict[str, int], cells: Cells) -> None:
        distinct, codes = cells.texts()
        times = np.bincount(codes[codes != ABSENT], minlength=len(distinct))
        for text, count in zip(distinct, times.tolist(), strict=True):
            if count:
                counts[text] = counts.get(text, 0) + count
        if len(counts) > MOST_DISTINCT:
            self.counts = None


def _counts_up(last: float, numbers: Array) -> bool:
    """Whether each number is one more than the one before, the first than `last`, unless that is NaN."""
    return bool((math.isnan(last) or numbers[0] == last + 1) and (numbers[1:] == numbers[:-1] + 1).all())
