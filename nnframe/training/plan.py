"""The order in which an epoch visits the samples, and its learning rates.

Both depend on the seed and the number of the epoch alone, so a resumed run continues exactly like one that was never
interrupted.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from nnframe.arrays import TRAINING_ERRORS, Array
from nnframe.contracts.engine import Epoch
from nnframe.errors import DataError
from nnframe.registry.binding import bind_schedule
from nnframe.training.permutation import Permutation

if TYPE_CHECKING:
    from nnframe.contracts.schedule import Schedule

# What is drawn from the seed of a run besides the order of the samples.
DROPOUT_STREAM, HOLD_OUT_STREAM = 1, 2
# A longer order is computed where it is needed, since it would fill the memory.
MOST_KEPT = 2**26


@dataclass(frozen=True)
class Plan:
    """The epochs of a run.

    Attributes
    ----------
    n_epochs, batch_size : int
    n_rows : int
        The number of samples in the data.
    shuffle : bool
        Whether each epoch visits the samples in an order of its own.
    seed : int
        Orders and held-out samples are drawn from it.
    schedule : Schedule or None
    held_out_share : float or None
        The share of the data that is held out.
    drops : bool
        Whether there is dropout, so that each epoch needs a key for it.
    """

    n_epochs: int
    batch_size: int
    n_rows: int
    shuffle: bool
    seed: int
    schedule: Schedule | None
    held_out_share: float | None
    drops: bool

    @cached_property
    def _split(self) -> tuple[Array | int, Array | None]:
        """The rows to train with, or their number if it is all of them, and the rows that are held out."""
        if self.held_out_share is None:
            return self.n_rows, None
        return hold_out(self.n_rows, self.held_out_share, self.seed)

    @property
    def held_out(self) -> Array | None:
        """The rows that are not trained with, in ascending order; None if there are none."""
        return self._split[1]

    @cached_property
    def n_samples(self) -> int:
        """The number of samples that an epoch visits."""
        rows = self._split[0]
        return rows if isinstance(rows, int) else len(rows)

    @cached_property
    def batches_per_epoch(self) -> int:
        """The number of updates in an epoch."""
        return -(-self.n_samples // self.batch_size)

    def epoch(self, number: int, learning_rate: float) -> Epoch:
        """Return what the engine does in an epoch.

        Parameters
        ----------
        number : int
            Counted from 0.
        learning_rate : float
            Before the schedule.

        Raises
        ------
        PluginError
            If the schedule fails.
        """
        if self.schedule is not None or self.shuffle or self.drops:
            key = self._dropout_key(number) if self.drops else 0
            return Epoch(self.learning_rates(number, learning_rate), self._order(number), 0, key)
        epoch = self._latest.get(learning_rate)
        if epoch is None:
            # No others are kept: a callback may set another rate for each of a million epochs.
            self._latest.clear()
            epoch = self._latest[learning_rate] = Epoch(self.learning_rates(number, learning_rate), self._order(number))
        return epoch

    @cached_property
    def _latest(self) -> dict[float, Epoch]:
        """The latest epoch by its learning rate; the next one with the same rate is like it."""
        return {}

    def learning_rates(self, number: int, learning_rate: float) -> Array:
        """Return the learning rate of each batch of an epoch; takes and raises what `epoch` does."""
        rates = np.full(self.batches_per_epoch, learning_rate)
        if self.schedule is not None:
            # A factor may underflow, whatever the caller wants numpy to do about that.
            with np.errstate(**TRAINING_ERRORS):
                rates *= self._factors(self.schedule, number)
        return rates

    def _order(self, number: int) -> Array | None:
        rows = self._split[0]
        if self.shuffle and isinstance(rows, int) and rows > MOST_KEPT:
            # It has what engines use of an array: a length and slices.
            return Permutation(rows, [self.seed, number])  # type: ignore[return-value]
        if self.shuffle:
            return np.random.default_rng([self.seed, number]).permutation(rows)
        return None if isinstance(rows, int) else rows

    def _dropout_key(self, number: int) -> int:
        bits = np.random.SeedSequence([self.seed, number, DROPOUT_STREAM]).generate_state(1, np.uint64)
        return int(bits[0])

    def _factors(self, schedule: Schedule, number: int) -> Array:
        steps = np.arange(number * self.batches_per_epoch, (number + 1) * self.batches_per_epoch)
        return bind_schedule(schedule)(steps, self.batches_per_epoch, self.n_epochs)


def drawn_seed() -> int:
    """Return a seed of 63 bits that nobody can foresee."""
    # As secrets.randbits does it, whose module takes milliseconds to import.
    return int.from_bytes(os.urandom(8), "little") >> 1


def hold_out(n_samples: int, share: float, seed: int) -> tuple[Array, Array]:
    """Return the rows to train with and the rows to validate with, drawn at random, each in ascending order.

    Parameters
    ----------
    n_samples : int
    share : float
        The share to hold out, between 0 and 1; rounded to whole rows, with at least one row on either side.
    seed : int

    Raises
    ------
    DataError
        If there are fewer than two samples.
    """
    if n_samples < 2:
        raise DataError(f"data has {n_samples} sample; expected at least 2, to hold one out for validation={share}")
    rows = np.random.default_rng([seed, 0, HOLD_OUT_STREAM]).permutation(n_samples)
    n_held_out = min(max(round(share * n_samples), 1), n_samples - 1)
    return np.sort(rows[n_held_out:]), np.sort(rows[:n_held_out])
