"""The order of the samples where each process has shards of the data: files of its own, say.

Each batch takes from every shard a number of samples that is proportional to the shard's length, and each shard has a
permutation of its own. The shards of all processes are numbered, process by process. So the order depends on the shards
and the seed, and not on how they are spread over processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.engine import BatchShares, Epoch
from nnframe.errors import DataError
from nnframe.training.permutation import BLOCK, Permutation
from nnframe.training.plan import HOLD_OUT_STREAM, Plan

# What is drawn from the seed besides the streams of a plan.
SHARD_STREAM = 3
# Products of larger numbers overflow 64 bits.
MOST_IN_64_BITS = 2**31


@dataclass(frozen=True)
class ShardedPlan(Plan):
    """The epochs of a run over shards.

    Attributes
    ----------
    lengths : tuple of int
        The number of samples of each shard, in all processes.
    first, count : int
        The number of this process's first shard, and how many it has.
    """

    lengths: tuple[int, ...] = ()
    first: int = 0
    count: int = 0

    @cached_property
    def _held_out_lengths(self) -> list[int]:
        if self.held_out_share is None:
            return [0] * len(self.lengths)
        if self.n_rows < 2:
            raise DataError(f"data has {self.n_rows} sample; expected at least 2, to hold one out")
        total = min(max(round(self.held_out_share * self.n_rows), 1), self.n_rows - 1)
        # Rounded so that they add up to the total.
        ends = [(2 * end * total + self.n_rows) // (2 * self.n_rows) for end in accumulate(self.lengths, initial=0)]
        return [stop - start for start, stop in pairwise(ends)]

    @cached_property
    def _trained_lengths(self) -> list[int]:
        return [n - held_out for n, held_out in zip(self.lengths, self._held_out_lengths, strict=True)]

    @cached_property
    def n_samples(self) -> int:
        """The number of samples that an epoch visits, in all processes."""
        return sum(self._trained_lengths)

    @property
    def _own(self) -> range:
        return range(self.first, self.first + self.count)

    @cached_property
    def _offsets(self) -> list[int]:
        """The row of this process's data with which each of its shards begins."""
        return list(accumulate((self.lengths[s] for s in self._own), initial=0))[:-1]

    def _splitting(self, shard: int) -> Permutation:
        """Return the order of a shard of which the first samples are held out."""
        return Permutation(self.lengths[shard], [self.seed, 0, HOLD_OUT_STREAM, shard])

    @property
    def held_out(self) -> Array | None:
        """The rows of this process's data that are not trained with, in ascending order; None if none are held out."""
        if self.held_out_share is None:
            return None
        rows = [np.empty(0, np.int64)]
        for shard, offset in zip(self._own, self._offsets, strict=True):
            places = np.arange(self._held_out_lengths[shard])
            rows.append(offset + np.sort(self._splitting(shard)[places]))
        return np.concatenate(rows)

    def epoch(self, number: int, learning_rate: float) -> Epoch:
        """Return what the engine does in an epoch, with this process's shares of the batches."""
        runs, positions, sizes = self._runs
        order = _ShardOrder(runs, [self._shard_order(number, s) for s in self._own], self._offsets)
        stops = order.ends[self.count - 1 :: self.count] if self.count else np.zeros(len(sizes), np.int64)
        starts = np.concatenate([[0], stops[:-1]]).astype(np.int64)
        shares = BatchShares(starts, stops, positions, sizes)
        key = self._dropout_key(number) if self.drops else 0
        return Epoch(self.learning_rates(number, learning_rate), order, 0, key, 0.0, shares)  # type: ignore[arg-type]

    @cached_property
    def _runs(self) -> tuple[Array, Array, Array]:
        """Where the batches begin in each of this process's shards, in the whole pass, and how large they are."""
        bounds = np.minimum(np.arange(self.batches_per_epoch + 1) * self.batch_size, self.n_samples)
        taken = taken_from_shards(self._trained_lengths, bounds)
        before = taken[: self.first].sum(axis=0)
        positions = bounds[:-1] + np.diff(before) if self.first else bounds[:-1]
        return taken[self.first : self.first + self.count], positions, np.diff(bounds)

    def _shard_order(self, number: int, shard: int) -> Any:
        n_held_out, count = self._held_out_lengths[shard], self._trained_lengths[shard]
        rows: Any = None
        if n_held_out:
            splitting = self._splitting(shard)
            if not self.shuffle:
                return np.sort(splitting[np.arange(n_held_out, self.lengths[shard])])
            rows = splitting
        if not self.shuffle:
            return np.arange(count)
        order = Permutation(count, [self.seed, number, SHARD_STREAM, shard])
        return order if rows is None else _Composed(order, rows, n_held_out)


def taken_from_shards(lengths: Sequence[int], bounds: Array) -> Array:
    """Return how many samples of each shard come before each of some places of a pass.

    The first shard's number is rounded, and what is left to the others is divided likewise. So all numbers add up to
    the place, and none of them ever falls from one place to the next.

    Parameters
    ----------
    lengths : sequence of int
    bounds : ndarray of int64, shape (n,)
        Ascending places from 0 to the sum of the lengths.

    Returns
    -------
    ndarray of int64, shape (n_shards, n)
    """
    total, left = sum(lengths), bounds.astype(object if sum(lengths) > MOST_IN_64_BITS else np.int64)
    taken = np.empty((len(lengths), len(bounds)), np.int64)
    for shard, length in enumerate(lengths):
        own = (2 * left * length + total) // (2 * total) if total else left * 0
        taken[shard] = own
        left, total = left - own, total - length
    return taken


class _Composed:
    """The rows that are trained with, in a random order."""

    def __init__(self, order: Permutation, rows: Permutation, n_held_out: int) -> None:
        self._order, self._rows, self._n_held_out = order, rows, n_held_out

    def __getitem__(self, places: Array) -> Any:
        return self._rows[self._n_held_out + self._order[places]]


class _ShardOrder:
    """The rows that a process visits in an epoch: for each batch, a run of the order of each of its shards."""

    def __init__(self, taken: Array, orders: Sequence[Any], offsets: Sequence[int]) -> None:
        self._orders, self._offsets, self._count = orders, offsets, len(orders)
        # Batch by batch, and in each shard by shard.
        self._run_starts = np.ascontiguousarray(taken[:, :-1].T).reshape(-1)
        self.ends = np.cumsum(np.diff(taken, axis=1).T.reshape(-1))
        self._first, self._block = 0, np.empty(0, np.int64)

    def __len__(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0

    def __getitem__(self, places: Any) -> Any:
        if not isinstance(places, slice):
            return int(self._at(int(places), int(places) + 1)[0])
        start, stop, _ = places.indices(len(self))
        if not self._first <= start <= stop <= self._first + len(self._block):
            self._first, self._block = start, self._at(start, min(len(self), max(stop, start + BLOCK)))
        return self._block[start - self._first : stop - self._first]

    def _at(self, start: int, stop: int) -> Array:
        places = np.arange(start, stop)
        runs = np.searchsorted(self.ends, places, side="right")
        before = np.concatenate([[0], self.ends])[runs] if len(places) else places
        within = self._run_starts[runs] + (places - before)
        rows = np.empty(len(places), np.int64)
        for i in range(self._count):
            mine = runs % self._count == i
            rows[mine] = self._offsets[i] + self._orders[i][within[mine]]
        return rows
