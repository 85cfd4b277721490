"""Checks of what an engine offers for single updates."""

from __future__ import annotations

import warnings

import numpy as np

from nnframe.arrays import FLOAT32
from nnframe.contracts.engine import Engine
from nnframe.errors import DataError, with_type
from nnframe.testing.engine_trial import ENDINGS, TOLERANCES, inputs_and_targets, make_net
from nnframe.testing.outcome import CheckFailure, CheckSkipped, require_close
from nnframe.training.trainer import Trainer

# One kind of net, for an engine may need seconds to compile the updates of a pair and of a batch.
ENDING, DTYPE, OPTIMIZER = ENDINGS[0], FLOAT32, "sgd(learning_rate=0.05, momentum=0.9)"
# More sizes than an engine keeps memory for, with single pairs in between.
SIZES = (1, 1, 3, 1, 2, 4, 1, 5, 7, 3)


def its_single_updates_agree(engine: Engine) -> None:
    """Single updates agree with the reference, for pairs and for batches of changing sizes."""
    mine, theirs = _trainer(engine), _trainer("reference")
    X, Y = (np.concatenate([each, each, each]) for each in inputs_and_targets(DTYPE))
    where = f"after updates with {', '.join(map(str, SIZES))} samples"
    advice, tolerance = "Expected is what engine='reference' gives, up to rounding", TOLERANCES[DTYPE]
    start = 0
    for size in SIZES:
        x, y = X[start : start + size].T, Y[start : start + size].T
        # In both memory orders.
        got, expected = mine.step(np.ascontiguousarray(x), y.copy()), theirs.step(x, y)
        require_close(np.array([got]), np.array([expected]), f"a loss {where}", advice, tolerance, tolerance)
        start += size
    for array, wanted in zip(mine.weights, theirs.weights, strict=True):
        require_close(array, wanted, f"a weight {where}", advice, tolerance, tolerance)


def numbers_that_are_not_finite_change_nothing(engine: Engine) -> None:
    """A pair or a batch with an input or a target that is not finite leaves the weights and the state as they are."""
    trainer = _trainer(engine)
    state = trainer.bound.rule.state
    live = [*trainer.weights, *state.arrays, state.updates]
    X, Y = inputs_and_targets(DTYPE)
    for size in (1, 3):
        arrays = {"x": X[:size].T.copy(), "y": Y[:size].T.copy()}
        trainer.step(**arrays)
        before = [array.copy() for array in live]
        for name, bad in (("x", np.nan), ("x", np.inf), ("x", -np.inf), ("y", np.nan)):
            wrong = {**arrays, name: arrays[name].copy()}
            wrong[name][1, -1] = bad
            try:
                found: object = trainer.step(**wrong)
            except DataError:
                found = None
            except Exception as error:
                found = error
            if found is not None or not all(map(np.array_equal, live, before)):
                ended = "changed the net" if found is None else f"ended with {with_type(found)}"
                raise CheckFailure(
                    f"a step with {bad} in {name}, for {size} samples, {ended}; expected a DataError, and that nothing "
                    f"changes. Let pair_step and if_finite return None before they change anything"
                )


def _trainer(engine: Engine | str) -> Trainer:
    if isinstance(engine, Engine) and engine.stepper is None:
        raise CheckSkipped("it has no single updates of its own")
    with warnings.catch_warnings():
        # An engine may warn that it is slow with a plugin, which doesn't matter here.
        warnings.simplefilter("ignore")
        return make_net(ENDING.activations, DTYPE).trainer(ENDING.loss, optimizer=OPTIMIZER, engine=engine)
