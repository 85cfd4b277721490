"""Checks of callbacks: each follows a small run."""

from __future__ import annotations

import copy
import os
import pickle
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from nnframe.contracts import run_hookspecs
from nnframe.contracts.callback import Callback
from nnframe.data import pairs
from nnframe.errors import NNFrameError, one_line
from nnframe.network import nNet
from nnframe.testing.outcome import CheckFailure, CheckSkipped, NothingToCheck
from nnframe.testing.samples import variants, with_changes

HOOKS = tuple(name for name in vars(run_hookspecs) if name.startswith("nnframe_"))
EPOCHS = 4


def it_follows_a_run(callback: Callback) -> None:
    """It can be created, has methods for hooks of a run, and a short run with it succeeds."""
    for each in variants(callback):
        made = _made(each)
        if not any(hasattr(made, name) for name in HOOKS):
            raise NothingToCheck(
                f"make(){with_changes(each)} returned {made!r}; expected an object with a method for one of the hooks "
                f"{', '.join(HOOKS)}, marked with @nnframe.hookimpl"
            )
        try:
            _run([each])
        except NNFrameError as error:
            if each is not callback:
                # Another value of a parameter may ask for what this run doesn't have.
                continue
            raise NothingToCheck(f"a run of {EPOCHS} epochs raised {one_line(error)}; expected its end") from error


def each_run_has_an_object_of_its_own(callback: Callback) -> None:
    """make() returns a new object each time, and a run does not affect the next one."""
    first, second = _made(callback), _made(callback)
    if first is second:
        raise CheckFailure("make() returned the same object twice; expected a new one each time, as a class makes it")
    if _run([callback]) != _run([callback]):
        raise CheckFailure(
            "the results of two runs with the same seed are different; expected the same. Begin anew in "
            "nnframe_train_start, and keep nothing in the class or module"
        )


def its_state_can_be_kept(callback: Callback) -> None:
    """A checkpoint can store state_dict(), and load_state_dict() restores it."""
    made: Any = _made(callback)
    has = [hasattr(made, name) for name in ("state_dict", "load_state_dict")]
    if not any(has):
        raise CheckSkipped("it has no state_dict: it begins anew after a checkpoint")
    if not all(has):
        missing = "load_state_dict" if has[0] else "state_dict"
        raise CheckFailure(f"{missing} is missing; expected both state_dict and load_state_dict, or none")
    _run([made])
    state = made.state_dict()
    try:
        again = pickle.loads(pickle.dumps(copy.deepcopy(state)))
    except Exception as error:
        raise CheckFailure(
            f"state_dict() returned what can't be copied: {one_line(error)}; expected numbers, text, arrays, and lists "
            f"and dicts of them"
        ) from error
    made.load_state_dict(again)
    if repr(made.state_dict()) != repr(state):
        raise CheckFailure(
            f"after load_state_dict(state), state_dict() is {made.state_dict()!r}; expected {state!r}. Take all of it"
        )


def _made(callback: Callback) -> object:
    try:
        return callback.make(**callback.settings)
    except (Exception, SystemExit) as error:
        raise NothingToCheck(
            f"make(){with_changes(callback)} raised {one_line(error)}; expected an object. It is called with all of "
            f"params by keyword ({', '.join(callback.params) or 'none'})"
        ) from error


def _run(callbacks: list[Any]) -> tuple[list[float], bytes]:
    """Return the losses and the weights of a run, whose files go to a folder that is removed."""
    rng = np.random.default_rng(0)
    data = pairs(rng.normal(size=(12, 3)), np.eye(2)[np.arange(12) % 2])
    net = nNet.from_sizes([3, 4, 2], ["tanh", "softmax"], seed=0)
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            history = net.nEpochs(
                EPOCHS, data, "cel", 0.1, 4, validation=data, metrics=["accuracy"], callbacks=callbacks, seed=0
            )
        finally:
            os.chdir(before)
    return history.loss, b"".join(layer.linear.tobytes() for layer in net.layersList)
