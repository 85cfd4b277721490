"""lbfgs: steps along -H g, where H approximates the inverse of the Hessian from the last ``memory`` steps.

    d = -H g        w = w + a d        s = a d        y = new g - g

H is gamma I, gamma = s'y / y'y for the latest step, updated for each of the kept pairs s and y, from the oldest on:

    H = (I - rho s y') H (I - rho y s') + rho s s'        rho = 1 / y's

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
from functools import lru_cache

import numpy as np

from nnframe.arrays import Array
from nnframe.builtins.optimizers.line_search import Point, wolfe_point
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.optimizer import Converged, Evaluate, Optimizer

# With a larger gradient than this, a loss that can't be lowered is a matter of scale.
STEEP = 1e3


def minimize(
    evaluate: Evaluate,
    w: Array,
    steps: Array,
    changes: Array,
    t: int,
    memory: int,
    tolerance: float,
    min_gain: float,
) -> tuple[Array, ...]:
    """Make one iteration, and return the new weights, and the new step s and change y of the gradient, if there are.

    They are kept in matrices with a pair in each row, the newest last; rows that are not in use yet are 0.
    """
    loss, g = evaluate(w)
    if t == 1 and _is_flat(g, tolerance):
        raise Converged(_flatness(g, tolerance))
    products = steps.dot(changes.T)
    used = int(np.count_nonzero(products.diagonal()))
    found = None
    # Without the pairs, if no lower loss is found along the direction that they lead to.
    for kept in (used, 0) if used else (0,):
        unused = memory - kept
        d = -times_inverse(g, steps[unused:], changes[unused:], products[unused:, unused:])
        slope = float(g.dot(d))
        if slope < 0:
            first = 1.0 if kept else min(1.0, 1 / math.sqrt(-slope))
            found = wolfe_point(evaluate, Point(0.0, loss, slope, w, g), d, first)
        if found is not None:
            break
    if found is None:
        raise Converged(_no_lower(g, tolerance))
    s, y = found.w - w, found.g - g
    # Otherwise H would no longer be positive definite: rounding is as large as the change.
    is_kept = s.dot(y) > np.finfo(w.dtype).eps * y.dot(y)
    if used and not kept:
        steps, changes = np.zeros_like(steps), np.zeros_like(changes)
        if is_kept:
            steps[-1], changes[-1] = s, y
    elif is_kept:
        steps, changes = s, y
    if _is_flat(found.g, tolerance):
        raise Converged(_flatness(found.g, tolerance), found.w, steps, changes)
    gain = loss - found.loss
    if gain <= 0:
        raise Converged(_no_lower(found.g, tolerance), found.w, steps, changes)
    if gain <= min_gain * max(abs(loss), abs(found.loss), 1.0):
        raise Converged(f"an iteration lowered the loss by {gain:.3g}, less than {min_gain=}", found.w, steps, changes)
    return found.w, steps, changes


def times_inverse(g: Array, steps: Array, changes: Array, products: Array) -> Array:
    """Return H g; ``products`` are those of each step with each change.

    Algorithm 7.4 takes two loops over the pairs. All products with g at once leave the loops to two triangular systems.
    """
    if not len(steps):
        return g
    R_inverse = np.linalg.inv(np.where(_upper(len(steps)), products, 0))
    y = changes[-1]
    gamma = products[-1, -1] / y.dot(y)
    alphas = R_inverse.dot(steps.dot(g))
    q = g - alphas.dot(changes)
    betas = (products.diagonal() * alphas - gamma * changes.dot(q)).dot(R_inverse)
    q *= gamma
    q += betas.dot(steps)
    Hg: Array = q
    return Hg


@lru_cache(maxsize=64)
def _upper(size: int) -> Array:
    upper: Array = np.tri(size, dtype=bool).T
    return upper


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
    state={"steps": "memory", "changes": "memory"},
    params={"memory": 10, "tolerance": 1e-5, "min_gain": 1e-9},
    limits={"memory": "[1, inf)", "tolerance": "[0, inf)", "min_gain": "[0, inf)"},
    doc=__doc__,
)


@hookimpl
def nnframe_optimizers() -> list[Optimizer]:
    """Return lbfgs."""
    return [lbfgs]
