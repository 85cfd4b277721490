"""A copy of everything that an update changes, to go back to."""

from __future__ import annotations

import numpy as np

from nnframe.arrays import copy_all
from nnframe.contracts.bound import distinct_layers, parameters_of
from nnframe.contracts.engine import BoundNet, TrainingTask
from nnframe.engines.fast.memory import Memory


class Snapshot:
    """The weights and the optimizer's state at one moment. Its memory is allocated once.

    Parameters
    ----------
    task : TrainingTask or BoundNet

    Attributes
    ----------
    weights : list of ndarray
        The live arrays of weights and biases.
    live : list of ndarray
        The same, and the optimizer's state.
    """

    def __init__(self, task: TrainingTask | BoundNet) -> None:
        self.weights = parameters_of(distinct_layers(task.layers))
        self.live = [*self.weights, *task.rule.state.arrays, task.rule.state.updates]
        memory = Memory()
        self.copies = [memory.empty_like(array) for array in self.live]

    def take(self) -> None:
        """Copy the live arrays."""
        copy_all(self.copies, self.live)

    def restore(self) -> None:
        """Copy back into the live arrays."""
        copy_all(self.live, self.copies)

    def is_finite(self) -> bool:
        """Whether all live arrays are finite."""
        return all(np.isfinite(array).all() for array in self.live)
