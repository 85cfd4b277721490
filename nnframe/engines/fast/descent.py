"""Where the numpy engine keeps weights while it trains, and how a gradient changes them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from nnframe.arrays import copy_all, subtract_all
from nnframe.backpropagation import Gradient
from nnframe.contracts.bound import Linear, distinct_layers, parameters_of
from nnframe.contracts.engine import BoundNet, TrainingTask
from nnframe.engines.fast.memory import Memory
from nnframe.engines.update import Updater, vector_of

# Beyond, the calls that one vector saves cost nothing next to what they do, and a copy of the weights is large.
FEW_PARAMETERS = 2**17


class Descent(ABC):
    """How weights follow gradients.

    Attributes
    ----------
    layers : sequence of Linear
        What to compute with between `begin` and `end`.
    gradients : sequence of Gradient
        For each layer, where its gradient is to be written before `step`.
    takes_steps : bool
        Whether the gradients are to be multiplied with the learning rate.
    """

    layers: Sequence[Linear]
    gradients: Sequence[Gradient]
    takes_steps = True

    @abstractmethod
    def begin(self) -> None:
        """Get ready for an epoch; anyone may have changed the net's weights since the last."""

    @abstractmethod
    def step(self, learning_rate: float) -> None:
        """Update the weights, all or none."""

    @abstractmethod
    def end(self) -> None:
        """Leave the weights in the net."""


def descent_of(task: TrainingTask | BoundNet, memory: Memory) -> Descent:
    """Return the fastest way to do what the task says."""
    if not task.rule.is_plain:
        return ByRule(task)
    distinct = distinct_layers(task.layers)
    n_parameters = sum(array.size for array in parameters_of(distinct))
    if n_parameters <= FEW_PARAMETERS and len(distinct) == len(task.layers):
        return InOneVector(task)
    return InTheLayers(task, memory)


def descent_in_place(net: BoundNet, memory: Memory) -> Descent:
    """Return the fastest way to make single updates."""
    return InTheLayers(net, memory) if net.rule.is_plain else ByRule(net)


class InTheLayers(Descent):
    """Weights stay where they are: no copy, and a subtraction for each array."""

    def __init__(self, task: TrainingTask | BoundNet, memory: Memory) -> None:
        self.layers = task.layers
        self.gradients = [
            Gradient(memory.empty_like(each.weights), memory.empty_like(each.bias)) for each in task.layers
        ]
        self._arrays = tuple(parameters_of(self.layers))
        self._steps = tuple(array for gradient in self.gradients for array in gradient)

    def begin(self) -> None:
        """Do nothing: the weights are the net's own."""

    def step(self, learning_rate: float) -> None:
        """Subtract the gradients."""
        subtract_all(self._arrays, self._steps)

    def end(self) -> None:
        """Do nothing."""


class InOneVector(Descent):
    """All weights move to one vector for the time of an epoch, so that an update is one subtraction."""

    def __init__(self, task: TrainingTask | BoundNet) -> None:
        self._live = parameters_of(task.layers)
        self._vector, parts = vector_of(task.layers)
        self._step, self.gradients = vector_of(task.layers)
        self._parts = [array for part in parts for array in part]
        self.layers = [
            layer._replace(weights=part.weights, bias=part.bias) for layer, part in zip(task.layers, parts, strict=True)
        ]

    def begin(self) -> None:
        """Copy the weights into the vector."""
        copy_all(self._parts, self._live)

    def step(self, learning_rate: float) -> None:
        """Subtract the gradients."""
        np.subtract(self._vector, self._step, self._vector)

    def end(self) -> None:
        """Copy the weights out of the vector."""
        copy_all(self._live, self._parts)


class ByRule(Descent):
    """What else there is: penalties, clipping, an optimizer."""

    takes_steps = False

    def __init__(self, task: TrainingTask | BoundNet) -> None:
        self._updater = Updater(task)
        self.layers, self.gradients = task.layers, self._updater.gradients

    def begin(self) -> None:
        """Let the updater see the weights."""
        self._updater.read_weights()

    def step(self, learning_rate: float) -> None:
        """Update."""
        self._updater.update_weights(learning_rate)

    def end(self) -> None:
        """Do nothing: the updater writes into the net."""
