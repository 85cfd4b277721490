"""lbfgs: steps along -H g, where H approximates the inverse of the Hessian from the last ``memory`` steps.

    d = -H g        w = w + a d        s = a d        y = new g - g

Each pair s and y is kept divided by the root of s'y, so that s'y = 1. H is gamma I, gamma = 1 / y'y for the latest
pair, updated for each of the kept pairs, from the oldest on:

    H = (I - s y') H (I - y s') + s s'

A line search finds a step a that satisfies the strong Wolfe conditions. An epoch is one such iteration, over all rows
at once: ``batch_size`` and ``shuffle`` make no difference, and there is no learning rate. For small data sets, where it
needs far fewer passes over the data than stochastic gradient descent.

It ends when no component of the gradient is larger than ``tolerance``, when an iteration lowers the loss by no more
than ``min_gain`` times the larger of the loss and 1, or when no lower loss is found along the direction.

Source: D. Liu and J. Nocedal, "On the limited memory BFGS method for large scale optimization", Mathematical
Programming 45 (1989) 503-528; J. Nocedal and S. Wright, "Numerical optimization", 2nd edition, Springer 2006,
algorithms 7.4 and 7.5.
"""

from __future__ import annotations

import math

import numpy as np

from nnframe.arrays import FLOAT32, FLOAT64, Array
from nnframe.builtins.optimizers.line_search import Point, wolfe_point
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.optimizer import Converged, Evaluate, Optimizer

# With a larger gradient than this, a loss that can't be lowered is a matter of scale.
STEEP = 1e3
EPS = {dtype: float(np.finfo(dtype).eps) for dtype in (FLOAT32, FLOAT64)}


def minimize(
    evaluate: Evaluate,
    w: Array,
    steps: Array,
    changes: Array,
    inverse: Array,
    t: int,
    memory: int,
    tolerance: float,
    min_gain: float,
) -> tuple[Array, ...]:
    """Make one iteration, and return the new weights, and the new step s and change y of the gradient, if there are.

    They are kept in matrices with a pair in each row; a new one replaces the oldest. `inverse` is that of R, which has
    the products of each step with the changes that are as new or newer, and otherwise 0: an upper triangle, if the
    oldest pair were in the first row. Rows and columns of pairs that are not in use are 0.
    """
    loss, g = evaluate(w)
    if t == 1 and _is_flat(g, tolerance):
        raise Converged(_flatness(g, tolerance))
    latest = (t - 2) % memory
    has_pairs = inverse.item(latest, latest) > 0
    found = None
    # Without the pairs, if no lower loss is found along the direction that they lead to.
    for uses_pairs in (True, False) if has_pairs else (False,):
        d = direction(g, steps, changes, inverse, latest) if uses_pairs else -g
        slope = float(g.dot(d))
        if slope < 0:
            first = 1.0 if uses_pairs else min(1.0, 1 / math.sqrt(-slope))
            found = wolfe_point(evaluate, Point(0.0, loss, slope, w, g), d, first)
        if found is not None:
            break
    if found is None:
        raise Converged(_no_lower(g, tolerance))
    if has_pairs and not uses_pairs:
        # So that no pair is in use.
        inverse = np.zeros_like(inverse)
    kept = _with_pair(found.w - w, found.g - g, steps, changes, inverse, (t - 1) % memory)
    if _is_flat(found.g, tolerance):
        raise Converged(_flatness(found.g, tolerance), found.w, *kept)
    gain = loss - found.loss
    if gain <= 0:
        raise Converged(_no_lower(found.g, tolerance), found.w, *kept)
    if gain <= min_gain * max(abs(loss), abs(found.loss), 1.0):
        raise Converged(f"an iteration lowered the loss by {gain:.3g}, less than {min_gain=}", found.w, *kept)
    return found.w, *kept


def direction(g: Array, steps: Array, changes: Array, inverse: Array, latest: int) -> Array:
    """Return -H g; `latest` is the row of the latest pair.

    Algorithm 7.4 takes two loops over the pairs. All products with g at once leave the loops to two triangular systems,
    whose solutions are products with `inverse`.
    """
    y = changes[latest]
    gamma = 1 / y.dot(y)
    alphas = inverse.dot(steps.dot(g))
    d: Array = alphas.dot(changes)
    d -= g
    betas = (alphas + gamma * changes.dot(d)).dot(inverse)
    d *= gamma
    d -= betas.dot(steps)
    return d


def _with_pair(
    s: Array, y: Array, steps: Array, changes: Array, inverse: Array, oldest: int
) -> tuple[Array, Array, Array]:
    """Return the steps, the changes and the inverse for the next iteration; of steps and changes, the new row will do.

    A pair is left out with which H would no longer be positive definite: rounding is as large as the change.
    """
    product = float(s.dot(y))
    if not EPS[s.dtype] * float(y.dot(y)) < product < math.inf:
        # The rows move on, so that the oldest is again where the next pair will be.
        return np.roll(steps, 1, axis=0), np.roll(changes, 1, axis=0), np.roll(inverse, (1, 1), axis=(0, 1))
    scale = 1 / math.sqrt(product)
    s *= scale
    y *= scale
    # Without the first row and column of an upper triangle, its inverse lacks just those too. Another column u makes
    # it [R u; 0 1], with the inverse [T -Tu; 0 1] for T R = I.
    new, u = inverse.copy(), steps.dot(y)
    new[oldest] = u[oldest] = 0
    new[:, oldest] = -new.dot(u)
    new[oldest, oldest] = 1
    return s, y, new


def _is_flat(g: Array, tolerance: float) -> bool:
    # The mean of the squares is not larger than the largest: one call of numpy in place of two for most iterations.
    return float(g.dot(g)) <= tolerance * tolerance * len(g) and _largest(g) <= tolerance


def _largest(g: Array) -> float:
    return float(max(g.max(), -g.min()))


def _flatness(g: Array, tolerance: float) -> str:
    largest = _largest(g)
    return f"the largest gradient is {largest:.3g}" + (f", at most {tolerance=}" if largest <= tolerance else "")


def _no_lower(g: Array, tolerance: float) -> str:
    return f"no step lowers the loss; {_flatness(g, tolerance)}" + ("; scale the data" if _largest(g) > STEEP else "")


lbfgs = Optimizer(
    "lbfgs",
    minimize=minimize,
    state={"steps": "memory", "changes": "memory", "inverse": ("memory", "memory")},
    params={"memory": 10, "tolerance": 1e-5, "min_gain": 1e-9},
    limits={"memory": "[1, inf)", "tolerance": "[0, inf)", "min_gain": "[0, inf)"},
    doc=__doc__,
)


@hookimpl
def nnframe_optimizers() -> list[Optimizer]:
    """Return lbfgs."""
    return [lbfgs]
