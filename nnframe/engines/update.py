"""From the gradient of a batch to new weights: penalties, clipping and the optimizer, all or nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from nnframe.arrays import Array, copy_all
from nnframe.backpropagation import Gradient
from nnframe.contracts.bound import Linear, distinct_layers, parameters_of
from nnframe.contracts.engine import BoundNet, TrainingTask
from nnframe.engines.fast.memory import Memory
from nnframe.engines.joint_memory import joint_vector

if TYPE_CHECKING:
    from nnframe.engines.update_program import UpdateProgram

# What clipping adds to a norm; the same as in PyTorch, so that its runs can be reproduced here.
NORM_EPSILON = 1e-6


class Updater:
    """Updates the weights of a net by an `UpdateRule`.

    All weights and biases are in one vector, so that an update takes the same few calls for any number of layers.

    Parameters
    ----------
    task : TrainingTask or BoundNet
    in_place : bool, optional
        Whether to run a recording of the optimizer's formula in place of the formula, where there can be one.

    Attributes
    ----------
    gradients : list of Gradient
        For each layer of the task, where the caller writes the gradient of the mean loss before `update_weights`.
    """

    def __init__(self, task: TrainingTask | BoundNet, in_place: bool = False) -> None:
        self.rule = task.rule
        memory = Memory(first=len(task.rule.state.arrays))
        self.layers = distinct_layers(task.layers)
        self.arrays = parameters_of(self.layers)
        joint = joint_vector(self.arrays)
        if joint is None:
            self.vector, parts = vector_of(self.layers, memory)
            self.sources = [array for part in parts for array in part]
        else:
            # The layers' own memory: there is nothing to copy.
            self.vector, self.sources, self.arrays = joint, [], []
        self.gradient, self.gradients = vector_of(task.layers, memory)
        # The two gradients of a layer that the net uses twice add up.
        self.has_repeats = len(self.layers) < len(task.layers)
        self.sums = self.gradients
        if self.has_repeats:
            self.gradient, self.sums = vector_of(self.layers, memory)
        position = {id(layer.weights): i for i, layer in enumerate(self.layers)}
        self.uses = [
            (self.sums[position[id(layer.weights)]], own)
            for layer, own in zip(task.layers, self.gradients, strict=True)
        ]
        rule = self.rule
        self._is_limited = bool(rule.l1 or rule.l2 or rule.clip_value or rule.clip_norm)
        self._next = np.array(rule.state.updates)
        self._program = self._recorded(memory) if in_place else None

    def _recorded(self, memory: Memory) -> UpdateProgram | None:
        """Return the optimizer's update as calls that overwrite the weights and the state, if there is such a form."""
        rule = self.rule
        if rule.optimizer is None:
            return None
        # Only optimizers pay for the import of what records formulas.
        from nnframe.engines.update_program import UpdateProgram, recipe_of

        recipe = recipe_of(rule.optimizer.plugin)
        if recipe is None:
            return None
        after: list[Callable[[], object]] = [
            partial(np.copyto, array, source) for array, source in zip(self.arrays, self.sources, strict=True)
        ]
        after.append(partial(np.ndarray.__setitem__, rule.state.updates, (), self._next))
        return UpdateProgram(recipe, self.vector, self.gradient, rule.state.arrays, memory, after)

    def read_weights(self) -> None:
        """Copy the layers' weights, which may have changed since the last update."""
        copy_all(self.sources, self.arrays)

    def update_weights(self, learning_rate: float) -> None:
        """Update the layers' weights with the gradients that were written.

        Raises
        ------
        PluginError
            If the optimizer fails. Nothing has changed then.
        """
        if self.has_repeats:
            self.gradient[...] = 0
            for total, own in self.uses:
                total.weights[...] += own.weights
                total.bias[...] += own.bias
        if self._is_limited:
            self._penalize_and_clip()
        rule = self.rule
        t = int(rule.state.updates) + 1
        if self._program is not None and self._program.set_numbers(t, learning_rate):
            self._next.fill(t)
            self._program.run()
            return
        if rule.optimizer is None:
            new_vector, new_state = self.vector - learning_rate * self.gradient, []
        else:
            new_vector, *new_state = rule.optimizer.update(
                self.vector, self.gradient, *rule.state.arrays, t=t, learning_rate=learning_rate
            )
        updates = rule.state.updates
        # The vector first, of which the sources are parts.
        copy_all(
            [self.vector, *self.arrays, *rule.state.arrays, updates],
            [new_vector, *self.sources, *new_state, updates + 1],
        )

    def _penalize_and_clip(self) -> None:
        rule = self.rule
        if rule.l1 or rule.l2:
            for layer, total in zip(self.layers, self.sums, strict=True):
                total.weights[...] += rule.l1 * np.sign(layer.weights) + rule.l2 * layer.weights
        if rule.clip_value:
            np.clip(self.gradient, -rule.clip_value, rule.clip_value, out=self.gradient)
        if rule.clip_norm:
            # In float64, since squares of float32 numbers may overflow.
            square = float(np.square(self.gradient, dtype=np.float64).sum())
            share = rule.clip_norm / (math.sqrt(square) + NORM_EPSILON)
            if share < 1:
                self.gradient *= share


def vector_of(layers: Sequence[Linear], memory: Memory | None = None) -> tuple[Array, list[Gradient]]:
    """Return a vector with room for all weights and biases, and views of it in the layers' shapes."""
    memory = memory or Memory()
    vector = memory.empty((sum(array.size for array in parameters_of(layers)),), layers[0].weights.dtype)
    parts, start = [], 0
    for layer in layers:
        middle, stop = start + layer.weights.size, start + layer.weights.size + layer.bias.size
        parts.append(Gradient(vector[start:middle].reshape(layer.weights.shape), vector[middle:stop].reshape(-1, 1)))
        start = stop
    return vector, parts
