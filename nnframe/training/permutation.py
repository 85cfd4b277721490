"""A random order of very many samples that is computed where it is asked for, and never kept as a whole.

The numbers below n are shuffled by a Feistel network: the bits of a number are cut in two parts, and in each round one
part is changed by random bits that the other determines. That can be undone, so it is a permutation. A result that is
not below n is put through again until it is.

Source: J. Black and P. Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nnframe.arrays import Array
from nnframe.engines.random_bits import BITS, random_bits

# An even number, after which both parts have their widths again.
ROUNDS = 6
# How many places are computed at a time, since a call for few takes about as long.
BLOCK = 2**14


class Permutation:
    """A random permutation of the numbers from 0 to n - 1.

    Parameters
    ----------
    n : int
    key : sequence of int
        The same key gives the same permutation.
    """

    def __init__(self, n: int, key: list[int]) -> None:
        self._n = n
        n_bits = max(2, (n - 1).bit_length())
        self._widths = (n_bits // 2, n_bits - n_bits // 2)
        self._keys = [int(each) for each in np.random.SeedSequence(key).generate_state(ROUNDS, np.uint64)]
        self._first, self._block = 0, np.empty(0, np.int64)

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, places: Any) -> Any:
        """Return the numbers at some places: a slice, one place, or an array of them."""
        if isinstance(places, np.ndarray):
            return self._at(places)
        if not isinstance(places, slice):
            return int(self._at(np.array([places]))[0])
        start, stop, _ = places.indices(self._n)
        if not self._first <= start <= stop <= self._first + len(self._block):
            self._first = start
            self._block = self._at(np.arange(start, min(self._n, max(stop, start + BLOCK))))
        return self._block[start - self._first : stop - self._first]

    def _at(self, places: Array) -> Array:
        numbers = self._shuffled(places.astype(np.uint64))
        beyond = np.flatnonzero(numbers >= self._n)
        while len(beyond):
            numbers[beyond] = self._shuffled(numbers[beyond])
            beyond = beyond[numbers[beyond] >= self._n]
        return numbers.astype(np.int64)

    def _shuffled(self, numbers: Array) -> Array:
        wide, narrow = self._widths[1], self._widths[0]
        left, right = numbers >> np.uint64(wide), numbers & np.uint64(2**wide - 1)
        for key in self._keys:
            left, right = right, left ^ (random_bits(key, right) >> np.uint64(BITS - narrow))
            wide, narrow = narrow, wide
        shuffled: Array = (left << np.uint64(self._widths[1])) | right
        return shuffled
