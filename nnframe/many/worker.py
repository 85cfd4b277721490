"""What a worker does with a job."""

from __future__ import annotations

import copy
import os
import pickle
import time
import traceback
from typing import Any, NamedTuple

from nnframe import registry
from nnframe.contracts.loss import Loss
from nnframe.errors import ArgumentTypeError, NNFrameError, one_line, with_type
from nnframe.history import History
from nnframe.many.references import Loader, PairsReference, Value
from nnframe.many.threads import threads_limited_to
from nnframe.network import nNet
from nnframe.training.plan import hold_out
from nnframe.training.prepare import n_targets_of
from nnframe.training.stacking import as_pairs


class Task(NamedTuple):
    """A job as it is sent to a worker.

    Attributes
    ----------
    net : nNet or callable
    data, validation : reference
    settings : dict
        The other arguments of `nNet.nEpochs`.
    threads : int or None
        The number of threads for BLAS.
    caller : int
        The process that sent it.
    call : str
        The call of `train_many` that it belongs to.
    """

    net: Any
    data: Loader | PairsReference | Value
    validation: Loader | PairsReference | Value
    settings: dict[str, Any]
    threads: int | None
    caller: int
    call: str


class Outcome(NamedTuple):
    """What a worker sends back: a net and what is known of it, or an error."""

    net: nNet | None
    history: History | None
    scores: dict[str, float]
    seconds: float
    error: BaseException | None
    traceback: str


# Calls that were interrupted. A pool has handed over some of their jobs already, which nobody waits for.
_interrupted: set[str] = set()


def interrupt(call: str) -> None:
    """Let no job of a call start any more in this process."""
    _interrupted.add(call)


def run(task: Task) -> Outcome:
    """Train a net. Whatever fails is in the outcome; only an interrupt is raised."""
    if task.call in _interrupted:
        raise KeyboardInterrupt
    try:
        return _outcome(task)
    except KeyboardInterrupt:
        interrupt(task.call)
        raise


def _outcome(task: Task) -> Outcome:
    began = time.perf_counter()
    is_worker = os.getpid() != task.caller
    try:
        with threads_limited_to(task.threads, is_worker):
            net, history, scores = _trained(task)
    except (Exception, SystemExit) as error:
        text = traceback.format_exc()
        return Outcome(None, None, {}, time.perf_counter() - began, _portable(error) if is_worker else error, text)
    return Outcome(net, history, scores, time.perf_counter() - began, None, "")


def _trained(task: Task) -> tuple[nNet, History, dict[str, float]]:
    # A copy also where nothing was pickled, so that nets have the same memory layout and the same bits everywhere.
    net = copy.deepcopy(task.net if isinstance(task.net, nNet) else task.net())
    if not isinstance(net, nNet):
        raise ArgumentTypeError(f"net() returned {with_type(net)}; expected an nNet")
    data, validation = task.data.load(), task.validation.load()
    # Likewise, so that jobs in several threads don't share their callbacks' state.
    settings = {**task.settings, "callbacks": copy.deepcopy(task.settings.get("callbacks", ()))}
    history = net.nEpochs(data=data, validation=validation, **settings)
    judged_by = data if validation is None else validation
    if isinstance(validation, float):
        loss = registry.resolve(Loss, settings["loss"])
        samples = as_pairs(data, net.layersList[0].n_in, n_targets_of(net, loss), outputs_of=loss)
        rows = hold_out(len(samples), validation, history.seed)[1]
        judged_by = type(samples)(samples.X[rows], samples.Y[rows])
    return net, history, net.evaluate(judged_by, settings["loss"], settings.get("metrics", ()))


def _portable(error: BaseException) -> BaseException:
    """Return an error that can be sent to another process."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return NNFrameError(one_line(error))
    return error
