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

from nnframe import Array, EngineError, Epoch, TrainingTask
from nnframe.contracts.engine import Samples
from nnframe.engines.fast.memory import Memory
from nnframe.engines.update import Updater
from nnframe_numba import blas
from nnframe_numba.barrier import new_barrier
from nnframe_numba.compiled_parts import compiled_parts
from nnframe_numba.engine_warnings import EngineWarning, LeftToNumpyError, give_warnings
from nnframe_numba.epoch_compiler import epoch_function
from nnframe_numba.formula_compiler import CompiledPart
from nnframe_numba.jit import compile_for
from nnframe_numba.matrix_products import new_workspace
from nnframe_numba.net_arrays import as_matrices, has_repeats, layer_arrays, rule_arrays, variant_of
from nnframe_numba.shared_update import SharedUpdate
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
        # A process may have no samples of its own.
        self.batch_size = min(task.batch_size, max(len(task.data), 1))
        self.memory = Memory()
        losses = np.empty(self.batch_size, self.dtype)
        self.parts = compiled_parts(task, self.dtype)
        _require_learned(task, self.parts)
        self.shared_update = None if task.combine is None else SharedUpdate(task, losses)
        self.updater = self._updater()
        self.variant = variant_of(
            task,
            single=self.batch_size == 1,
            weighted=task.sample_weights is not None,
            updates_on_numpy=self.updater is not None,
            on_blas=blas.is_faster([layer.weights.shape for layer in task.layers], self.batch_size, self.dtype),
            parametrized=(name for name, part in self.parts.items() if part.parameters),
        )
        layers = layer_arrays(task, self.batch_size, self.memory)
        arguments = [losses, *layers, *self._rule_arguments(), *self._parameters()]
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
            n_with_tickets = 0 if has_repeats(task) else len(shapes)
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
        if epoch.shares is not None or self.shared_update is not None:
            return self._run_shares(epoch)
        total, first, n_batches = epoch.loss_sum, 0, len(epoch.learning_rates)
        if self._trains_on_itself():
            for k, samples in enumerate(self.task.samples(epoch)):
                own = samples._replace(x=samples.x.copy())
                total = self._run_samples(own, epoch.dropout_key, epoch.learning_rates[k : k + 1], 1, total)
            return total
        while first < n_batches:
            length = min(self.thread_count.batches_in(SECONDS_PER_SLICE), self.largest_slice)
            stop = min(n_batches, first + length)
            size = self.thread_count.next(stop - first)
            began = time.perf_counter()
            total = self._run_slice(epoch, first, stop, size, total)
            self.thread_count.tell(size, stop - first, time.perf_counter() - began)
            first = stop
        return total

    def _trains_on_itself(self) -> bool:
        """Return whether the data may be the net's own arrays, which each update changes."""
        own = [array for layer in self.task.layers for array in (layer.weights, layer.bias, *layer.parameters)]
        data = self.task.data
        return any(np.may_share_memory(given, array) for given in (data.X, data.Y) for array in own)

    def _run_shares(self, epoch: Epoch) -> float:
        """Run batch by batch, with the part of each that this process has, and return the sum of the losses."""
        total, update = epoch.loss_sum, self.shared_update
        for k, (samples, size) in enumerate(zip(self.task.samples(epoch), self.task.batch_sizes(epoch), strict=True)):
            rates, count = epoch.learning_rates[k : k + 1], len(samples.x)
            if update is None:
                if count != size:
                    raise EngineError("the engine numba computes parts of batches only to combine them")
                total = self._run_samples(samples, epoch.dropout_key, rates, 1, total)
            elif count == 0:
                total += update.without_samples(float(rates[0]))
            else:
                update.begin(count, size)
                self._run_samples(samples, epoch.dropout_key, rates, 1, 0.0)
                total += update.loss_sum
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
        return self._run_samples(samples, epoch.dropout_key, rates, size, total)

    def _run_samples(self, samples: Samples, dropout_key: int, rates: Array, size: int, total: float) -> float:
        weights = None if samples.weights is None else _contiguous(samples.weights)
        # Targets are copied, because a formula may write where it shouldn't, and compiled code can't be kept from it.
        return self.run_slice(
            size,
            self._sample_arguments(
                _contiguous(samples.x),
                samples.y.copy(),
                weights,
                dropout_key,
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

    def _updater(self) -> Updater | None:
        """Return what updates the weights on numpy, if they can't be updated in compiled code."""
        if self.shared_update is not None:
            self.parts.pop("optimize", None)
            self.parts["update_weights"] = CompiledPart(self.shared_update, None, reason=BY_NUMPY)
            return self.shared_update.updater
        if self.task.rule.is_plain:
            return None
        # A layer that is there twice has two gradients, which have to be added up before an optimizer sees them.
        on_numpy = any(part.reason for part in self.parts.values())
        if not has_repeats(self.task) and not on_numpy:
            return None
        updater = Updater(self.task)
        optimize = self.parts.pop("optimize")
        reason = optimize.reason or BY_NUMPY
        self.parts["update_weights"] = CompiledPart(updater.update_weights, None, reason=reason)
        return updater

    def _rule_arguments(self) -> list[Any]:
        if self.updater is None:
            return rule_arrays(self.task, self.variant, self.memory)
        parts = self.updater.gradients
        gradients = [array for part in parts for array in (part.weights, part.bias[:, 0], *part.parameters)]
        return gradients + as_matrices(self.updater.loss_gradients)

    def _parameters(self) -> list[tuple[Any, ...]]:
        return [self.parts[name].parameters for name in sorted(self.variant.parametrized)]


# Why an update runs on numpy that could be compiled; nothing to warn of.
BY_NUMPY = "another part runs on numpy"
# For which dtypes functions are compiled.
_compiled: WeakKeyDictionary[Any, set[np.dtype[Any]]] = WeakKeyDictionary()


def _require_learned(task: TrainingTask, parts: dict[str, CompiledPart]) -> None:
    """Raise unless all parts with learned parameters are compiled, since only other parts can run on numpy alone.

    Raises
    ------
    LeftToNumpyError
    """
    of_loss = task.objective.parameters
    names = ["value", "gradient_of_loss", *(f"learn_{i}_loss" for i in range(len(of_loss)))] if of_loss else []
    for k, layer in enumerate(task.layers):
        if layer.parameters:
            names += [f"activate_{k}", f"differentiate_{k}", *(f"learn_{i}_{k}" for i in range(len(layer.parameters)))]
    for name in names:
        reason = parts[name].reason if name in parts else None
        if reason:
            raise LeftToNumpyError(reason)


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
