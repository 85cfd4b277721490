"""A training run: the epochs of one call of `nNet.nEpochs`."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nnframe import registry
from nnframe.arrays import whole_number
from nnframe.binding import bind_engine, bind_objective
from nnframe.data import Pairs, as_pairs
from nnframe.engine import Engine, TrainingTask
from nnframe.errors import NNFrameError
from nnframe.history import History
from nnframe.loss import Loss
from nnframe.training.divergence import Snapshot, run_checked
from nnframe.training.evaluation import checked_metrics, evaluate
from nnframe.training.lifecycle import Follower, checked_followers, in_order
from nnframe.training.plan import Plan
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
    engine : Engine
    followers : list of Follower
        The callbacks.
    seed_was_drawn : bool
        Whether the caller left the seed out.
    loss_sum, seconds : float
        The sum of the losses of the current epoch's batches so far, and how long they took.
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
        self.seed_was_drawn = seed is None
        drawn = secrets.randbits(63) if seed is None else whole_number(seed, "seed", minimum=0)
        share = None
        self._validation_data: Pairs | None = None
        if isinstance(validation, (float, np.floating)):
            share = checked_share(validation, "validation")
        elif validation is not None:
            self._validation_data = as_pairs(validation, first.n_in, last.n_out, "validation")
        shares = checked_dropout(dropout, len(layers) - 1)
        self.plan = Plan(self.n_epochs, size, len(samples), bool(shuffle), drawn, descent, share, any(shares))
        self.task = TrainingTask(layers, objective, samples, size, rule, weights, shares)
        self.history = History(metrics={name: [] for name in self.metrics}, seed=drawn)
        # Raises now rather than in the first epoch if there are too few samples to hold some out.
        _ = self.plan.held_out
        self.engine = registry.resolve(Engine, engine or os.environ.get(ENGINE_VARIABLE) or DEFAULT_ENGINE)
        self._run_part = bind_engine(self.engine, self.task)
        self._snapshot = Snapshot(self.task)
        self.loss_sum = 0.0
        self.seconds = 0.0

    @property
    def has_validation(self) -> bool:
        """Whether there is validation data."""
        return self._validation_data is not None or self.plan.held_out_share is not None

    @property
    def weights(self) -> list[Array]:
        """The live arrays of weights and biases, layer after layer; a layer that is there twice counts once."""
        return self._snapshot.weights

    @property
    def live_arrays(self) -> list[Array]:
        """The weights and the optimizer's state: all that an update changes."""
        return self._snapshot.live

    def go_on_from(self, epoch: int, batch: int, seed: int, loss_sum: float, seconds: float) -> None:
        """Set how many epochs and batches are done, the seed, and what the current epoch has added up so far."""
        self.epoch, self.batch, self.loss_sum, self.seconds = epoch, batch, loss_sum, seconds
        self.plan = replace(self.plan, seed=seed)
        self.history.seed = seed

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
            for follower in in_order(self.followers, "nnframe_train_start"):
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
            self.loss_sum += run_checked(self.task, self._run_part, self._snapshot, epoch, self.epoch, self.batch, stop)
            self.seconds += time.perf_counter() - began
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
        layers, objective = self.task.layers, self.task.objective
        if self._validation_data is not None:
            validation_loss, values = evaluate(layers, objective, self._validation_data, self.metrics)
        elif self.plan.held_out is not None:
            validation_loss, values = evaluate(layers, objective, self.task.data, self.metrics, self.plan.held_out)
        elif self.metrics:
            _, values = evaluate(layers, None, self.task.data, self.metrics)
        history.loss.append(self.loss_sum / self.plan.n_samples)
        history.seconds.append(self.seconds)
        if validation_loss is not None:
            history.validation_loss.append(validation_loss)
        for name, value in values.items():
            history.metrics[name].append(value)
        self.epoch, self.batch, self.loss_sum, self.seconds = self.epoch + 1, 0, 0.0, 0.0

    def _call(self, hook: str) -> None:
        for follower in in_order(self.followers, hook):
            follower.call(hook, self)

    def _end(self, started: Sequence[Follower]) -> NNFrameError | None:
        """Tell all callbacks that the run has ended, and return the first failure; one that fails stops no other."""
        failures = []
        for follower in in_order(started, "nnframe_train_end"):
            try:
                follower.call("nnframe_train_end", self)
            except NNFrameError as failure:
                failures.append(failure)
        return failures[0] if failures else None
