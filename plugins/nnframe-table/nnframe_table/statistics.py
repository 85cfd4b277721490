"""Statistics of the numbers in all columns at once, in memory that does not grow with the number of rows."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from nnframe.arrays import Array


class Statistics:
    """Statistics of columns of numbers whose rows arrive in chunks.

    Parameters
    ----------
    n_columns : int

    Attributes
    ----------
    n_numbers : ndarray of int, shape (n_columns,)
        How many finite numbers a column has.
    lowest, highest : ndarray, shape (n_columns,)
        Of the finite numbers.
    whole : ndarray of bool, shape (n_columns,)
        Whether all finite numbers are whole.
    counts_up : ndarray of bool, shape (n_columns,)
        Whether each cell is one more than the cell before.
    mean : ndarray, shape (n_columns,)
        Of the finite numbers in the rows to train on.

    References
    ----------
    T. F. Chan, G. H. Golub and R. J. LeVeque, "Updating formulae and a pairwise algorithm for computing sample
    variances", COMPSTAT 1982.
    """

    def __init__(self, n_columns: int) -> None:
        self.n_numbers = np.zeros(n_columns, np.int64)
        self.lowest, self.highest = np.full(n_columns, np.inf), np.full(n_columns, -np.inf)
        self.whole, self.counts_up = np.ones(n_columns, bool), np.ones(n_columns, bool)
        self.mean, self._squares, self._count = np.zeros(n_columns), np.zeros(n_columns), np.zeros(n_columns)
        self._first: Array | None = None
        self._last: Array | None = None

    def add(self, values: Array, train: Array) -> None:
        """Add rows.

        Parameters
        ----------
        values : ndarray of float64, shape (n_columns, N)
            NaN where there is no number.
        train : ndarray of bool, shape (N,)
            Which rows are to train on.
        """
        finite = np.isfinite(values)
        every = finite.all(axis=1)
        self.n_numbers += np.count_nonzero(finite, axis=1)
        self.lowest = np.minimum(self.lowest, values.min(axis=1, where=finite, initial=np.inf))
        self.highest = np.maximum(self.highest, values.max(axis=1, where=finite, initial=-np.inf))
        numbers = values if every.all() else np.where(finite, values, 0.0)
        self.whole &= (numbers == np.trunc(numbers)).all(axis=1)
        # Numbers near the largest overflow here, and don't count up.
        before = numbers[:, :1] - 1 if self._last is None else self._last
        self._first = numbers[:, :1] if self._first is None else self._first
        with np.errstate(over="ignore"):
            self.counts_up &= every & (np.diff(numbers, axis=1, prepend=before) == 1).all(axis=1)
        self._last = numbers[:, -1:]
        self._add_moments(numbers[:, train], finite[:, train])

    def merge(self, other: Statistics) -> None:
        """Add the rows of other statistics, which come after these."""
        self.n_numbers += other.n_numbers
        self.lowest, self.highest = np.minimum(self.lowest, other.lowest), np.maximum(self.highest, other.highest)
        self.whole &= other.whole
        self.counts_up &= other.counts_up
        if self._last is not None and other._first is not None:
            with np.errstate(over="ignore"):
                self.counts_up &= (other._first - self._last == 1)[:, 0]
        self._first = other._first if self._first is None else self._first
        self._last = self._last if other._last is None else other._last
        self._add_squares(other._count, other.mean, other._squares)

    def _add_moments(self, numbers: Array, there: Array) -> None:
        count = np.count_nonzero(there, axis=1)
        # An overflow shows in the deviation.
        with np.errstate(over="ignore", invalid="ignore"):
            mean = numbers.sum(axis=1) / np.maximum(count, 1)
            squares = np.where(there, (numbers - mean[:, np.newaxis]) ** 2, 0.0).sum(axis=1)
        self._add_squares(count, mean, squares)

    def _add_squares(self, count: Array, mean: Array, squares: Array) -> None:
        total = np.maximum(self._count + count, 1)
        with np.errstate(over="ignore", invalid="ignore"):
            away = np.where(count, mean - self.mean, 0.0)
            self._squares += squares + away * away * self._count * count / total
            self.mean = self.mean + away * count / total
        self._count += count

    @cached_property
    def deviation(self) -> Array:
        """The standard deviation over the rows to train on, with the count as the divisor, shape (n_columns,).

        To be asked for after the last row.
        """
        with np.errstate(invalid="ignore"):
            deviation: Array = np.sqrt(self._squares / np.maximum(self._count, 1))
        return deviation
