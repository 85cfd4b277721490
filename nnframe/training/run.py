"""A training run: the epochs of one call of `nNet.nEpochs`."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnframe import registry
from nnframe.arrays import whole_number
from nnframe.binding import bind_engine, bind_objective
from nnframe.data import Pairs, as_pairs
from nnframe.engine import Engine, TrainingTask
from nnframe.errors import PluginError
from nnframe.history import History
from nnframe.loss import Loss
from nnframe.training.divergence import Snapshot, run_checked
from nnframe.training.evaluation import checked_metrics, evaluate
from nnframe.training.lifecycle import Follower, checked_followers
from nnframe.training.plan import Plan, hold_out
from nnframe.training.sample_weights import ClassWeights, checked_sample_weights
from nnframe.training.settings import checked_descent, checked_dropout, checked_number, checked_positive, checked_share
from nnframe.training.task import update_rule

if TYPE_CHECKING:
    from nnframe.arrays import Array
    from nnframe.metric import Metric
    from nnframe.network import nNet
    from nnframe.optimizer import Optimizer
    from nnframe.schedule import Schedule

ENGINE_VARIABLE = "NNFRAME_ENGINE"
DEFAULT_ENGINE = "numpy"


class TrainingRun:
    """A training run of a net, as callbacks see it; the parameters are those of `nNet.nEpochs`.

    Attributes
    ----------
    net : nNet
    n_epochs : int
        How many epochs were asked for.
    epoch : int
        How many are done.
    batch : int
        How many batches of the current epoch are done.
    history : History
    batches_per_part : int or None
        How many batches are run between two calls of ``nnframe_part_end``; None for whole epochs. A callback may make
        it smaller in ``nnframe_train_start``.
    error : BaseException or None
        What ended the run, in ``nnframe_train_end``.
    task : TrainingTask
        What the engine was given; its arrays are the live ones.
    plan : Plan
    metrics : dict of str to Metric
    has_validation : bool
        Whether there is validation data.
    """

    def __init__(
        self,
        net: nNet,
        n: int,
        data: Any,
        loss: str | Loss,
        learning_rate: float | None,
        batch_size: int,
        *,
        engine: str | Engine | None,
        optimizer: str | Optimizer | None,
        schedule: str | Schedule | None,
        l1: float,
        l2: float,
        clip_value: float | None,
        clip_norm: float | None,
        dropout: float | Sequence[float],
        shuffle: bool,
        seed: int | None,
        sample_weights: Any,
        class_weights: ClassWeights | None,
        validation: Any,
        metrics: Sequence[str | Metric],
        callbacks: Sequence[Any],
    ) -> None:
        self.net = net
        self.n_epochs = whole_number(n, "n", minimum=0)
        self.epoch = 0
        self.batch = 0
        self.batches_per_part: int | None = None
        self.error: BaseException | None = None
        size = whole_number(batch_size, "batch_size")
        descent = checked_descent(learning_rate, optimizer, schedule)
        layers = tuple(layer.for_engine() for layer in net.layersList)
        rule = update_rule(
            layers,
            descent.optimizer,
            checked_number(l1, "l1", "0.001"),
            checked_number(l2, "l2", "0.001"),
            checked_positive(clip_value, "clip_value"),
            checked_positive(clip_norm, "clip_norm"),
        )
        first, last = net.layersList[0], net.layersList[-1]
        objective = bind_objective(registry.resolve(Loss, loss), last.resolved_activation)
        samples = as_pairs(data, first.n_in, last.n_out)
        weights = checked_sample_weights(sample_weights, class_weights, samples, net.dtype)
        self.metrics = checked_metrics(metrics)
        self.followers = checked_followers(callbacks)
        seed = secrets.randbits(63) if seed is None else whole_number(seed, "seed", minimum=0)
        rows: Array | int = len(samples)
        self._validation: tuple[Pairs, Array | None] | None = None
        if isinstance(validation, (float, np.floating)):
            rows, held_out = hold_out(len(samples), checked_share(validation, "validation"), seed)
            self._validation = samples, held_out
        elif validation is not None:
            self._validation = as_pairs(validation, first.n_in, last.n_out, "validation"), None
        self.plan = Plan(self.n_epochs, size, rows, bool(shuffle), seed, descent)
        self.task = TrainingTask(
            layers, objective, samples, size, rule, weights, checked_dropout(dropout, len(layers) - 1)
        )
        self.history = History(metrics={name: [] for name in self.metrics}, seed=seed)
        chosen = engine or os.environ.get(ENGINE_VARIABLE) or DEFAULT_ENGINE
        self._run_part = bind_engine(registry.resolve(Engine, chosen), self.task)
        self._snapshot = Snapshot(self.task)
        self._loss_sum = 0.0
        self._seconds = 0.0

    @property
    def has_validation(self) -> bool:
        """Whether there is validation data."""
        return self._validation is not None

    @property
    def weights(self) -> list[Array]:
        """The live arrays of weights and biases, layer after layer; a layer that is there twice counts once."""
        return self._snapshot.weights

    def stop(self, reason: str) -> None:
        """Make this epoch the last; what a callback calls.

        Parameters
        ----------
        reason : str
            For `History.stopped`.
        """
        self.history.stopped = reason

    def run(self) -> History:
        """Run the epochs and return what was seen."""
        started: list[Follower] = []
        try:
            for follower in self.followers:
                started.append(follower)
                follower.call("nnframe_train_start", self)
            while self.epoch < self.n_epochs and self.history.stopped is None:
                self._run_epoch()
        except BaseException as error:
            self.error = error
            self._end(started)
            raise
        failed = self._end(started)
        if failed is not None:
            raise failed
        return self.history

    def _run_epoch(self) -> None:
        epoch = self.plan.epoch(self.epoch)
        n_batches = len(epoch.learning_rates)
        while self.batch < n_batches:
            stop = min(n_batches, self.batch + (self.batches_per_part or n_batches))
            began = time.perf_counter()
            self._loss_sum += run_checked(
                self.task, self._run_part, self._snapshot, epoch, self.epoch, self.batch, stop
            )
            self._seconds += time.perf_counter() - began
            self.batch = stop
            if self.batch < n_batches:
                self._call("nnframe_part_end")
        self._record()
        self._call("nnframe_part_end")
        self._call("nnframe_epoch_end")

    def _record(self) -> None:
        """Write the epoch into the history, and begin the next."""
        history = self.history
        # Computed first, for a metric that fails must not leave an epoch half written.
        validation_loss: float | None = None
        values: dict[str, float] = {}
        if self._validation is not None:
            data, rows = self._validation
            validation_loss, values = evaluate(self.task.layers, self.task.objective, data, self.metrics, rows)
        elif self.metrics:
            rows = None if isinstance(self.plan.rows, int) else self.plan.rows
            _, values = evaluate(self.task.layers, None, self.task.data, self.metrics, rows)
        history.loss.append(self._loss_sum / self.plan.n_samples)
        history.seconds.append(self._seconds)
        if validation_loss is not None:
            history.validation_loss.append(validation_loss)
        for name, value in values.items():
            history.metrics[name].append(value)
        self.epoch, self.batch, self._loss_sum, self._seconds = self.epoch + 1, 0, 0.0, 0.0

    def _call(self, hook: str) -> None:
        for follower in self.followers:
            follower.call(hook, self)

    def _end(self, started: Sequence[Follower]) -> PluginError | None:
        """Tell all callbacks that the run has ended, and return the first failure; one that fails stops no other."""
        failures = []
        for follower in started:
            try:
                follower.call("nnframe_train_end", self)
            except PluginError as failure:
                failures.append(failure)
        return failures[0] if failures else None
