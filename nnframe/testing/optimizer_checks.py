"""Checks of optimizers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nnframe.arrays import FLOAT64, Array
from nnframe.contracts.optimizer import Optimizer
from nnframe.testing.calls import described, update_call
from nnframe.testing.outcome import CheckFailure, require_close
from nnframe.testing.samples import DTYPES, LARGE, UPDATES, initial_state, update_arguments, variants, with_changes

# float32 can hold 1e-30, but not its square.
GRADIENTS = (0.0, 1e-30, -LARGE, LARGE)
LATE = 10**6
DESCENT = 100


def results_fit_the_weights(optimizer: Optimizer) -> None:
    """An update returns a tuple of the new weights and states, with the shape and dtype of the weights."""
    names = ["w", *optimizer.state]
    wanted = f"a tuple ({', '.join(f'new {name}' for name in names)})"
    for dtype in DTYPES:
        full = update_arguments(optimizer, dtype)
        for arguments in (full, tuple(each[:1] for each in full), tuple(each.reshape(4, 6) for each in full)):
            shape = arguments[0].shape
            results = optimizer.update(*arguments, t=UPDATES + 1, **optimizer.settings)
            if not isinstance(results, (tuple, list)) or len(results) != len(names):
                count = f" of {len(results)}" if isinstance(results, (tuple, list)) else ""
                raise CheckFailure(
                    f"update returned {described(results)}{count} for weights of shape {shape}; expected {wanted}"
                )
            for name, result in zip(names, results, strict=True):
                if not isinstance(result, np.ndarray) or result.shape != shape or result.dtype != dtype:
                    kind = f" and dtype {result.dtype}" if isinstance(result, np.ndarray) else ""
                    raise CheckFailure(
                        f"update returned {described(result)}{kind} as new {name}, for weights of shape {shape} and "
                        f"dtype {dtype}; expected the same shape and dtype. Use Python numbers as constants, and go "
                        f"element by element"
                    )


def elements_are_independent(optimizer: Optimizer) -> None:
    """The update of a weight depends on no other weight, so that an engine may pass all of them as one vector."""
    arguments = update_arguments(optimizer)
    update = update_call(optimizer, arguments, t=UPDATES + 1)
    together = update()
    for i in range(arguments[0].size):
        require_close(
            together[:, [i]],
            update[[i]](),
            f"element {i} of what {update.name} gives for a vector",
            "Expected is what it gives for that element alone. Take no norm, mean or maximum over the weights.",
            rtol=1e-9,
            atol=1e-12,
            inputs=update[[i]].arguments,
        )


def numbers_give_what_arrays_give(optimizer: Optimizer) -> None:
    """The formula also works for single numbers, so that an engine can compile it as a loop."""
    arguments = update_arguments(optimizer)
    advice = "Make it work for arrays and single numbers alike: np.where(g > 0, a, b) in place of a[g > 0]"
    update = replace(update_call(optimizer, arguments, t=UPDATES + 1), advice=advice)
    for i in range(arguments[0].size):
        require_close(
            update[i]().reshape(-1, 1),
            update[[i]](),
            f"what {update.name} gives for numbers",
            "Expected is what it gives for arrays of one element.",
            rtol=1e-9,
            atol=1e-12,
            inputs=update[[i]].arguments,
        )


def updates_stay_finite(optimizer: Optimizer) -> None:
    """Gradients of 0, 1e-30 and +-1e4 lead to finite weights without a warning, early and late in training."""
    for each in variants(optimizer):
        for dtype in DTYPES:
            for gradient in GRADIENTS:
                _require_finite_updates(each, np.array([-1.0, 0.0, 1.0], dtype), np.full(3, gradient, dtype))


def it_goes_downhill(optimizer: Optimizer) -> None:
    """A hundred updates lower f(w) = w^2 / 2."""
    w: Array = np.array([-3.0, -1.0, -0.1, 0.2, 1.0, 3.0])
    state = initial_state(optimizer, w.size)
    before = _height(w)
    for t in range(1, DESCENT + 1):
        w, *state = optimizer.update(w, w, *state, t=t, **optimizer.settings)
    if not _height(w) < before:
        raise CheckFailure(
            f"after {DESCENT} updates, f(w) = sum of w^2 / 2 is {_height(w):.6g}; expected less than {before:.6g}, "
            f"what it was before. Subtract the step: w - learning_rate * g. Look at the learning rate's default, too"
        )


def _require_finite_updates(optimizer: Optimizer, w: Array, g: Array) -> None:
    state = initial_state(optimizer, w.size, w.dtype)
    for t in (1, 2, 3, LATE):
        where = f"update t = {t}{with_changes(optimizer)} with the gradient {g[0]:g} in {w.dtype}"
        try:
            with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
                w, *state = optimizer.update(w, g, *state, t=t, **optimizer.settings)
        except (FloatingPointError, ZeroDivisionError, OverflowError) as error:
            raise CheckFailure(
                f"{where}: {error}; expected finite weights. Add an epsilon to what is divided by, and mind that t "
                f"begins with 1"
            ) from error
        if not all(np.isfinite(each).all() for each in (w, *state)):
            raise CheckFailure(
                f"{where}: w is {w.tolist()}, the state {[each.tolist() for each in state]}; expected "
                f"finite numbers. Look for overflow"
            )


def _height(w: Array) -> float:
    return float((w.astype(FLOAT64) ** 2).sum() / 2)
