"""From the gradient of a batch to new weights: penalties, clipping and the optimizer, all or nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from nnframe.arrays import Array, copy_all, subtract_all
from nnframe.backpropagation import Gradient
from nnframe.contracts.bound import distinct_layers, parameters_of, trained_arrays
from nnframe.contracts.engine import BoundNet, TrainingTask
from nnframe.engines.fast.memory import Memory
from nnframe.engines.joint_memory import joint_vector, joint_vectors
from nnframe.engines.vectors import add_up_uses, parts_of, roles_of, segments_of, vector_of

if TYPE_CHECKING:
    from nnframe.engines.update_program import UpdateProgram

# What clipping adds to a norm; the same as in PyTorch, so that its runs can be reproduced here.
NORM_EPSILON = 1e-6


class Updater:
    """Updates all that is trained of a net by an `UpdateRule`.

    All trained numbers are in one vector, so that an update takes the same few calls for any number of layers.

    Parameters
    ----------
    task : TrainingTask or BoundNet
    in_place : bool, optional
        Whether to overwrite the weights where that is possible: with a recording of the optimizer's formula in place of
        the formula, or with one subtraction where there is no optimizer.

    Attributes
    ----------
    gradients : list of Gradient
        For each layer of the task, where the caller writes the gradient of the mean loss before `update_weights`.
    loss_gradients : list of ndarray, each of shape ()
        Likewise, for each learned parameter of the loss.
    """

    def __init__(self, task: TrainingTask | BoundNet, in_place: bool = False) -> None:
        self.rule = task.rule
        memory = Memory(first=len(task.rule.state.arrays))
        self.layers = distinct_layers(task.layers)
        of_loss = task.objective.parameters
        arrays = trained_arrays(task.layers, task.objective)
        self.segments = segments_of(arrays, task.rule)
        joint = joint_vector(arrays)
        self._is_direct = False
        if joint is None:
            self.vector, _ = vector_of(self.layers, memory, of_loss)
            self.arrays = joint_vectors(arrays)
            self.sources = parts_of(self.vector, self.arrays)
        else:
            # The layers' own memory: there is nothing to copy.
            self.vector, self.sources, self.arrays = joint, [], []
        # The two gradients of a layer that the net uses twice add up.
        self.has_repeats = len(self.layers) < len(task.layers)
        given = task.gradient if isinstance(task, TrainingTask) else None
        self.gradient, self.sums = vector_of(self.layers, memory, of_loss, given)
        self.gradients = vector_of(task.layers, memory, of_loss)[1] if self.has_repeats else self.sums
        # Those of frozen arrays are never written.
        self.gradient[...] = 0
        slots = parts_of(self.gradient, arrays)
        self.loss_gradients = slots[len(slots) - len(of_loss) :]
        position = {id(layer.weights): i for i, layer in enumerate(self.layers)}
        self.uses = [
            (self.sums[position[id(layer.weights)]], own)
            for layer, own in zip(task.layers, self.gradients, strict=True)
        ]
        rule = self.rule
        self._is_limited = bool(rule.l1 or rule.l2 or rule.clip_value or rule.clip_norm)
        self._next = np.array(rule.state.updates)
        roles = roles_of(task.layers, task.objective, self.vector.dtype)
        self.penalized = [pair for *pair, role in zip(arrays, slots, roles, strict=True) if role.is_penalized]
        self._decay: Array | None = None
        if joint is not None and rule.l2 and not rule.l1:
            # For each weight the penalty, and 0 for what has none: two calls in place of two for each array.
            self._decay, self._product = memory.empty_like(joint), memory.empty_like(joint)
            for part, role in zip(parts_of(self._decay, arrays), roles, strict=True):
                part[...] = rule.l2 if role.is_penalized else 0
        stops = accumulate(array.size for array in arrays)
        # Where in the vector parameters are that must stay within limits, and these.
        self.limits = [
            (slice(stop - array.size, stop), role.low, role.high)
            for array, stop, role in zip(arrays, stops, roles, strict=True)
            if role.is_limited
        ]
        # Then two more calls of a recorded update, in place of a function of Python.
        self._is_penalty_in_program = self._decay is not None and not (rule.clip_value or rule.clip_norm)
        self._program = self._recorded(memory) if in_place else None
        self._is_penalty_in_program &= self._program is not None
        self._combine = task.combine if isinstance(task, TrainingTask) else None
        self._subtracts = in_place and rule.optimizer is None and rule.factors is None and not self.limits
        self._live, self._steps = (arrays, slots) if joint is None else ([self.vector], [self.gradient])

    def _recorded(self, memory: Memory) -> UpdateProgram | None:
        """Return the optimizer's update as calls that overwrite the weights and the state, if there is such a form."""
        rule = self.rule
        if rule.optimizer is None:
            return None
        # Only optimizers pay for the import of what records formulas.
        from nnframe.engines.update_program import BLOCK, UpdateProgram, recipe_of

        recipe = recipe_of(rule.optimizer.plugin)
        if recipe is None:
            return None
        # A large vector is not copied for each update: that would take a tenth of its time. Small ones save calls.
        self._is_direct = bool(self.arrays) and self.vector.size > BLOCK and not self.limits
        weights = self.arrays if self._is_direct else [self.vector]
        after: list[Callable[[], object]] = []
        for where, low, high in self.limits:
            part = self.vector[where]
            after += [partial(np.maximum, part, low, out=part), partial(np.minimum, part, high, out=part)]
        if not self._is_direct:
            # Not np.copyto, which runs a function written in Python: an interrupt could come in between.
            pairs = zip(self.arrays, self.sources, strict=True)
            after += [partial(np.ndarray.__setitem__, array, ..., source) for array, source in pairs]
        after.append(partial(np.ndarray.__setitem__, rule.state.updates, (), self._next))
        before = self._penalty_calls() if self._is_penalty_in_program else []
        return UpdateProgram(recipe, weights, self.gradient, rule.state.arrays, memory, after, self.segments, before)

    def _penalty_calls(self) -> list[Callable[[], object]]:
        """Return the calls that add an l2 penalty to the gradient."""
        assert self._decay is not None
        return [
            partial(np.multiply, self.vector, self._decay, self._product),
            partial(np.add, self.gradient, self._product, self.gradient),
        ]

    def read_weights(self) -> None:
        """Copy what is trained, which may have changed since the last update."""
        if not (self._subtracts or self._is_direct):
            copy_all(self.sources, self.arrays)

    def write_gradients(self, gradients: Sequence[Gradient], of_loss: Sequence[Array]) -> None:
        """Copy the gradients of the mean loss, as `loss_and_gradients` returns them."""
        for slots, (weights, bias, parameters) in zip(self.gradients, gradients, strict=True):
            slots.weights[...], slots.bias[...] = weights, bias
            copy_all(slots.parameters, parameters)
        copy_all(self.loss_gradients, of_loss)

    def clear_gradients(self) -> None:
        """Write a gradient of 0, that of no samples."""
        for array in (*parameters_of(self.gradients), *self.loss_gradients):
            array[...] = 0

    def bound(self) -> Callable[[float], object]:
        """Return what does the same as `update_weights` for a learning rate, without deciding anew what there is to do.

        It saves a fiftieth of an update of a small net.
        """
        program, must_penalize = self._program, self._is_limited and not self._is_penalty_in_program
        if program is None or must_penalize or self.has_repeats or self._combine is not None:
            return self.update_weights
        updates, set_next, set_numbers, run = self.rule.state.updates, self._next.fill, program.set_numbers, program.run

        def update(learning_rate: float) -> None:
            t = int(updates) + 1
            if set_numbers(t, learning_rate):
                set_next(t)
                run()
            else:
                self.update_weights(learning_rate)

        return update

    def update_weights(self, learning_rate: float, loss_sum: float = 0.0) -> float:
        """Update what is trained with the gradients that were written.

        Parameters
        ----------
        learning_rate : float
        loss_sum : float, optional
            The sum of the losses of the batch.

        Returns
        -------
        float
            The same, or what `TrainingTask.combine` makes of it.

        Raises
        ------
        PluginError
            If the optimizer fails. Nothing has changed then.
        """
        if self.has_repeats:
            add_up_uses(self.sums, self.uses)
        if self._combine is not None:
            loss_sum = self._combine(self.gradient, loss_sum)
        if self._is_limited and not self._is_penalty_in_program:
            self._penalize_and_clip()
        rule = self.rule
        if self._subtracts:
            np.multiply(self.gradient, self.gradient.dtype.type(learning_rate), self.gradient)
            subtract_all(self._live, self._steps)
            return loss_sum
        t = int(rule.state.updates) + 1
        if self._program is not None and self._program.set_numbers(t, learning_rate):
            self._next.fill(t)
            self._program.run()
            return loss_sum
        if self._is_penalty_in_program:
            self._penalize_and_clip()
        if self._is_direct:
            copy_all(self.sources, self.arrays)
        new_vector, *new_state = self._computed(t, learning_rate)
        updates = rule.state.updates
        # The vector first, of which the sources are parts.
        copy_all(
            [self.vector, *self.arrays, *rule.state.arrays, updates],
            [new_vector, *self.sources, *new_state, updates + 1],
        )
        return loss_sum

    def _computed(self, t: int, learning_rate: float) -> list[Array]:
        """Return the new vector and the new state of the optimizer."""
        live = (self.vector, *self.rule.state.arrays)
        if self.rule.factors is None and not self.limits:
            return self._stepped(live, self.gradient, t, learning_rate)
        found = [array.copy() for array in live]
        for start, stop, factor in self.segments:
            parts = [array[start:stop] for array in live]
            new = self._stepped(parts, self.gradient[start:stop], t, learning_rate * factor)
            for array, values in zip(found, new, strict=True):
                array[start:stop] = values
        for part, low, high in self.limits:
            np.clip(found[0][part], low, high, out=found[0][part])
        return found

    def _stepped(self, live: Sequence[Array], gradient: Array, t: int, learning_rate: float) -> list[Array]:
        if self.rule.optimizer is None:
            return [live[0] - learning_rate * gradient]
        return self.rule.optimizer.update(live[0], gradient, *live[1:], t=t, learning_rate=learning_rate)

    def _penalize_and_clip(self) -> None:
        rule = self.rule
        if self._decay is not None:
            for call in self._penalty_calls():
                call()
        elif rule.l1 or rule.l2:
            for array, total in self.penalized:
                total += rule.l1 * np.sign(array) + rule.l2 * array if rule.l1 else rule.l2 * array
        if rule.clip_value:
            np.clip(self.gradient, -rule.clip_value, rule.clip_value, out=self.gradient)
        if rule.clip_norm:
            # In float64, since squares of float32 numbers may overflow.
            parts = (self.gradient[start:stop] for start, stop, _ in self.segments)
            square = sum(float(np.square(part, dtype=np.float64).sum()) for part in parts)
            share = rule.clip_norm / (math.sqrt(square) + NORM_EPSILON)
            if share < 1:
                self.gradient *= share
