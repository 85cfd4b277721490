"""The loop over the epochs of a run."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeAlias

from nnframe.contracts.engine import Epoch
from nnframe.contracts.optimizer import Converged
from nnframe.errors import NNFrameError
from nnframe.history import History
from nnframe.registry.engine_binding import bind_run
from nnframe.training.agreement import tell_others
from nnframe.training.callback_runner import BATCH_END, EPOCH_END, PART_END, TRAIN_END, TRAIN_START
from nnframe.training.divergence import run_checked
from nnframe.training.run import TrainingRun
from nnframe.training.together import at_work, everywhere

# Takes an epoch, its number, the first batch, the one to stop before, and the sum of the losses before; returns the sum
# after.
RunBatches: TypeAlias = Callable[[Epoch, int, int, int, float], float]


def train(run: TrainingRun) -> History:
    """Run the epochs and return their history.

    However the run ends, the callbacks that were started are called at its end.

    Raises
    ------
    NNFrameError
        If the engine refuses, the loss or a weight stops being finite, or a plugin or callback fails.
    """
    optimizer, close = run.settings.optimizer, None
    with at_work(run.team):
        if optimizer is not None and optimizer.takes_whole_data:
            # Other runs don't pay for this import.
            from nnframe.training.whole_data import bind_iterations

            run_batches: RunBatches = bind_iterations(run, optimizer)
        else:
            engine_run = everywhere(run.team, partial(bind_run, run.settings.engine, run.task))
            close = engine_run.close
            run_batches = partial(run_checked, run.task, engine_run.part, run.snapshot, team=run.team)
        return _train(run, run_batches, close)


def _train(run: TrainingRun, run_batches: RunBatches, close: Callable[[BaseException | None], None] | None) -> History:
    try:
        tell_others(run, TRAIN_START)
        while not run.is_over:
            _run_epoch(run, run_batches)
    except BaseException as error:
        run.error = error
        # The user has to see what ended the run, not what failed after that.
        with suppress(NNFrameError):
            tell_others(run, TRAIN_END)
        raise
    else:
        tell_others(run, TRAIN_END)
    finally:
        if close is not None:
            close(run.error)
    return run.history


def _run_epoch(run: TrainingRun, run_batches: RunBatches) -> None:
    learning_rate = run.learning_rate
    epoch = run.plan.epoch(run.epoch, learning_rate)
    n_batches = len(epoch.learning_rates)
    has_batch_end = run.callbacks.has(BATCH_END)
    began_at, loss_before = run.batch, run.loss_sum
    while run.batch < n_batches and not run.is_over:
        if run.learning_rate != learning_rate:
            learning_rate = run.learning_rate
            epoch = epoch._replace(learning_rates=run.plan.learning_rates(run.epoch, learning_rate))
        part_stop = min(n_batches, began_at + (run.batches_per_part or n_batches))
        first, sum_before = run.batch, run.loss_sum
        stop = first + 1 if has_batch_end else part_stop
        began = time.perf_counter()
        try:
            run.loss_sum = run_batches(epoch, run.epoch, first, stop, sum_before)
        except Converged as done:
            run.stop(str(done))
            return
        run.seconds += time.perf_counter() - began
        run.batch = stop
        if has_batch_end:
            run.part_loss = _mean_loss(run, first, sum_before)
            tell_others(run, BATCH_END)
        if stop == part_stop and stop < n_batches:
            run.part_loss = _mean_loss(run, began_at, loss_before)
            began_at, loss_before = stop, run.loss_sum
            tell_others(run, PART_END)
    is_within_part = run.batch > began_at
    if is_within_part:
        run.part_loss = _mean_loss(run, began_at, loss_before)
    _record(run, learning_rate)
    if is_within_part:
        tell_others(run, PART_END)
    tell_others(run, EPOCH_END)


def _mean_loss(run: TrainingRun, first: int, loss_before: float) -> float:
    """Return the mean loss over the samples since a batch of this epoch."""
    before = run.samples_up_to(first) if first else 0
    return (run.loss_sum - loss_before) / (run.samples_up_to(run.batch) - before)


def _record(run: TrainingRun, learning_rate: float) -> None:
    """Add the epoch to the history and go to the next."""
    # Computed first: a metric that fails must not leave half an epoch in the history.
    validation_loss, values = _evaluated(run) if run.has_validation or run.metrics else (None, {})
    history, parameters = run.history, run.task.objective.parameters
    history.loss.append(run.loss_sum / run.samples_up_to(run.batch))
    history.learning_rate.append(learning_rate)
    history.seconds.append(run.seconds)
    if validation_loss is not None:
        history.validation_loss.append(validation_loss)
    for name, value in values.items():
        history.metrics[name].append(value)
    if parameters:
        for per_epoch, array in zip(history.loss_parameters.values(), parameters, strict=True):
            per_epoch.append(float(array))
    run.epoch, run.batch, run.loss_sum, run.seconds = run.epoch + 1, 0, 0.0, 0.0


def _evaluated(run: TrainingRun) -> tuple[float | None, dict[str, float]]:
    """Return the loss over the validation data, if there are any, and the metrics."""
    # A run that measures nothing doesn't pay for this import.
    from nnframe.training.evaluation import evaluate

    layers, objective, data, team = run.task.layers, run.task.objective, run.task.data, run.team
    if run.validation_data is not None:
        return evaluate(layers, objective, run.validation_data, run.metrics, team=team)
    if run.plan.held_out is not None:
        return evaluate(layers, objective, data, run.metrics, run.plan.held_out, team)
    return None, evaluate(layers, None, data, run.metrics, team=team, reader=objective.plugin)[1]
