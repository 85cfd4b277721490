"""How many threads should share a batch, tried out while training goes on.

How many threads pay depends on the net, the batch and what else the machine does. The result is the same to the bit for
any number, so it can be changed at any time.
"""

from __future__ import annotations

from collections.abc import Hashable
from math import inf

from numba import config

from nnframe_numba.barrier import FEWEST_SAMPLES
from nnframe_numba.recently_used import RecentlyUsed

# Waking a thread takes a tenth of a millisecond, and the first batches after it are slow.
SECONDS_WORTH_A_TEAM, SECONDS_WORTH_A_TRIAL = 2e-3, 5e-3
# The best of a few slices counts, because any can be disturbed.
TRIALS = 3
SECONDS_PER_TRIAL = 10e-3
# Trials follow each other quickly at first, because the first one may have been disturbed.
FEWEST_SLICES_BETWEEN, MOST_SLICES_BETWEEN = 4, 64
# One more thread has to gain so much: it could do something else.
GAIN = 0.9
# Fewer threads that take so much longer are given up at once, and for long: a trial in which they take twice as long
# costs as much as three batches, where a slice is a batch. At worst they were disturbed, and would have done as well.
# More threads are tried again, because they may just have been waking.
HOPELESS = 1.5
# How many kinds of work a process remembers.
MOST_KINDS = 1024


class ThreadCount:
    """How many threads run some work fastest, and how long that takes.

    Now and then twice as many and half as many are tried, alternating with the current number. Two threads of the user
    may ask and tell at once; at worst, a measurement is lost.

    Parameters
    ----------
    most : int
        The largest number.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = 1
        self._seconds_per_batch = 0.0
        self._rivals: list[int] = []
        self._paces: dict[int, list[float]] = {}
        self._slices_left = 0
        self._slices_between = FEWEST_SLICES_BETWEEN

    def batches_in(self, seconds: float) -> int:
        """Return how many batches take about so long, or are enough for a trial; 1 if that isn't known."""
        if self.most > 1 and self._slices_left == 0:
            seconds = min(seconds, SECONDS_PER_TRIAL)
        return max(1, int(seconds / self._seconds_per_batch)) if self._seconds_per_batch else 1

    def next(self, n_batches: int) -> int:
        """Return how many threads should run so many batches."""
        seconds = self._seconds_per_batch * n_batches
        if seconds < SECONDS_WORTH_A_TEAM:
            return 1
        if seconds < SECONDS_WORTH_A_TRIAL:
            return self.size
        if self._slices_left > 0:
            self._slices_left -= 1
            return self.size
        if not self._paces:
            self._begin_trial()
        return min(self._paces, key=lambda size: len(self._paces[size]), default=self.size)

    def tell(self, size: int, n_batches: int, seconds: float) -> None:
        """Take note of how long so many batches took on so many threads."""
        self._seconds_per_batch = seconds / n_batches
        paces = self._paces
        if size in paces and seconds >= SECONDS_WORTH_A_TRIAL / 2:
            paces[size].append(self._seconds_per_batch)
            more, fewer = max(paces), min(paces)
            is_hopeless = size == fewer < self.size and min(paces[fewer]) > HOPELESS * min(paces[more], default=inf)
            if is_hopeless or min(map(len, paces.values())) == TRIALS:
                self.size = more if min(paces[more]) < GAIN * min(paces[fewer]) else fewer
                self._paces = {}
                if not self._rivals:
                    if is_hopeless:
                        self._slices_between = MOST_SLICES_BETWEEN
                    self._slices_left = self._slices_between
                    self._slices_between = min(2 * self._slices_between, MOST_SLICES_BETWEEN)

    def _begin_trial(self) -> None:
        if not self._rivals:
            self._rivals = [size for size in (self.size // 2, 2 * self.size) if 1 <= size <= self.most]
        if self._rivals:
            self._paces = {self.size: [], self._rivals.pop(): []}


# For the whole process, so that short runs needn't find it out again.
_counts: RecentlyUsed[ThreadCount] = RecentlyUsed(MOST_KINDS)


def thread_count_for(work: Hashable, batch_size: int) -> ThreadCount:
    """Return what is known of some work.

    Parameters
    ----------
    work : hashable
        Equal where the answer will be the same.
    batch_size : int
        1 for what can't be shared.
    """
    most = max(1, min(config.NUMBA_NUM_THREADS, batch_size // FEWEST_SAMPLES))
    return _counts.get(work) or _counts.keep(work, ThreadCount(most))
