"""From the arguments of `nNet.nEpochs` to a run that can begin: all is checked before anything changes."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnframe import registry
from nnframe.arrays import finite_number, whole_number
from nnframe.contracts.engine import Engine, TrainingTask
from nnframe.contracts.loss import Loss
from nnframe.data import as_pairs
from nnframe.registry.binding import bind_objective
from nnframe.training.callback_runner import Follower, checked_followers
from nnframe.training.evaluation import checked_metrics
from nnframe.training.plan import Plan
from nnframe.training.run import TrainingRun
from nnframe.training.sample_weights import ClassWeights, checked_sample_weights
from nnframe.training.settings import (
    checked_dropout,
    checked_optimization,
    checked_positive,
    checked_share,
)
from nnframe.training.task import update_rule

if TYPE_CHECKING:
    from nnframe.contracts.metric import Metric
    from nnframe.contracts.optimizer import Optimizer
    from nnframe.contracts.schedule import Schedule
    from nnframe.training.run import Net

ENGINE_VARIABLE = "NNFRAME_ENGINE"
DEFAULT_ENGINE = "numpy"


def prepared_run(
    net: Net,
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
) -> tuple[TrainingRun, list[Follower]]:
    """Return a run and its callbacks; `nNet.nEpochs` describes the parameters.

    Raises
    ------
    NNFrameError
        If an argument can't be used.
    """
    n_epochs, size = whole_number(n, "n", minimum=0), whole_number(batch_size, "batch_size")
    optimization = checked_optimization(learning_rate, optimizer, schedule)
    layers = tuple(layer.for_engine() for layer in net.layersList)
    rule = update_rule(
        layers,
        optimization.optimizer,
        finite_number(l1, "l1", "0.001"),
        finite_number(l2, "l2", "0.001"),
        checked_positive(clip_value, "clip_value"),
        checked_positive(clip_norm, "clip_norm"),
    )
    first, last = net.layersList[0], net.layersList[-1]
    objective = bind_objective(registry.resolve(Loss, loss), last.resolved_activation)
    samples = as_pairs(data, first.n_in, last.n_out)
    weights = checked_sample_weights(sample_weights, class_weights, samples, first.dtype)
    share, validation_data = None, None
    if isinstance(validation, (float, np.floating)):
        share = checked_share(validation, "validation")
    elif validation is not None:
        validation_data = as_pairs(validation, first.n_in, last.n_out, "validation")
    shares = checked_dropout(dropout, len(layers) - 1)
    drawn = secrets.randbits(63) if seed is None else whole_number(seed, "seed", minimum=0)
    plan = Plan(n_epochs, size, len(samples), bool(shuffle), drawn, optimization, share, any(shares))
    if n_epochs > 0:
        # Raises if there are too few samples to hold some out, or the schedule fails.
        plan.learning_rates(0)
    followers = checked_followers(callbacks)
    run = TrainingRun(
        net,
        TrainingTask(layers, objective, samples, size, rule, weights, shares),
        plan,
        registry.resolve(Engine, engine or os.environ.get(ENGINE_VARIABLE) or DEFAULT_ENGINE),
        validation_data,
        checked_metrics(metrics),
        [(follower.name, follower.object) for follower in followers],
        seed_was_drawn=seed is None,
    )
    return run, followers
