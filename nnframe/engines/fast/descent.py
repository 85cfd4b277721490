"""Where the numpy engine keeps the weights while it trains, and how it updates them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from nnframe.arrays import Array, copy_all, subtract_all
from nnframe.backpropagation import Gradient
from nnframe.contracts.bound import Linear, distinct_layers, parameters_of
from nnframe.contracts.engine import BoundNet, TrainingTask
from nnframe.engines.fast.memory import Memory
from nnframe.engines.joint_memory import joint_vector, joint_vectors
from nnframe.engines.update import Updater
from nnframe.engines.vectors import parts_of, vector_of

# With more, the calls that one vector saves no longer matter, and a copy of the weights takes memory.
FEW_PARAMETERS = 2**17


class Descent(ABC):
    """How gradients update the weights.

    Attributes
    ----------
    layers : sequence of Linear
        The layers to compute with between `begin` and `end`.
    gradients : sequence of Gradient
        For each layer, where its gradient is written before `step`.
    loss_gradients : sequence of ndarray
        Likewise, for each learned parameter of the loss.
    takes_steps : bool
        Whether `step` expects gradients that are multiplied by the learning rate.
    has_begin : bool
        Whether `begin` does anything.
    inputs : ndarray or None
        Where the backward pass writes the inputs, if the first weights' gradient isn't needed.
    factors : sequence of sequence of float, or None
        What the learning rates of each layer's arrays are multiplied by, as far as the passes know; None for those of
        the rule.
    wants_one_thread : bool
        Whether all BLAS calls of an update had better run on one thread.
    subtract : callable or None
        What `step` does, where that is a single call of numpy: to call it directly saves a call of Python.
    """

    layers: Sequence[Linear]
    gradients: Sequence[Gradient]
    loss_gradients: Sequence[Array] = ()
    takes_steps = True
    has_begin = True
    inputs: Array | None = None
    factors: Sequence[Sequence[float]] | None = None
    wants_one_thread = False
    subtract: Callable[[], object] | None = None

    @abstractmethod
    def begin(self) -> None:
        """Prepare for an epoch; the net's weights may have changed since the last one."""

    @abstractmethod
    def step(self, learning_rate: float) -> None:
        """Update the weights, all or none."""

    def finish(self, learning_rate: float, loss_sum: float) -> float:
        """Do what `step` does, after `TrainingTask.combine` if there is one, and return the sum of the losses."""
        self.step(learning_rate)
        return loss_sum

    def clear(self) -> None:
        """Write a gradient of 0, that of no samples."""
        for gradient in self.gradients:
            gradient.weights[...], gradient.bias[...] = 0, 0

    @abstractmethod
    def end(self) -> None:
        """Write the weights to the net."""


def descent_of(task: TrainingTask | BoundNet, memory: Memory) -> Descent:
    """Return the fastest way to follow the rule of a task."""
    if not is_plain(task):
        return ByRule(task)
    distinct = distinct_layers(task.layers)
    if isinstance(task, TrainingTask) and task.combine is not None:
        adds_steps = task.combine_is_sum and len(distinct) == len(task.layers)
        return Combined(task, task.combine, memory) if adds_steps else ByRule(task)
    if len(distinct) == len(task.layers):
        vector = joint_vector(parameters_of(distinct))
        if vector is not None:
            return InJointVector(task, vector)
    n_parameters = sum(array.size for array in parameters_of(distinct))
    if n_parameters <= FEW_PARAMETERS and len(distinct) == len(task.layers):
        return InOneVector(task)
    return InTheLayers(task, memory)


def descent_in_place(net: BoundNet, memory: Memory) -> Descent:
    """Return the fastest way to make single updates."""
    if not is_plain(net):
        return ByRule(net)
    arrays = parameters_of(net.layers)
    if len(distinct_layers(net.layers)) < len(net.layers) or sum(array.size for array in arrays) > FEW_PARAMETERS:
        return InTheLayers(net, memory)
    vectors = joint_vectors(arrays)
    return InJointVector(net, vectors[0]) if len(vectors) == 1 else InVectors(net, vectors)


def is_plain(task: TrainingTask | BoundNet) -> bool:
    """Return whether weights and biases are all there is to update, by plain gradient descent."""
    has_parameters = any(layer.parameters for layer in task.layers) or task.objective.parameters
    return task.rule.is_plain and not has_parameters


class InJointVector(Descent):
    """The layers' weights are parts of one vector already: no copy, and one subtraction."""

    has_begin = False

    def __init__(self, task: TrainingTask | BoundNet, vector: Array) -> None:
        self.layers = task.layers
        step, self.gradients = vector_of(task.layers)
        self._subtract = self.subtract = partial(np.subtract, vector, step, vector)

    def begin(self) -> None:
        """Do nothing: the weights are in the net already."""

    def step(self, learning_rate: float) -> None:
        """Subtract the gradients."""
        self._subtract()

    def end(self) -> None:
        """Do nothing."""


class InVectors(Descent):
    """Weights stay in the net, where a few vectors hold them: no copy, and one subtraction per vector."""

    has_begin = False

    def __init__(self, task: TrainingTask | BoundNet, vectors: Sequence[Array]) -> None:
        self.layers, self._vectors = task.layers, tuple(vectors)
        step, self.gradients = vector_of(task.layers)
        self._steps = tuple(parts_of(step, vectors))

    def begin(self) -> None:
        """Do nothing: the weights are in the net already."""

    def step(self, learning_rate: float) -> None:
        """Subtract the gradients."""
        subtract_all(self._vectors, self._steps)

    def end(self) -> None:
        """Do nothing."""


class InTheLayers(Descent):
    """Weights stay in the layers: no copy, and one subtraction per array."""

    has_begin = False

    def __init__(self, task: TrainingTask | BoundNet, memory: Memory) -> None:
        self.layers = task.layers
        self.gradients = [
            Gradient(memory.empty_like(each.weights), memory.empty_like(each.bias)) for each in task.layers
        ]
        self._arrays = tuple(parameters_of(self.layers))
        self._steps = tuple(array for each in self.gradients for array in (each.weights, each.bias))

    def begin(self) -> None:
        """Do nothing: the weights are in the net already."""

    def step(self, learning_rate: float) -> None:
        """Subtract the gradients."""
        subtract_all(self._arrays, self._steps)

    def end(self) -> None:
        """Do nothing."""


class Combined(Descent):
    """Steps are added up over several processes, and subtracted from the layers' weights."""

    has_begin = False

    def __init__(self, task: TrainingTask, combine: Callable[[Array, float], float], memory: Memory) -> None:
        self.layers, self._combine = task.layers, combine
        self._step, self.gradients = vector_of(task.layers, memory, vector=task.gradient)
        vector = joint_vector(parameters_of(task.layers))
        self._arrays = parameters_of(task.layers) if vector is None else [vector]
        self._steps = parameters_of(self.gradients) if vector is None else [self._step]

    def begin(self) -> None:
        """Do nothing: the weights are in the net already."""

    def step(self, learning_rate: float) -> None:
        """Add up and subtract."""
        self.finish(learning_rate, 0.0)

    def finish(self, learning_rate: float, loss_sum: float) -> float:
        """Add up and subtract, and return the sum of the losses."""
        loss_sum = self._combine(self._step, loss_sum)
        subtract_all(self._arrays, self._steps)
        return loss_sum

    def end(self) -> None:
        """Do nothing."""


class InOneVector(Descent):
    """All weights are in one vector during an epoch, so that an update is one subtraction."""

    def __init__(self, task: TrainingTask | BoundNet) -> None:
        self._live = parameters_of(task.layers)
        self._vector, parts = vector_of(task.layers)
        self._step, self.gradients = vector_of(task.layers)
        self._parts = [array for part in parts for array in (part.weights, part.bias)]
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
        """Copy the weights back from the vector."""
        copy_all(self._live, self._parts)


class ByRule(Descent):
    """Any other rule: penalties, clipping, an optimizer, gradients that are combined."""

    takes_steps = False

    def __init__(self, task: TrainingTask | BoundNet) -> None:
        self._updater = Updater(task, in_place=True)
        self._update = self._updater.bound()
        self.layers, self.gradients = task.layers, self._updater.gradients
        self.has_begin = bool(self._updater.arrays)
        self.loss_gradients = self._updater.loss_gradients

    def begin(self) -> None:
        """Let the updater read the weights."""
        self._updater.read_weights()

    def step(self, learning_rate: float) -> None:
        """Update."""
        self._update(learning_rate)

    def finish(self, learning_rate: float, loss_sum: float) -> float:
        """Combine and update."""
        return self._updater.update_weights(learning_rate, loss_sum)

    def clear(self) -> None:
        """Write a gradient of 0."""
        self._updater.clear_gradients()

    def end(self) -> None:
        """Do nothing: the updater writes to the net."""
