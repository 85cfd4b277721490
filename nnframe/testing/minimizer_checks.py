"""Checks of optimizers of the whole data: what `Optimizer.minimize` promises, for a few functions with known minima."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nnframe.arrays import FLOAT64, TRAINING_ERRORS, DType
from nnframe.contracts.optimizer import Converged, Optimizer, WholeLoss
from nnframe.errors import one_line
from nnframe.testing.minimizer_samples import EDGE, Bowl, bowl, iteration, iterations, next_state, start, walled_bowl
from nnframe.testing.outcome import CheckFailure, NothingToCheck
from nnframe.testing.samples import DTYPES, LARGE, UPDATES, initial_state, variants, with_changes

# A hundred iterations come at least this much closer to the minimum.
SHARE_LEFT = 0.1


def iterations_fit_the_weights(optimizer: Optimizer) -> None:
    """An iteration returns a tuple of the new weights and states, with the shapes and dtypes of the old ones."""
    names = ["w", *optimizer.state]
    for dtype in DTYPES:
        for count in (24, 1):
            w, state = start(count, dtype), initial_state(optimizer, count, dtype)
            for t in range(1, UPDATES + 1):
                try:
                    results: Any = iteration(optimizer, bowl, w, state, t)
                except Converged as done:
                    if not done.results:
                        break
                    results = done.results
                except (Exception, SystemExit) as error:
                    raise NothingToCheck(
                        f"minimize raised {one_line(error)} for {count} weights of dtype {dtype}; expected the new "
                        f"weights. It is called with all of params by keyword ({', '.join(optimizer.settings)})"
                    ) from error
                if not isinstance(results, (tuple, list)) or len(results) != len(names):
                    raise CheckFailure(
                        f"minimize returned a {type(results).__name__}; expected a tuple "
                        f"({', '.join(f'new {name}' for name in names)})"
                    )
                for name, old, new in zip(names, (w, *state), results, strict=True):
                    shapes = old.shape, old.shape[-1:]
                    if not isinstance(new, np.ndarray) or new.shape not in shapes or new.dtype != dtype:
                        came = f"{new.dtype}, {new.shape}" if isinstance(new, np.ndarray) else type(new).__name__
                        raise CheckFailure(
                            f"minimize returned {came} as new {name}; expected an array of shape {old.shape} and dtype "
                            f"{dtype}. Use Python numbers as constants, and no np.zeros without a dtype"
                        )
                w, state = results[0], next_state(state, results[1:], t)


def a_run_goes_downhill(optimizer: Optimizer) -> None:
    """A hundred iterations come ten times closer to the minimum of a bowl, in both dtypes."""
    for dtype in DTYPES:
        _require_lower(optimizer, bowl, 0.0, "f(w) = sum of c w^2 / 2 + (sum of w)^2 / 4 with c from 1 to 100", dtype)


def infinite_losses_are_left_behind(optimizer: Optimizer) -> None:
    """A loss that is NaN or infinite for weights far away does not end up in the weights."""
    least = -24 * math.log(EDGE**2)
    _require_lower(optimizer, walled_bowl, least, "a bowl with a loss that is NaN for a weight beyond +-4", FLOAT64)


def iterations_stay_finite(optimizer: Optimizer) -> None:
    """At the minimum, and for very steep and very flat losses, all weights stay finite, with any parameters."""
    for each in variants(optimizer):
        for dtype in DTYPES:
            for factor in (0.0, 1e-12, LARGE):
                evaluate = Bowl(factor)
                w, state, _ = iterations(each, evaluate, start(8, dtype), 4)
                if not all(np.isfinite(array).all() for array in (w, *state)):
                    raise CheckFailure(
                        f"minimize{with_changes(each)} returned numbers that are not finite, in {dtype}, for a bowl "
                        f"times {factor:g}; expected finite weights and states. Look for a division by 0"
                    )


def _require_lower(optimizer: Optimizer, evaluate: WholeLoss, least: float, what: str, dtype: DType) -> None:
    w = start(dtype=dtype)
    before = evaluate(w)[0] - least
    with np.errstate(**TRAINING_ERRORS):
        end, _, count = iterations(optimizer, evaluate, w)
        after = evaluate(end)[0] - least
    if not after <= SHARE_LEFT * before:
        raise CheckFailure(
            f"after {count} iterations in {dtype}, {what} is {after:.6g} above its minimum; expected at most "
            f"{SHARE_LEFT * before:.6g}, a tenth of what it was before. Try a shorter step where the loss is not lower"
        )
