"""The loop over the epochs of a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress

from nnframe.contracts.engine import Epoch
from nnframe.errors import NNFrameError
from nnframe.history import History
from nnframe.registry.binding import bind_engine
from nnframe.training.callback_runner import Follower, in_order
from nnframe.training.divergence import run_checked
from nnframe.training.evaluation import evaluate
from nnframe.training.run import TrainingRun


def train(run: TrainingRun, followers: Sequence[Follower]) -> History:
    """Run the epochs, and return what was seen.

    Whichever way the run ends, the callbacks that were told of its start are told of its end.

    Parameters
    ----------
    run : TrainingRun
    followers : sequence of Follower
        Its callbacks.

    Raises
    ------
    NNFrameError
        If the engine refuses, numbers are not finite any more, or a plugin or callback fails.
    """
    run_part = bind_engine(run.engine, run.task)
    started: list[Follower] = []
    try:
        for follower in in_order(followers, "nnframe_train_start"):
            started.append(follower)
            follower.call("nnframe_train_start", run)
        while not run.is_over:
            _run_epoch(run, run_part, followers)
    except BaseException as error:
        run.error = error
        # What ended the run is told, and not what went wrong afterwards.
        with suppress(NNFrameError):
            _end(run, started)
        raise
    _end(run, started)
    return run.history


def _run_epoch(run: TrainingRun, run_part: Callable[[Epoch], float], followers: Sequence[Follower]) -> None:
    def call(hook: str) -> None:
        for follower in in_order(followers, hook):
            follower.call(hook, run)

    epoch = run.plan.epoch(run.epoch)
    n_batches = len(epoch.learning_rates)
    while run.batch < n_batches:
        stop = min(n_batches, run.batch + (run.batches_per_part or n_batches))
        began = time.perf_counter()
        run.loss_sum += run_checked(run.task, run_part, run.snapshot, epoch, run.epoch, run.batch, stop)
        run.seconds += time.perf_counter() - began
        run.batch = stop
        if run.batch < n_batches:
            call("nnframe_part_end")
    _record(run)
    call("nnframe_part_end")
    call("nnframe_epoch_end")


def _record(run: TrainingRun) -> None:
    """Write the epoch into the history, and begin the next."""
    validation_loss: float | None = None
    values: dict[str, float] = {}
    layers, objective = run.task.layers, run.task.objective
    # Computed first, for a metric that fails must not leave an epoch half written.
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


def _end(run: TrainingRun, started: Sequence[Follower]) -> None:
    """Tell callbacks that the run has ended; one that fails, or is interrupted, keeps it from none of the others."""
    with ExitStack() as stack:
        for follower in reversed(in_order(started, "nnframe_train_end")):
            stack.callback(follower.call, "nnframe_train_end", run)
