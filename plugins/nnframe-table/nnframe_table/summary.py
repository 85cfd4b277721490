"""What is collected about a column while its chunks are read, in memory that does not grow with their number."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from nnframe.arrays import Array
from nnframe_table.cells import ABSENT, Cells
from nnframe_table.label_normalization import merged
from nnframe_table.statistics import Statistics

MOST_DISTINCT = 1000
# Of a category or a class. Longer texts are sentences, and a thousand of them would fill the memory.
MOST_CHARACTERS = 1000
# numpy draws from fewer than this many things.
MOST_DRAWN = 10**9
# How many cells wait for the first word of a column: as long as all are numbers, their texts don't matter.
MOST_UNCOUNTED = 4000


class Oddity(NamedTuple):
    """A cell that may be wrong: its row and what is written there."""

    row: int
    text: str


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

    def merge(self, other: Sample) -> None:
        """Add the numbers that another sample is of; both have room for as many."""
        mine, theirs, size, total = self.values, other.values, len(self._kept), self._seen + other._seen
        if total > size:
            if total < MOST_DRAWN:
                n_mine = int(self._rng.hypergeometric(self._seen, other._seen, size))
            else:
                n_mine = min(int(self._rng.binomial(size, self._seen / total)), len(mine))
                n_mine = max(n_mine, size - len(theirs))
            mine = self._rng.choice(mine, n_mine, replace=False)
            theirs = self._rng.choice(theirs, size - n_mine, replace=False)
        self._kept[: len(mine) + len(theirs)] = np.concatenate([mine, theirs])
        self._seen = total

    @property
    def values(self) -> Array:
        """The numbers kept, in no particular order."""
        return self._kept[: self._seen]


class Summary:
    """What a column holds; see `Statistics` for its numbers.

    Parameters
    ----------
    name : str
    sample : Sample or None
        Where its numbers are sampled if a median or the most frequent number is needed.
    counts_numbers : bool
        Whether to count how often each number occurs too.

    Attributes
    ----------
    counts : dict of str to int, or None
        How often each text occurs, if it holds words or if numbers are counted too. None if it does not, if more than
        MOST_DISTINCT are different, or if one is too long.
    longest : int
        The length of the longest text in bytes.
    n_rows, n_missing, n_numbers : int
    mean, deviation : float
        Of the numbers in the rows to train on; everything else is about all rows.
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

    mean = deviation = math.nan
    lowest, highest = math.inf, -math.inf
    whole = counts_up = True

    def __init__(self, name: str, sample: Sample | None, counts_numbers: bool) -> None:
        self.name = name
        self.sample = sample
        self.counts: dict[str, int] | None = {}
        self.longest = 0
        self.n_rows = self.n_missing = self.n_numbers = 0
        self.category = False
        self.unusable: str | None = None
        self.first_missing: int | None = None
        self.first_word: Oddity | None = None
        self.first_infinite: Oddity | None = None
        self.first_unclear: Oddity | None = None
        self._counts_numbers = counts_numbers
        self._uncounted: list[Cells] = []
        self._leaves_out_numbers = False

    @property
    def mixes_types(self) -> bool:
        """Whether some cells are numbers by type, which `counts` lacks, and others words, as in a folder of files."""
        return self._leaves_out_numbers and self.first_word is not None

    @property
    def n_values(self) -> int:
        """The number of cells that have a value."""
        return self.n_rows - self.n_missing

    def add(self, cells: Cells, first_row: int, train: Array) -> Array | None:
        """Add consecutive cells, and return their numbers, NaN where there are none.

        Parameters
        ----------
        cells : Cells
            N of them.
        first_row : int
            The number of the first one's row.
        train : ndarray of bool, shape (N,)
            Which rows are to train on.

        Returns
        -------
        ndarray of float64, shape (N,), or None
            None if the cells are neither numbers nor texts.
        """
        self.n_rows += len(cells)
        self.category = self.category or cells.category
        self.unusable = cells.unusable or self.unusable
        if cells.unusable is not None:
            return None
        values, missing, words, unclear = cells.numbers()
        if not np.isfinite(values).all():
            self._add_oddities(values, missing, words, cells, first_row)
        if unclear.any() and self.first_unclear is None:
            self.first_unclear = _oddity(unclear, cells, first_row)
        if self.sample is not None:
            self.sample.add(values[train & np.isfinite(values)])
        if cells.of_numbers and not self._counts_numbers:
            self._leaves_out_numbers = self._leaves_out_numbers or not bool(missing.all())
        elif self.counts is not None:
            self._uncounted.append(cells)
            self.longest = max(self.longest, cells.longest())
            has_words = self._counts_numbers or self.category or self.first_word is not None
            if has_words or self.longest > MOST_CHARACTERS or sum(map(len, self._uncounted)) > MOST_UNCOUNTED:
                self._count()
        return values

    def merge(self, other: Summary) -> None:
        """Add the cells of another summary of the column, which come after these."""
        self.n_rows += other.n_rows
        self.n_missing += other.n_missing
        self.category = self.category or other.category
        self.unusable = self.unusable or other.unusable
        self._leaves_out_numbers = self._leaves_out_numbers or other._leaves_out_numbers
        self.longest = max(self.longest, other.longest)
        if self.first_missing is None:
            self.first_missing = other.first_missing
        self.first_word = self.first_word or other.first_word
        self.first_infinite = self.first_infinite or other.first_infinite
        self.first_unclear = self.first_unclear or other.first_unclear
        if self.sample is not None and other.sample is not None:
            self.sample.merge(other.sample)
        if self.counts is None or other.counts is None:
            self.counts = None
            self._uncounted.clear()
            return
        for text, count in other.counts.items():
            self.counts[text] = self.counts.get(text, 0) + count
        self._uncounted += other._uncounted
        # Numbers that were counted as texts in one part have to be in all.
        if self._counts_numbers or self.category or self.first_word is not None or self.counts:
            self._count()
        if self.counts is not None and len(self.counts) > MOST_DISTINCT:
            self.counts = None

    def _add_oddities(self, values: Array, missing: Array, words: Array, cells: Cells, first_row: int) -> None:
        self.n_missing += int(np.count_nonzero(missing))
        if self.first_missing is None and missing.any():
            self.first_missing = first_row + int(missing.argmax())
        self.first_word = self.first_word or _oddity(words, cells, first_row)
        self.first_infinite = self.first_infinite or _oddity(np.isinf(values), cells, first_row)

    def _count(self) -> None:
        if self.longest > MOST_CHARACTERS:
            self.counts = None
        while self.counts is not None and self._uncounted:
            distinct, codes = self._uncounted.pop(0).texts()
            times = np.bincount(codes[codes != ABSENT], minlength=len(distinct))
            occurring = np.flatnonzero(times)
            if len(occurring) <= MOST_DISTINCT:
                for text, count in zip([distinct[i] for i in occurring], times[occurring].tolist(), strict=True):
                    self.counts[text] = self.counts.get(text, 0) + count
            if max(len(self.counts), len(occurring)) > MOST_DISTINCT:
                self.counts = None
        self._uncounted.clear()

    def finish(self, statistics: Statistics, index: int) -> None:
        """Add what was collected about the numbers of the column at an index."""
        self.n_numbers = int(statistics.n_numbers[index])
        self.mean, self.deviation = float(statistics.mean[index]), float(statistics.deviation[index])
        self.lowest, self.highest = float(statistics.lowest[index]), float(statistics.highest[index])
        self.whole, self.counts_up = bool(statistics.whole[index]), bool(statistics.counts_up[index])
        if self._uncounted or not self.counts:
            self.counts = None
        if self.counts is not None:
            self.counts = merged(self.counts)


def _oddity(where: Array, cells: Cells, first_row: int) -> Oddity | None:
    index = int(where.argmax())
    return Oddity(first_row + index, cells.text_at(index)) if where[index] else None
