"""Single updates of a net, with everything that lasts from one to the next.

Names are looked up, plugins bound and memory allocated once, when a `Stepping` is created; a step only computes.
"""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.engine import Epoch, Samples
from nnframe.errors import ArgumentError, DataError, DivergenceError, ShapeError
from nnframe.history import History
from nnframe.inputs.checks import as_array, as_columns, finite_number, in_dtype, whole_number
from nnframe.registry.binding import bind_schedule
from nnframe.registry.domains import check_targets
from nnframe.training.diagnosis import ADVICE, diagnosis
from nnframe.training.plan import DROPOUT_STREAM
from nnframe.training.prepare import bind_net
from nnframe.training.run import Net
from nnframe.training.settings import Settings
from nnframe.training.single_updates import bind_updates, one_batch_task
from nnframe.training.snapshot import Snapshot


class Stepping:
    """Updates a net step by step; the base of `Trainer`.

    Parameters
    ----------
    net : nNet
    settings : Settings
        `n` is the number of epochs that a schedule spans.
    steps_per_epoch : int
        The number of updates that count as an epoch, for the schedule, the history and callbacks.
    check_every : int
        The number of updates between two checks that all weights are finite.

    Attributes
    ----------
    net : nNet
    settings : Settings
    bound : BoundNet
        What the engine was given.
    steps : int
        The number of updates made.
    seed : int
        Dropped outputs are drawn from it.
    history : History
        The mean loss of each epoch, and the seconds it took.
    loss_sum : float
        The sum of the losses in the current epoch.
    samples_in_epoch : int
        The number of their samples.
    """

    def __init__(self, net: Net, settings: Settings, steps_per_epoch: int = 1000, check_every: int = 100) -> None:
        self.net, self.settings = net, settings
        self._target_domain = settings.loss.y_domain
        self.steps_per_epoch = whole_number(steps_per_epoch, "steps_per_epoch")
        self.check_every = whole_number(check_every, "check_every")
        self.bound = bind_net(net, settings)
        self._step = bind_updates(settings.engine, self.bound)
        self._factor = None if settings.schedule is None else bind_schedule(settings.schedule)
        self._drops = any(self.bound.dropout)
        first, last = net.layersList[0], net.layersList[-1]
        self._n_in, self._n_out, self._dtype = first.n_in, last.n_out, first.dtype
        self._snapshot = Snapshot(self.bound)
        self._learning_rate = settings.learning_rate
        self.seed = secrets.randbits(63) if settings.seed is None else settings.seed
        self.history = History(seed=self.seed)
        self.steps = self._checked_at = 0
        self.loss_sum, self.samples_in_epoch, self._began = 0.0, 0, time.perf_counter()
        self._snapshot.take()

    @property
    def learning_rate(self) -> float:
        """The learning rate before the schedule. Another one can be assigned at any time.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            On assignment, if it is not a finite number of at least 0.
        """
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._learning_rate = finite_number(value, "learning_rate", "0.1")

    @property
    def weights(self) -> list[Array]:
        """The live arrays of weights and biases, layer by layer; a layer that the net uses twice counts once."""
        return self._snapshot.weights

    def step(self, x: Any, y: Any, sample_weights: Any = None) -> float:
        """Make one update, and return the mean loss before it.

        Parameters
        ----------
        x : array_like, shape (n_in, 1) or (n_in, B)
            A column, or B columns whose gradients are averaged.
        y : array_like, shape (n_out, 1) or (n_out, B)
            The targets.
        sample_weights : array_like, shape (B,), optional
            Factors of the losses. The mean still divides by B.

        Returns
        -------
        float

        Raises
        ------
        ArgumentError, ArgumentTypeError, ShapeError, DataError
            If an argument can't be used, or has a number that is not finite. Nothing has changed then.
        PluginError
            If a plugin fails. The net keeps the weights from before the step.
        DivergenceError
            If the loss is not finite, or at a check, a weight. The net then has the weights of the last check, at most
            `check_every` updates ago.
        """
        # What can be used as it is skips the slower checks, which word the errors.
        if not (type(x) is np.ndarray and x.dtype is self._dtype and x.ndim == 2 and len(x) == self._n_in):
            x = in_dtype(as_columns(x, self._n_in, "x"), self._dtype)
        if not (type(y) is np.ndarray and y.dtype is self._dtype and y.ndim == 2 and len(y) == self._n_out):
            y = in_dtype(as_columns(y, self._n_out, "y"), self._dtype)
        count: int = x.shape[1]
        if y.shape[1] != count or count == 0:
            raise ShapeError(
                f"x has shape {x.shape} and y has shape {y.shape}; expected ({self._n_in}, B) and ({self._n_out}, B) "
                f"with the same B, at least 1"
            )
        weights = None if sample_weights is None else self._checked_weights(sample_weights, count)
        rate = self._learning_rate if self._factor is None else self._scheduled_rate(self._factor)
        samples = Samples(x.T, y.T, weights, 0)
        loss = self._update(samples, rate, self._dropout_key() if self._drops else 0) / count
        self.steps += 1
        if not math.isfinite(loss):
            self._diverge(samples, rate)
        self.loss_sum += loss * count
        self.samples_in_epoch += count
        if self.steps - self._checked_at >= self.check_every:
            self.check()
        if self.steps % self.steps_per_epoch == 0:
            self._end_epoch()
        return loss

    def check(self) -> None:
        """Check that all weights are finite, and keep a copy of them to go back to.

        Raises
        ------
        DivergenceError
            If one is not. The net then has the weights of the last check.
        """
        if not self._snapshot.take_if_finite():
            self._restore_and_raise("a weight is not finite", ADVICE)
        self._checked_at = self.steps

    def continue_from(self, steps: int, seed: int, loss_sum: float, samples_in_epoch: int) -> None:
        """Set how many updates are made, the seed, and what the current epoch has added up so far."""
        self.steps, self.seed, self.history.seed = steps, seed, seed
        self.loss_sum, self.samples_in_epoch = loss_sum, samples_in_epoch
        self.check()

    # One decorator costs half of what a with statement costs.
    @np.errstate(all="ignore")
    def _update(self, samples: Samples, learning_rate: float, dropout_key: int) -> float:
        # A single number that is not finite would reach every weight: the sum of squares finds it at little cost.
        for name, rows in (("x", samples.x), ("y", samples.y)):
            numbers = rows.ravel("K")
            if not math.isfinite(numbers.dot(numbers)):
                _require_finite(rows.T, name)
        if self._target_domain != "real":
            # The numbers are those of y now.
            smallest, largest = numbers.item(numbers.argmin()), numbers.item(numbers.argmax())
            if self._target_domain not in ("probability", "distribution") or smallest < 0 or largest > 1:
                check_targets(self.settings.loss, samples.y.T, "y")
        return self._step(samples, learning_rate, dropout_key)

    def _end_epoch(self) -> None:
        now = time.perf_counter()
        self.history.loss.append(self.loss_sum / self.samples_in_epoch)
        self.history.learning_rate.append(self._learning_rate)
        self.history.seconds.append(now - self._began)
        self.loss_sum, self.samples_in_epoch, self._began = 0.0, 0, now

    def _scheduled_rate(self, factor: Callable[[Array, int, int], Array]) -> float:
        # Past its last epoch, the schedule keeps its last factor.
        step = min(self.steps, self.steps_per_epoch * self.settings.n - 1)
        scheduled: float = factor(np.array([step]), self.steps_per_epoch, self.settings.n).item()
        return self._learning_rate * scheduled

    def _dropout_key(self) -> int:
        bits = np.random.SeedSequence([self.seed, self.steps, DROPOUT_STREAM]).generate_state(1, np.uint64)
        return int(bits[0])

    def _checked_weights(self, value: Any, count: int) -> Array:
        weights = as_array(value, "sample_weights")
        if weights.shape != (count,):
            raise ShapeError(f"sample_weights has shape {weights.shape}; expected ({count},), one for each column of x")
        if not np.isfinite(weights).all() or (weights < 0).any():
            raise ArgumentError("sample_weights has a negative number or one that is not finite; expected 0 or more")
        return in_dtype(weights, self._dtype)

    def _diverge(self, samples: Samples, learning_rate: float) -> None:
        self._snapshot.restore()
        found = diagnosis(one_batch_task(self.bound, samples), Epoch(np.array([learning_rate]), None), 0)
        self._restore_and_raise(found.sentence, found.advice)

    def _restore_and_raise(self, sentence: str, advice: str) -> None:
        self._snapshot.restore()
        step, self.steps = self.steps, self._checked_at
        raise DivergenceError(
            f"update {step}: {sentence}; the net has the weights after update {self.steps}, which were checked; "
            f"{advice}"
        )


def _require_finite(columns: Array, name: str) -> None:
    wrong = ~np.isfinite(columns)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise DataError(
            f"{name}[{row}, {column}] is {columns[row, column]}; expected finite numbers: fill it in, or leave the "
            f"sample out"
        )
