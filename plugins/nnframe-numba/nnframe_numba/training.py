"""A training run in compiled code: its memory, its functions, and epochs in slices between which Ctrl-C is heeded."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numba.core.dispatcher import Dispatcher

from nnframe import Array, Epoch, TrainingTask
from nnframe.contracts.bound import distinct_layers
from nnframe.engines.dropout import Dropout
from nnframe.engines.fast.memory import Memory
from nnframe.engines.random_bits import BITS
from nnframe.engines.update import Updater
from nnframe.engines.vectors import vector_of
from nnframe.registry.binding import IDENTITY
from nnframe_numba import blas
from nnframe_numba.barrier import new_barrier
from nnframe_numba.compiled_parts import activation_parts, is_in_place, objective_parts, optimizer_part
from nnframe_numba.engine_warnings import EngineWarning, give_warnings
from nnframe_numba.epoch_compiler import epoch_function
from nnframe_numba.epoch_source import EpochVariant
from nnframe_numba.formula_compiler import CompiledPart
from nnframe_numba.jit import compile_for
from nnframe_numba.matrix_products import new_workspace
from nnframe_numba.thread_count import thread_count_for
from nnframe_numba.thread_team import ThreadTeam

# How long a signal may have to wait: short enough for a person, long enough that the calls don't count.
SECONDS_PER_SLICE = 0.05
# What a slice may take of memory for samples that have to be copied.
BYTES_PER_SLICE = 2**24


class CompiledTraining:
    """A training run: its memory, and an epoch in it.

    Raises
    ------
    NotCompiledError
        If something has to be compiled, and this is not the thread for it.
    """

    def __init__(self, task: TrainingTask) -> None:
        self.task = task
        self.dtype = task.layers[0].weights.dtype
        self.batch_size = min(task.batch_size, len(task.data))
        self.memory = Memory()
        self.parts = self._parts()
        self.updater = self._updater()
        self.variant = self._variant()
        losses = np.empty(self.batch_size, self.dtype)
        arguments = [losses, *self._layer_arguments(), *self._rule_arguments(), *self._parameters()]
        function = epoch_function(self.variant, self.parts)
        shapes = [layer.weights.shape for layer in task.layers]
        # A team is for compiled code; in Python, only one thread can run at a time.
        self.is_compiled = isinstance(function, Dispatcher)
        n_shared = self.batch_size if self.is_compiled else 1
        self.thread_count = thread_count_for((self.variant, self.dtype, *shapes, self.batch_size, n_shared), n_shared)
        self.run_slice: Callable[[int, list[Any]], float]
        # These must not refer to the run itself, or its memory would be kept until the next garbage collection.
        if self.variant.single:
            self.run_slice = partial(_run_single, function, arguments)
        else:
            largest = 0 if self.variant.on_blas else max(map(max, shapes))
            thread_workspace = partial(new_workspace, self.memory, self.dtype, largest)
            # The weights of a layer that is there twice have to be changed by the same thread both times.
            n_with_tickets = 0 if self._has_repeats() else len(shapes)
            team = ThreadTeam(function, arguments, thread_workspace, n_with_tickets)
            self.run_slice = team.run
            arguments = [*team.own_arguments(0, 1, new_barrier(0)), *arguments]
        if self.is_compiled:
            self._compile(function, arguments)
        row_bytes = (task.data.X.shape[1] + task.data.Y.shape[1]) * self.dtype.itemsize
        self.largest_slice = max(1, BYTES_PER_SLICE // (row_bytes * self.batch_size))

    def epoch(self, epoch: Epoch) -> float:
        """Run some batches and return the sum of the losses."""
        if self.updater is not None:
            self.updater.read_weights()
        total, first, n_batches = epoch.loss_sum, 0, len(epoch.learning_rates)
        while first < n_batches:
            length = min(self.thread_count.batches_in(SECONDS_PER_SLICE), self.largest_slice)
            stop = min(n_batches, first + length)
            size = self.thread_count.next(stop - first)
            began = time.perf_counter()
            total = self._run_slice(epoch, first, stop, size, total)
            self.thread_count.tell(size, stop - first, time.perf_counter() - began)
            first = stop
        return total

    def warn(self, stacklevel: int) -> None:
        """Warn of what isn't compiled, and of what went wrong with the cache."""
        give_warnings(stacklevel + 1)
        reasons = [part.reason for part in self.parts.values() if part.reason and part.reason != BY_NUMPY]
        if reasons:
            unique = "; ".join(dict.fromkeys(reasons))
            message = f"the engine numba runs on numpy what it can't compile, and compiles the rest: {unique}"
            warnings.warn(message, EngineWarning, stacklevel=stacklevel + 1)

    def _run_slice(self, epoch: Epoch, first: int, stop: int, size: int, total: float) -> float:
        rates = epoch.learning_rates[first:stop]
        part = epoch._replace(learning_rates=rates, first_batch=epoch.first_batch + first)
        samples = next(self.task.samples(part, self.batch_size * (stop - first)))
        weights = None if samples.weights is None else _contiguous(samples.weights)
        # Targets are copied, because a formula may write where it shouldn't, and compiled code can't be kept from it.
        return self.run_slice(
            size,
            self._sample_arguments(
                _contiguous(samples.x),
                samples.y.copy(),
                weights,
                epoch.dropout_key,
                samples.start,
                _contiguous(rates),
                total,
            ),
        )

    def _sample_arguments(
        self, x: Array, y: Array, weights: Array | None, key: int, start: int, rates: Array, total: float
    ) -> list[Any]:
        """Return what changes from slice to slice, as `nnframe_numba.epoch_source.sample_names` lists it."""
        arguments: list[Any] = [x, y]
        if weights is not None:
            arguments.append(weights)
        if any(self.variant.dropped):
            arguments += [np.uint64(key), start]
        return [*arguments, rates, self.batch_size, total]

    def _compile(self, function: Any, arguments: list[Any]) -> None:
        """Compile the function for arguments of the types that it will be called with."""
        dtypes = _compiled.setdefault(function, set())
        if self.dtype in dtypes:
            return
        x, y = (np.empty((1, array.shape[1]), self.dtype) for array in (self.task.data.X, self.task.data.Y))
        weights = np.empty(1, self.dtype) if self.variant.weighted else None
        sample = self._sample_arguments(x, y, weights, 0, 0, np.empty(1), 0.0)
        compile_for(function, (*sample, *arguments))
        dtypes.add(self.dtype)

    def _variant(self) -> EpochVariant:
        task, rule = self.task, self.task.rule
        return EpochVariant(
            single=self.batch_size == 1,
            fused=task.objective.loss_gradient is None,
            weighted=task.sample_weights is not None,
            dropped=tuple(share > 0 for share in Dropout(task).shares),
            n_state=None if rule.is_plain or self.updater else len(rule.state.arrays),
            plain=rule.is_plain,
            on_blas=blas.is_faster([layer.weights.shape for layer in task.layers], self.batch_size, self.dtype),
            parametrized=frozenset(name for name, part in self.parts.items() if part.parameters),
        )

    def _parts(self) -> dict[str, CompiledPart]:
        parts: dict[str, CompiledPart] = {}
        for k, layer in enumerate(self.task.layers):
            parts[f"activate_{k}"], parts[f"differentiate_{k}"] = activation_parts(layer.activation, self.dtype)
        last = self.task.layers[-1].activation
        parts["value"], parts["gradient_of_loss"] = objective_parts(self.task.objective, last, self.dtype)
        if self.task.objective.loss_gradient is None:
            # The fused gradient goes through the last activation already.
            del parts[f"differentiate_{len(self.task.layers) - 1}"]
        if not self.task.rule.is_plain:
            parts["optimize"] = optimizer_part(self.task.rule.optimizer, self.dtype)
        return parts

    def _updater(self) -> Updater | None:
        """Return what updates the weights on numpy, if they can't be updated in compiled code."""
        if self.task.rule.is_plain:
            return None
        # A layer that is there twice has two gradients, which have to be added up before an optimizer sees them.
        on_numpy = any(part.reason for part in self.parts.values())
        if not self._has_repeats() and not on_numpy:
            return None
        updater = Updater(self.task)
        optimize = self.parts.pop("optimize")
        reason = optimize.reason or BY_NUMPY
        self.parts["update_weights"] = CompiledPart(updater.update_weights, None, reason=reason)
        return updater

    def _has_repeats(self) -> bool:
        return len(distinct_layers(self.task.layers)) < len(self.task.layers)

    def _layer_arguments(self) -> list[Array]:
        arrays = []
        dropout, last = Dropout(self.task), len(self.task.layers) - 1
        for k, layer in enumerate(self.task.layers):
            shape = (self.batch_size, len(layer.weights))
            z, d = (self.memory.empty(shape, self.dtype) for _ in range(2))
            # A loss may ask for z of the last layer.
            in_place = layer.activation is IDENTITY or (k < last and is_in_place(layer.activation))
            arrays += [layer.weights, layer.bias[:, 0], z, z if in_place else self.memory.empty(shape, self.dtype), d]
            if self.variant.dropped[k]:
                mask, kept = (self.memory.empty(shape, self.dtype) for _ in range(2))
                share = dropout.shares[k]
                numbers = np.array([dropout.n_units, dropout.first_units[k], int(share * 2**BITS)], np.uint64)
                arrays += [mask, kept, numbers, np.array([share])]
        return arrays

    def _rule_arguments(self) -> list[Any]:
        rule = self.task.rule
        if self.variant.updates_in_place:
            return []
        if rule.is_plain:
            weights = [array for layer in self.task.layers for array in (layer.weights, layer.bias[:, 0])]
            return [self.memory.empty_like(array) for array in weights]
        if self.updater is not None:
            return [array for part in self.updater.gradients for array in (part.weights, part.bias[:, 0])]
        vector, parts = vector_of(self.task.layers, self.memory)
        gradients = [array for part in parts for array in (part.weights, part.bias[:, 0])]
        numbers = (rule.l1, rule.l2, rule.clip_value or 0.0, rule.clip_norm or 0.0)
        return [*gradients, vector, *rule.state.arrays, rule.state.updates.reshape(1), *map(float, numbers)]

    def _parameters(self) -> list[tuple[Any, ...]]:
        return [self.parts[name].parameters for name in sorted(self.variant.parametrized)]


# Why an update runs on numpy that could be compiled; nothing to warn of.
BY_NUMPY = "another part runs on numpy"
# For which dtypes functions are compiled.
_compiled: WeakKeyDictionary[Any, set[np.dtype[Any]]] = WeakKeyDictionary()


def _run_single(function: Callable[..., float], arguments: list[Any], _size: int, sample_arguments: list[Any]) -> float:
    return function(*sample_arguments, *arguments)


def _contiguous(array: Array) -> Array:
    """Return the same numbers as an array of the type that numba compiles for: in C order, and not read-only.

    Inputs are never shown to a formula, so nothing writes to them.
    """
    if not array.flags.c_contiguous:
        return np.ascontiguousarray(array)
    if array.flags.writeable:
        return array
    interface = dict(array.__array_interface__)
    interface["data"] = (interface["data"][0], False)
    return np.asarray(SimpleNamespace(__array_interface__=interface, base=array))
