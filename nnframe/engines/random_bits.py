"""Random bits as a function of a key and a number, with no generator state: the output mix of splitmix64.

Whatever needs one random decision per item (a unit that dropout drops, a row that goes into a test set) numbers its
items and looks up the bits of each. The result depends on the key and the number alone, not on the order or the process
in which the items are visited.

Source: G. Steele, D. Lea and C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array

GOLDEN_GAMMA = 0x9E3779B97F4A7C15
MIX_1, MIX_2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
BITS = 64


def random_bits(key: int, numbers: Array) -> Array:
    """Return 64 random bits for each number; the same key and number always give the same bits.

    Parameters
    ----------
    key : int
        0 to 2**64 - 1.
    numbers : ndarray of uint64

    Returns
    -------
    ndarray of uint64, of the shape of `numbers`
    """
    # uint64 arithmetic is meant to wrap around; numpy does that silently for arrays.
    z = np.uint64(key) + (numbers + np.uint64(1)) * np.uint64(GOLDEN_GAMMA)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(MIX_1)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(MIX_2)
    mixed: Array = z ^ (z >> np.uint64(31))
    return mixed
