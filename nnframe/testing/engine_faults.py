"""The weights after training ended in the middle of an epoch."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from nnframe.arrays import FLOAT64, Array
from nnframe.contracts.activation import Activation
from nnframe.contracts.engine import Engine
from nnframe.contracts.loss import Loss
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.run import Run
from nnframe.data import pairs
from nnframe.errors import EngineError, one_line
from nnframe.layer import denseLayer
from nnframe.network import nNet
from nnframe.testing.engine_trial import inputs_and_targets, make_net
from nnframe.testing.outcome import CheckFailure, CheckSkipped

PARTS: dict[str, Callable[..., Array]] = {
    "forward": np.tanh,
    "derivative": lambda z: 1 - np.tanh(z) ** 2,
    "value": lambda a, y: ((a - y) ** 2).sum(axis=0),
    "gradient": lambda a, y: 2 * (a - y),
}
BATCH_SIZE = 2
# For how many seconds a training may go on after a Ctrl-C, and how often.
PATIENCE, TRIES = 10.0, 3
# With targets of -1, its slope is -1 everywhere.
ascent = Loss("ascent", lambda a, y: -a.sum(axis=0), lambda a, y: y)


class Ending(NamedTuple):
    """How a training ended.

    Attributes
    ----------
    error : BaseException or None
    weights : list of ndarray
    """

    error: BaseException | None
    weights: list[Array]

    @property
    def seen(self) -> str:
        """The error in words."""
        return "training went on" if self.error is None else f"it ended with {one_line(self.error)}"


def train_until(engine: Engine, part: str, fault: Callable[[], None], n_batches: int) -> Ending:
    """Train for some batches with plugins of which one function does something else in the third.

    Raises
    ------
    CheckSkipped
        If the engine refuses.
    """
    X, Y = inputs_and_targets(FLOAT64)
    # By the numbers and not by counting calls, because an engine may try functions before training.
    third = slice(2 * BATCH_SIZE, 3 * BATCH_SIZE)
    X[third], Y[third] = 1e6, 1e6

    def flaky(*arrays: Array) -> Array:
        if np.abs(arrays[-1]).max() > 1e3:
            fault()
        return PARTS[part](*arrays)

    functions: dict[str, Any] = PARTS | {part: flaky}
    activation = Activation("flaky", functions["forward"], functions["derivative"])
    net = make_net((activation, "relu", "sigmoid"), FLOAT64)
    data = pairs(X, Y)[: n_batches * BATCH_SIZE]
    error: BaseException | None = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            loss = Loss("flaky", functions["value"], functions["gradient"])
            net.backprop(data, loss, 0.1, BATCH_SIZE, engine=engine)
        except EngineError as refusal:
            raise CheckSkipped(f"it refuses: {refusal}") from refusal
        except (Exception, KeyboardInterrupt) as ending:
            error = ending
    return Ending(error, [array for layer in net.layersList for array in (layer.linear, layer.bias)])


def count_updates_until_interrupted(engine: Engine, seconds: float) -> list[float]:
    """Train a net in which each update adds 1 to its weight and to its bias until a Ctrl-C comes; return the two.

    Raises
    ------
    CheckSkipped
        If the engine refuses, or no Ctrl-C can come.
    CheckFailure
        If training goes on after a Ctrl-C.
    """
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        raise CheckSkipped("only the main thread of a process that heeds Ctrl-C can be interrupted")
    if engine.team is not None:
        raise CheckSkipped("an interrupt at any time may come to one of its processes before the others have begun")
    # Python itself loses one that comes while it runs a destructor.
    for _ in range(TRIES):
        net = nNet([denseLayer([[0.0]], 0.0)])
        if _is_interrupted(net, engine, seconds):
            return [float(net.layersList[0].linear[0, 0]), float(net.layersList[0].bias[0, 0])]
    raise CheckFailure(
        f"training went on for {PATIENCE:g} s after a Ctrl-C, {TRIES} times. Let KeyboardInterrupt pass as it is"
    )


class Patience:
    """Stops a run that goes on for too long, or whose Ctrl-C is lost.

    While it is entered, Python doesn't complain of a lost one.
    """

    def __init__(self) -> None:
        self.until = time.monotonic() + PATIENCE

    def __enter__(self) -> Patience:
        self._report, sys.unraisablehook = sys.unraisablehook, self._notice
        return self

    def __exit__(self, *_: object) -> None:
        sys.unraisablehook = self._report

    @hookimpl
    def nnframe_epoch_end(self, run: Run) -> None:
        """Look at the time."""
        if time.monotonic() > self.until:
            run.stop("no Ctrl-C has come")

    def _notice(self, unraisable: sys.UnraisableHookArgs) -> None:
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            self.until = 0.0
        else:
            self._report(unraisable)


def _is_interrupted(net: nNet, engine: Engine, seconds: float) -> bool:
    data = pairs(np.ones((20_000, 1)), np.full((20_000, 1), -1.0))
    timer = threading.Timer(seconds, _thread.interrupt_main)
    with warnings.catch_warnings(), Patience() as patience:
        warnings.simplefilter("ignore")
        try:
            net.backprop(data[:1], ascent, 1.0, engine=engine)
            timer.start()
            net.nEpochs(100_000, data, ascent, 1.0, engine=engine, callbacks=[patience])
            timer.join()
            time.sleep(1)
        except EngineError as refusal:
            raise CheckSkipped(f"it refuses: {refusal}") from refusal
        except KeyboardInterrupt:
            return True
    return False
