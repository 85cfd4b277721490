"""The loop over the epochs of a run."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from nnframe.contracts.engine import Epoch
from nnframe.errors import NNFrameError
from nnframe.history import History
from nnframe.registry.binding import bind_engine
from nnframe.training.divergence import run_checked
from nnframe.training.evaluation import evaluate
from nnframe.training.run import TrainingRun


def train(run: TrainingRun) -> History:
    """Run the epochs and return their history.

    However the run ends, the callbacks that were started are called at its end.

    Raises
    ------
    NNFrameError
        If the engine refuses, the loss or a weight stops being finite, or a plugin or callback fails.
    """
    run_part = bind_engine(run.settings.engine, run.task)
    try:
        run.callbacks.start(run)
        while not run.is_over:
            _run_epoch(run, run_part)
    except BaseException as error:
        run.error = error
        # The user has to see what ended the run, not what failed after that.
        with suppress(NNFrameError):
            run.callbacks.end(run)
        raise
    run.callbacks.end(run)
    return run.history


def _run_epoch(run: TrainingRun, run_part: Callable[[Epoch], float]) -> None:
    learning_rate = run.learning_rate
    epoch = run.plan.epoch(run.epoch, learning_rate)
    n_batches = len(epoch.learning_rates)
    while run.batch < n_batches:
        if run.learning_rate != learning_rate:
            learning_rate = run.learning_rate
            epoch = epoch._replace(learning_rates=run.plan.learning_rates(run.epoch, learning_rate))
        stop = min(n_batches, run.batch + (run.batches_per_part or n_batches))
        began = time.perf_counter()
        run.loss_sum = run_checked(run.task, run_part, run.snapshot, epoch, run.epoch, run.batch, stop, run.loss_sum)
        run.seconds += time.perf_counter() - began
        run.batch = stop
        if run.batch < n_batches:
            run.callbacks.call("nnframe_part_end", run)
    _record(run)
    run.callbacks.call("nnframe_part_end", run)
    run.callbacks.call("nnframe_epoch_end", run)


def _record(run: TrainingRun) -> None:
    """Add the epoch to the history and go to the next."""
    validation_loss: float | None = None
    values: dict[str, float] = {}
    layers, objective = run.task.layers, run.task.objective
    # Computed first: a metric that fails must not leave half an epoch in the history.
    if run.validation_data is not None:
        validation_loss, values = evaluate(layers, objective, run.validation_data, run.metrics)
    elif run.plan.held_out is not None:
        validation_loss, values = evaluate(layers, objective, run.task.data, run.metrics, run.plan.held_out)
    elif run.metrics:
        _, values = evaluate(layers, None, run.task.data, run.metrics)
    history = run.history
    history.loss.append(run.loss_sum / run.plan.n_samples)
    history.seconds.append(run.seconds)
    if validation_loss is not None:
        history.validation_loss.append(validation_loss)
    for name, value in values.items():
        history.metrics[name].append(value)
    run.epoch, run.batch, run.loss_sum, run.seconds = run.epoch + 1, 0, 0.0, 0.0
