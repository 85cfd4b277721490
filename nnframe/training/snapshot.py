"""A copy of everything that an update changes, to go back to."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from nnframe.arrays import TRAINING_ERRORS, Array, copy_all
from nnframe.contracts.bound import trained_arrays
from nnframe.contracts.engine import BoundNet, TrainingTask
from nnframe.engines.fast.memory import Memory
from nnframe.engines.joint_memory import joint_vectors

# With so few numbers, calls of numpy take more time than their work, and a second copy takes no memory to speak of.
FEW_NUMBERS = 2**14


class Snapshot:
    """The weights and the optimizer's state at one moment. Its memory is allocated once.

    Parameters
    ----------
    task : TrainingTask or BoundNet

    Attributes
    ----------
    weights : list of ndarray
        The live arrays of all that is trained.
    live : list of ndarray
        The same, and the optimizer's state.
    """

    def __init__(self, task: TrainingTask | BoundNet) -> None:
        self.weights = trained_arrays(task.layers, task.objective)
        self._updates = task.rule.state.updates
        numbers = [*self.weights, *task.rule.state.arrays]
        self.live = [*numbers, self._updates]
        self._numbers, self._memory = numbers, Memory()
        self._kept_updates = np.array(self._updates)
        self._next: Array | None = None

    @cached_property
    def _parts(self) -> list[Array]:
        """Views of all numbers, since the arrays are contiguous."""
        return joint_vectors(self._numbers)

    @cached_property
    def _copy(self) -> Array:
        # Not every run takes one.
        return self._memory.empty((self._size,), self._numbers[0].dtype)

    @cached_property
    def _size(self) -> int:
        return sum(array.size for array in self._numbers)

    def take(self) -> None:
        """Copy the live arrays."""
        np.concatenate(self._parts, out=self._copy)
        self._kept_updates[...] = self._updates

    def take_if_finite(self) -> bool:
        """Copy the live arrays if all of them are finite, and return whether they are."""
        if self._size > FEW_NUMBERS:
            if not self.is_finite():
                return False
            self.take()
            return True
        if self._next is None:
            self._next = self._memory.empty((self._size,), self._numbers[0].dtype)
        np.concatenate(self._parts, out=self._next)
        with np.errstate(**TRAINING_ERRORS):
            if not is_finite(self._next):
                return False
        self._copy, self._next = self._next, self._copy
        self._kept_updates[...] = self._updates
        return True

    def restore(self) -> None:
        """Copy back into the live arrays."""
        stops = np.cumsum([part.size for part in self._parts])
        copy_all([*self._parts, self._updates], [*np.split(self._copy, stops[:-1]), self._kept_updates])

    def is_finite(self) -> bool:
        """Whether all live arrays are finite."""
        with np.errstate(**TRAINING_ERRORS):
            return all(map(is_finite, self._parts))


def is_finite(*arrays: Array) -> bool:
    """Whether all numbers of contiguous arrays are finite."""
    # The sum of squares is not finite if one of them isn't, and takes a tenth of the time of np.isfinite on a small
    # array. It may also overflow, so a sum that is not finite proves nothing.
    total = 0.0
    for array in arrays:
        vector = array if array.ndim == 1 else array.reshape(-1)
        total += vector.dot(vector)
    return math.isfinite(total) or all(np.isfinite(array).all() for array in arrays)
