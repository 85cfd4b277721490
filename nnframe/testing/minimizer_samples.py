"""Functions for checks of optimizers of the whole data, and runs of such an optimizer on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnframe.arrays import FLOAT64, TRAINING_ERRORS, Array, DType
from nnframe.contracts.optimizer import Converged, Optimizer, WholeLoss
from nnframe.testing.samples import initial_state

ITERATIONS = 100
# The functions are not finite farther from 0 than this.
EDGE = 4.0


class Bowl:
    """The function f(w) = factor * (sum of c w^2 / 2 + (sum of w)^2 / 4) with c from 1 to 100, a `WholeLoss`.

    Parameters
    ----------
    factor : float, optional
    has_wall : bool, optional
        Whether to add -log(EDGE^2 - w^2) for each w, which is NaN or infinite beyond the edge.
    """

    def __init__(self, factor: float = 1.0, has_wall: bool = False) -> None:
        self._factor, self._has_wall = factor, has_wall

    def __call__(self, w: Array) -> tuple[float, Array]:
        """Return f(w) and its gradient."""
        c, total, left = _coefficients(w), w.sum(), EDGE**2 - w * w
        value = float((c * w * w).sum(dtype=FLOAT64) / 2 + total**2 / 4)
        gradient = c * w + total / 2
        if self._has_wall:
            value, gradient = float(value - np.log(left).sum(dtype=FLOAT64)), gradient + 2 * w / left
        return self._factor * value, self._factor * gradient

    def gauss_newton(self, w: Array) -> Array:
        """Return the Hessian of f."""
        wide, left = w.astype(FLOAT64), EDGE**2 - w.astype(FLOAT64) ** 2
        wall = 2 / left + 4 * wide**2 / left**2 if self._has_wall else 0 * wide
        hessian: Array = self._factor * (np.diag(_coefficients(wide) + wall) + 0.5)
        return hessian


def _coefficients(w: Array) -> Array:
    c: Array = np.geomspace(1, 100, w.size).astype(w.dtype)
    return c


bowl, walled_bowl = Bowl(), Bowl(has_wall=True)


def start(count: int = 24, dtype: DType = FLOAT64) -> Array:
    """Return weights away from the minimum, of both signs."""
    return np.random.default_rng(0).uniform(-3, 3, count).astype(dtype)


def iterations(
    optimizer: Optimizer, evaluate: WholeLoss, w: Array, most: int = ITERATIONS
) -> tuple[Array, list[Array], int]:
    """Return the weights and the state after some iterations, or after fewer if it converges, and how many."""
    state = initial_state(optimizer, w.size, w.dtype)
    for t in range(1, most + 1):
        try:
            w, *new = iteration(optimizer, evaluate, w, state, t)
        except Converged as done:
            if done.results:
                w, *new = done.results
                state = next_state(state, new, t)
                t += 1
            return w, state, t - 1
        state = next_state(state, new, t)
    return w, state, most


def next_state(old: Sequence[Array], returned: Sequence[Array], t: int) -> list[Array]:
    """Return the state after iteration t: a vector in place of a matrix replaces one row."""
    state = []
    for before, new in zip(old, returned, strict=True):
        after = new
        if new.shape != before.shape:
            after = before.copy()
            after[(t - 1) % len(after)] = new
        state.append(after)
    return state


def iteration(
    optimizer: Optimizer, evaluate: WholeLoss, w: Array, state: list[Array], t: int
) -> tuple[Array, ...] | list[Array]:
    """Return the new weights and states; numbers that overflow on the way cause no warning."""
    assert optimizer.minimize is not None
    with np.errstate(**TRAINING_ERRORS):
        return optimizer.minimize(evaluate, w, *state, t=t, **optimizer.settings)
