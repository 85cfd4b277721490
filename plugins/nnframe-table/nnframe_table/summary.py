"""What is collected about a column while its chunks are read, in memory that does not grow with their number."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from nnframe.arrays import Array
from nnframe_table.cells import ABSENT, Cells

MOST_DISTINCT = 1000
# Of a category or a class. Longer texts are sentences, and a thousand of them would fill the memory.
MOST_CHARACTERS = 1000


class Oddity(NamedTuple):
    """A cell that may be wrong: its row and what is written there."""

    row: int
    text: str


class Moments:
    """Mean and variance of numbers that arrive in parts.

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
        """Add finite numbers, shape (N,)."""
        count = len(values)
        if not count:
            return
        total = self.count + count
        # An overflow shows in the deviation.
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(values.mean())
            away = mean - self.mean
            self._squares += float(((values - mean) ** 2).sum()) + away * away * self.count * count / total
            self.mean += away * count / total
        self.count = total

    @property
    def deviation(self) -> float:
        """The standard deviation, with the count as the divisor."""
        return math.sqrt(self._squares / self.count) if self.count else 0.0


class Sample:
    """A fair sample of numbers that arrive in parts: all of them while there is room.

    References
    ----------
    J. S. Vitter, "Random sampling with a reservoir", ACM Transactions on Mathematical Software, 1985; algorithm R.
    """

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        self._kept = np.empty(size)
        self._seen = 0
        self._rng = rng

    def add(self, values: Array) -> None:
        """Add numbers, shape (N,)."""
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
        """The numbers kept, in no particular order."""
        return self._kept[: self._seen]


class Summary:
    """What a column holds.

    Parameters
    ----------
    name : str
    sample : Sample or None
        Where its numbers are sampled if a median or the most frequent number is needed.
    counts_numbers : bool
        Whether to count how often each number occurs too.

    Attributes
    ----------
    moments : Moments
        Of the numbers in the training rows; everything else is about all rows.
    counts : dict of str to int, or None
        How often each text occurs; None once there are more than MOST_DISTINCT, or one is too long.
    longest : int
        The length of the longest text in bytes.
    n_rows, n_missing, n_numbers : int
    lowest, highest : float
        Of the numbers.
    whole : bool
        Whether all numbers are whole.
    counts_up : bool
        Whether each number is one more than the one before.
    category : bool
        Whether the source declares the column to be categorical.
    unusable : str or None
        What it holds, if neither numbers nor texts.
    first_missing : int or None
        The row of the first missing cell.
    first_word, first_infinite, first_unclear : Oddity or None
        The first cell that is not a number, that is infinite, and that may mean a thousand times as much.
    """

    def __init__(self, name: str, sample: Sample | None, counts_numbers: bool) -> None:
        self.name = name
        self.moments = Moments()
        self.sample = sample
        self.counts: dict[str, int] | None = {}
        self.longest = 0
        self.n_rows = self.n_missing = self.n_numbers = 0
        self.lowest, self.highest = math.inf, -math.inf
        self.whole = self.counts_up = True
        self.category = False
        self.unusable: str | None = None
        self.first_missing: int | None = None
        self.first_word: Oddity | None = None
        self.first_infinite: Oddity | None = None
        self.first_unclear: Oddity | None = None
        self._last = math.nan
        self._counts_numbers = counts_numbers

    @property
    def n_values(self) -> int:
        """The number of cells that have a value."""
        return self.n_rows - self.n_missing

    def add(self, cells: Cells, first_row: int, train: Array) -> None:
        """Add consecutive cells.

        Parameters
        ----------
        cells : Cells
            N of them.
        first_row : int
            The number of the first one's row.
        train : ndarray of bool, shape (N,)
            Which rows are to train on.
        """
        self.n_rows += len(cells)
        self.category = cells.category
        self.unusable = cells.unusable or self.unusable
        if cells.unusable is not None:
            return
        values, missing, words, unclear = cells.numbers()
        self.n_missing += int(np.count_nonzero(missing))
        if self.first_missing is None:
            self.first_missing = _first(missing, first_row)
        self.first_word = self.first_word or _oddity(words, cells, first_row)
        self.first_unclear = self.first_unclear or _oddity(unclear, cells, first_row)
        self._add_numbers(values, cells, first_row, train)
        if self.counts is not None and (self._counts_numbers or not cells.of_numbers):
            self._count(self.counts, cells)

    def _add_numbers(self, values: Array, cells: Cells, first_row: int, train: Array) -> None:
        usable = np.isfinite(values)
        every = bool(usable.all())
        if not every and self.first_infinite is None:
            self.first_infinite = _oddity(np.isinf(values), cells, first_row)
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
        self.longest = max(self.longest, cells.longest())
        if self.longest > MOST_CHARACTERS:
            self.counts = None
            return
        distinct, codes = cells.texts()
        times = np.bincount(codes[codes != ABSENT], minlength=len(distinct))
        for index in np.flatnonzero(times).tolist():
            counts[distinct[index]] = counts.get(distinct[index], 0) + int(times[index])
        if len(counts) > MOST_DISTINCT:
            self.counts = None


def _first(where: Array, first_row: int) -> int | None:
    return first_row + int(where.argmax()) if where.any() else None


def _oddity(where: Array, cells: Cells, first_row: int) -> Oddity | None:
    row = _first(where, first_row)
    return None if row is None else Oddity(row, cells.text_at(row - first_row))


def _counts_up(last: float, numbers: Array) -> bool:
    """Whether each number is one more than the one before; the first may be any if `last` is NaN."""
    return bool((math.isnan(last) or numbers[0] == last + 1) and (numbers[1:] == numbers[:-1] + 1).all())
