"""Functions for checks of optimizers of the whole data, and runs of such an optimizer on them."""

from __future__ import annotations

import numpy as np

from nnframe.arrays import FLOAT64, TRAINING_ERRORS, Array, DType
from nnframe.contracts.optimizer import Converged, Evaluate, Optimizer
from nnframe.testing.samples import initial_state

ITERATIONS = 100
# The functions are not finite farther from 0 than this.
EDGE = 4.0


def bowl(w: Array) -> tuple[float, Array]:
    """Return f(w) = sum of c w^2 / 2 + (sum of w)^2 / 4 with c from 1 to 100, and its gradient."""
    c = np.geomspace(1, 100, w.size).astype(w.dtype)
    total = w.sum()
    return float((c * w * w).sum(dtype=FLOAT64) / 2 + total**2 / 4), c * w + total / 2


def walled_bowl(w: Array) -> tuple[float, Array]:
    """Return f(w) = bowl(w) - log(EDGE^2 - w^2) for each w, which is NaN or infinite beyond the edge."""
    value, gradient = bowl(w)
    left = EDGE**2 - w * w
    return float(value - np.log(left).sum(dtype=FLOAT64)), gradient + 2 * w / left


def start(count: int = 24, dtype: DType = FLOAT64) -> Array:
    """Return weights away from the minimum, of both signs."""
    return np.random.default_rng(0).uniform(-3, 3, count).astype(dtype)


def iterations(
    optimizer: Optimizer, evaluate: Evaluate, w: Array, most: int = ITERATIONS
) -> tuple[Array, list[Array], int]:
    """Return the weights and the state after some iterations, or after fewer if it converges, and how many."""
    state = initial_state(optimizer, w.size, w.dtype)
    for t in range(1, most + 1):
        try:
            w, *state = iteration(optimizer, evaluate, w, state, t)
        except Converged as done:
            if done.results:
                w, *state = done.results
                t += 1
            return w, state, t - 1
    return w, state, most


def iteration(
    optimizer: Optimizer, evaluate: Evaluate, w: Array, state: list[Array], t: int
) -> tuple[Array, ...] | list[Array]:
    """Return the new weights and states; numbers that overflow on the way cause no warning."""
    assert optimizer.minimize is not None
    with np.errstate(**TRAINING_ERRORS):
        return optimizer.minimize(evaluate, w, *state, t=t, **optimizer.settings)
