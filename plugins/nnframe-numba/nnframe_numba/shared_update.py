"""The update of a batch of which several processes compute parts: combined by all of them, and made on numpy."""

from __future__ import annotations

import numpy as np

from nnframe import Array, TrainingTask
from nnframe.engines.update import Updater


class SharedUpdate:
    """Combines the gradient of a part of a batch with those of the others, and updates the weights.

    Parameters
    ----------
    task : TrainingTask
    losses : ndarray, shape (B,)
        Where the losses of a batch are written.

    Attributes
    ----------
    updater : Updater
        Where the gradients are written.
    loss_sum : float
        The sum of the losses of the last batch, in all processes.
    """

    def __init__(self, task: TrainingTask, losses: Array) -> None:
        self.updater = Updater(task, in_place=True)
        self.loss_sum = 0.0
        self._losses, self._count, self._size = losses, 1, 1

    def begin(self, count: int, size: int) -> None:
        """Prepare for a part of some samples of a batch of a size."""
        self._count, self._size = count, size

    def __call__(self, learning_rate: float) -> None:
        """Update the weights with the mean gradient of the part, which has been written."""
        if self._count != self._size:
            share = self._losses.dtype.type(self._count / self._size)
            for gradient in self.updater.gradients:
                for array in (gradient.weights, gradient.bias, *gradient.parameters):
                    array *= share
            for array in self.updater.loss_gradients:
                array *= share
        loss_sum = float(self._losses[: self._count].sum(dtype=np.float64))
        self.loss_sum = self.updater.update_weights(learning_rate, loss_sum)

    def without_samples(self, learning_rate: float) -> float:
        """Update the weights with what the others have, and return the sum of the losses."""
        self.updater.clear_gradients()
        return self.updater.update_weights(learning_rate, 0.0)
