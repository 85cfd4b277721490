"""Dropout: in training, a share of each layer's outputs is set to 0, different ones each time; the rest is scaled up.

Which units are dropped depends only on the epoch's key, the sample's position in the epoch and the unit, and not on the
state of a generator. So all engines drop the same units, however they order or parallelize the work, and a resumed run
drops what an uninterrupted one would have dropped. The units of all samples of an epoch are numbered, each gets 64
`random_bits` for its number, and it is dropped if they are below share * 2^64.

Source: N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15 (2014)
1929-1958, in the inverted form, where nothing is left to do after training.
"""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.engine import BoundNet, TrainingTask
from nnframe.engines.random_bits import BITS, random_bits


class Dropout:
    """The dropout masks of a training run.

    Attributes
    ----------
    shares : tuple of float
        For each layer, the share of outputs to drop.
    first_units : list of int
        For each layer, the number of its first unit, counting the units of all layers.
    n_units : int
        The number of units of all layers.
    """

    def __init__(self, task: TrainingTask | BoundNet) -> None:
        sizes = [len(layer.weights) for layer in task.layers]
        self.shares = task.dropout or (0.0,) * len(sizes)
        self.sizes = sizes
        self.first_units = [sum(sizes[:k]) for k in range(len(sizes))]
        self.n_units = sum(sizes)
        self.dtype = task.layers[0].weights.dtype

    def mask(self, layer: int, key: int, start: int, count: int) -> Array | None:
        """Return the factors of a layer's outputs for some samples: 0 or 1 / (1 - share).

        Parameters
        ----------
        layer : int
            Counted from 0.
        key : int
            The epoch's dropout key.
        start, count : int
            The position of the first sample in the epoch, and the number of samples.

        Returns
        -------
        ndarray of the layers' dtype, shape (count, n_out), or None
            None for a share of 0.
        """
        share = self.shares[layer]
        if share == 0:
            return None
        samples = np.arange(start, start + count, dtype=np.uint64)[:, np.newaxis]
        units = np.arange(self.first_units[layer], self.first_units[layer] + self.sizes[layer], dtype=np.uint64)
        kept = random_bits(key, samples * np.uint64(self.n_units) + units) >= np.uint64(int(share * 2**BITS))
        mask: Array = kept * self.dtype.type(1 / (1 - share))
        return mask
