"""Dropout: in training, a share of a layer's outputs is set to 0, others each time, and the rest is scaled up.

Which ones are dropped is no matter of a generator's state but a function of the epoch's key, the sample's position in
the epoch and the unit. So all engines drop the same, whatever they run at once, and a resumed run drops what the run
that was never stopped would have dropped. The function numbers all units of all samples of an epoch, and takes for each
the output of the generator splitmix64 that the number leads to; the unit is dropped where that is below share * 2^64.

Sources: N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15 (2014)
1929-1958, in the inverted form, which leaves nothing to do after training; G. Steele, D. Lea and C. Flood, "Fast
splittable pseudorandom number generators", OOPSLA 2014.
"""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.engine import TrainingTask

GOLDEN_GAMMA = 0x9E3779B97F4A7C15
MIX_1, MIX_2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
BITS = 64


class Dropout:
    """The outputs that are dropped in a training run.

    Attributes
    ----------
    shares : tuple of float
        For each layer.
    first_units : list of int
        For each layer, the number of its first unit, when the units of all layers are counted.
    n_units : int
        How many there are.
    """

    def __init__(self, task: TrainingTask) -> None:
        sizes = [len(layer.weights) for layer in task.layers]
        self.shares = task.dropout or (0.0,) * len(sizes)
        self.sizes = sizes
        self.first_units = [sum(sizes[:k]) for k in range(len(sizes))]
        self.n_units = sum(sizes)
        self.dtype = task.layers[0].weights.dtype

    def mask(self, layer: int, key: int, start: int, count: int) -> Array | None:
        """Return what the outputs of some samples are multiplied with: 0, or 1 / (1 - share); None for a share of 0.

        Parameters
        ----------
        layer : int
            Counted from 0.
        key : int
            The epoch's.
        start, count : int
            The position of the first sample in the epoch, and how many there are.

        Returns
        -------
        ndarray of the layers' dtype, shape (count, n_out), or None
        """
        share = self.shares[layer]
        if share == 0:
            return None
        samples = np.arange(start, start + count, dtype=np.uint64)[:, np.newaxis]
        units = np.arange(self.first_units[layer], self.first_units[layer] + self.sizes[layer], dtype=np.uint64)
        kept = random_bits(key, samples * np.uint64(self.n_units) + units) >= np.uint64(int(share * 2**BITS))
        mask: Array = kept * self.dtype.type(1 / (1 - share))
        return mask


def random_bits(key: int, numbers: Array) -> Array:
    """Return 64 random bits for each number, always the same for the same key.

    Parameters
    ----------
    key : int
    numbers : ndarray of uint64
    """
    # Arithmetic of uint64 is meant to wrap around, and does so without a word for arrays.
    z = np.uint64(key) + (numbers + np.uint64(1)) * np.uint64(GOLDEN_GAMMA)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(MIX_1)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(MIX_2)
    mixed: Array = z ^ (z >> np.uint64(31))
    return mixed
