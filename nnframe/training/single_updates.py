"""Single updates on any engine: its own stepper, or epochs of one batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.engine import BoundNet, Engine, Epoch, Samples, TrainingTask
from nnframe.contracts.plugin import Plugin
from nnframe.data import Pairs
from nnframe.registry.engine_binding import bind_engine, bind_stepper
from nnframe.registry.guard import is_built_in


class Updates(NamedTuple):
    """What makes updates.

    Attributes
    ----------
    make : callable
        Makes one for a batch, and returns the sum of the losses before it.
    make_if_finite : callable or None
        The same if all inputs are finite, which it checks itself; else it returns None. None if the engine doesn't.
    pair_step : callable or None
        The engine's own update for a pair of columns, which it checks itself.
    is_silent : bool
        Whether they may be called without ignoring floating-point errors.
    is_ours : bool
        Whether it calls no code but nnframe's own; see `nnframe.engines.error_state.in_error_state`.
    """

    make: Callable[[Samples, float, int], float]
    make_if_finite: Callable[[Samples, float, int], float | None] | None
    pair_step: Callable[[Any, Any, float], float | None] | None
    is_silent: bool
    is_ours: bool


def bind_updates(engine: Engine, net: BoundNet) -> Updates:
    """Return what makes updates on an engine.

    Raises
    ------
    EngineError
        If the engine can't do it.
    PluginError
        If the engine fails.
    """
    make = bind_stepper(engine, net) or OneBatchEpochs(engine, net).step
    optimizer = net.rule.optimizer
    plugins: list[Plugin | None] = [layer.activation.plugin for layer in net.layers]
    plugins += [engine, net.objective.plugin, None if optimizer is None else optimizer.plugin]
    is_ours = all(plugin is None or is_built_in(plugin) for plugin in plugins)
    pair_step = None if any(net.dropout) else getattr(make, "pair_step", None)
    return Updates(make, getattr(make, "if_finite", None), pair_step, getattr(make, "is_silent", False), is_ours)


def one_batch_task(net: BoundNet, samples: Samples) -> TrainingTask:
    """Return the task of an epoch that has only this batch."""
    data = Pairs(samples.x, samples.y)
    return TrainingTask(net.layers, net.objective, data, len(data), net.rule, samples.weights, net.dropout)


class OneBatchEpochs:
    """Makes single updates on an engine that only runs epochs, which is prepared once for each batch size."""

    def __init__(self, engine: Engine, net: BoundNet) -> None:
        self.engine, self.net = engine, net
        self._size: int | None = None
        self._x = self._y = np.empty((0, 0))
        self._weights: Array | None = None
        self._run_epoch: Callable[[Epoch], float]

    def step(self, samples: Samples, learning_rate: float, dropout_key: int) -> float:
        """Make one update, and return the sum of the losses before it."""
        if self._size != len(samples.x) or (self._weights is None) != (samples.weights is None):
            self._prepare(samples)
        self._x[...], self._y[...] = samples.x, samples.y
        if self._weights is not None:
            self._weights[...] = samples.weights
        return self._run_epoch(Epoch(np.array([learning_rate]), None, 0, dropout_key))

    def _prepare(self, samples: Samples) -> None:
        # The engine sees these arrays through read-only views; each step fills them.
        self._size, self._x, self._y = None, np.array(samples.x), np.array(samples.y)
        self._weights = None if samples.weights is None else np.array(samples.weights)
        task = one_batch_task(self.net, Samples(self._x, self._y, self._weights, 0))
        self._run_epoch = bind_engine(self.engine, task)
        self._size = len(samples.x)
