"""A training run in compiled code: its memory, its functions, and epochs in slices that a Ctrl-C can come between."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from nnframe import Array, Epoch, TrainingTask
from nnframe.binding import IDENTITY
from nnframe.engine import distinct_layers
from nnframe.engines.update import Updater
from nnframe_numba.choice import by_hand
from nnframe_numba.compilation import epoch_function
from nnframe_numba.pieces import Piece, activation_pieces, objective_pieces, optimizer_piece
from nnframe_numba.source import Shape

# How long a signal may have to wait: short enough for a person, long enough that the calls don't count.
SECONDS_A_SLICE = 0.02


class EngineWarning(UserWarning):
    """A part of a net can't be compiled, and runs on numpy."""


class NumbaRun:
    """A training run: its memory, and an epoch in it."""

    def __init__(self, task: TrainingTask) -> None:
        self.task = task
        self.dtype = task.layers[0].weights.dtype
        self.batch_size = min(task.batch_size, len(task.data))
        self.pieces, self.update_piece = self._pieces()
        self.updater = self._updater()
        self._warn()
        self.by_hand = by_hand(task.layers, self.batch_size)
        self.arguments = [*self._layer_arrays(), *self._rule_arguments()]
        self.x_rows, self.y_rows = (
            np.empty((self.batch_size, rows.shape[1]), self.dtype) for rows in (task.data.X, task.data.Y)
        )
        self.functions: dict[Shape, Callable[..., float]] = {}
        self.slice_length = 1

    def epoch(self, epoch: Epoch) -> float:
        """Make one pass over the data and return the mean loss."""
        if self.updater is not None:
            self.updater.read_weights()
        X, Y = _writable(self.task.data.X), _writable(self.task.data.Y)
        ordered = epoch.order is not None
        order = epoch.order if epoch.order is not None else np.empty(0, np.int64)
        n_samples = len(order) if ordered else len(X)
        run = self._function(ordered, gathers=ordered or X.dtype != self.dtype or not X.flags.carray)
        total, first, n_batches = 0.0, 0, len(epoch.learning_rates)
        while first < n_batches:
            stop = min(n_batches, first + self.slice_length)
            began = time.perf_counter()
            total += run(
                *(X, Y, order, epoch.learning_rates, self.batch_size, n_samples, first, stop),
                *(self.by_hand, self.x_rows, self.y_rows, *self.arguments),
            )
            if stop - first == self.slice_length and time.perf_counter() - began < SECONDS_A_SLICE / 2:
                self.slice_length *= 2
            first = stop
        return total / n_samples

    def _function(self, ordered: bool, gathers: bool) -> Callable[..., float]:
        rule = self.task.rule
        shape = Shape(
            n_layers=len(self.task.layers),
            fused=self.task.objective.loss_gradient is None,
            gathers=gathers,
            ordered=ordered,
            n_state=None if rule.is_plain or self.updater else len(rule.state.arrays),
            plain=rule.is_plain,
        )
        if shape not in self.functions:
            pieces = self.pieces | ({"optimize": self.update_piece} if shape.n_state is not None else {})
            update_weights = self.updater.update_weights if self.updater else None
            self.functions[shape] = epoch_function(shape, pieces, update_weights)
        return self.functions[shape]

    def _pieces(self) -> tuple[dict[str, Piece], Piece]:
        pieces: dict[str, Piece] = {}
        for k, layer in enumerate(self.task.layers):
            pieces[f"activate_{k}"], pieces[f"differentiate_{k}"] = activation_pieces(layer.activation, self.dtype)
        last = self.task.layers[-1].activation
        pieces["value"], pieces["gradient_of_loss"] = objective_pieces(self.task.objective, last, self.dtype)
        if self.task.objective.loss_gradient is None:
            # The fused gradient goes through the last activation already.
            del pieces[f"differentiate_{len(self.task.layers) - 1}"]
        return pieces, optimizer_piece(self.task.rule.optimizer, self.dtype)

    def _updater(self) -> Updater | None:
        """Return what updates the weights on numpy, if it must."""
        repeats = len(distinct_layers(self.task.layers)) < len(self.task.layers)
        on_numpy = any(piece.reason for piece in (*self.pieces.values(), self.update_piece))
        # A layer that is there twice has two gradients, to be added up before an optimizer sees them.
        return Updater(self.task) if not self.task.rule.is_plain and (on_numpy or repeats) else None

    def _warn(self) -> None:
        reasons = [piece.reason for piece in (*self.pieces.values(), self.update_piece) if piece.reason]
        if reasons:
            unique = "; ".join(dict.fromkeys(reasons))
            message = f"the engine numba runs on numpy what it can't compile, and compiles the rest: {unique}"
            warnings.warn(message, EngineWarning, stacklevel=2)

    def _layer_arrays(self) -> list[Array]:
        arrays = []
        for layer in self.task.layers:
            z, a, d = (np.empty((self.batch_size, len(layer.weights)), self.dtype) for _ in range(3))
            arrays += [layer.weights, layer.bias[:, 0], z, z if layer.activation is IDENTITY else a, d]
        return arrays

    def _rule_arguments(self) -> list[Any]:
        rule = self.task.rule
        if rule.is_plain:
            return []
        parts = (self.updater or Updater(self.task)).gradients
        gradients = [array for part in parts for array in (part.weights, part.bias[:, 0])]
        if self.updater is not None:
            return gradients
        vector = parts[0].weights.base
        numbers = (rule.l1, rule.l2, rule.clip_value or 0.0, rule.clip_norm or 0.0)
        return [*gradients, vector, *rule.state.arrays, rule.state.updates.reshape(1), *numbers]


def _writable(array: Array) -> Array:
    """Return the same memory as an array that numba doesn't take for another type because it is read-only.

    Nothing writes to it: targets are copied before a formula sees them, and inputs are never shown to one.
    """
    interface = dict(array.__array_interface__)
    interface["data"] = (interface["data"][0], False)
    return np.asarray(SimpleNamespace(__array_interface__=interface, base=array))
