"""A line search for the strong Wolfe conditions: a step that lowers the loss enough and leaves little slope.

With f(a) = loss(w + a d) along a direction d with slope f'(0) < 0, a step a is accepted if

    f(a) <= f(0) + DECREASE a f'(0)        |f'(a)| <= CURVATURE |f'(0)|

Steps grow until two of them enclose such a step; cubic interpolation between the two then finds it.

Source: J. Nocedal and S. Wright, "Numerical optimization", 2nd edition, Springer 2006, algorithms 3.5 and 3.6 and
equation 3.59.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from nnframe.arrays import Array
from nnframe.contracts.optimizer import Evaluate

# The constants of the conditions, as the source advises, and the most evaluations.
DECREASE, CURVATURE, TRIALS = 1e-4, 0.9, 20
# A trial stays this share of the interval away from its ends, so that the interval shrinks.
MARGIN = 0.1
# The next step is larger than the last by a factor between these.
LEAST_GROWTH, MOST_GROWTH = 2.0, 10.0


class Point(NamedTuple):
    """A point of the line.

    Attributes
    ----------
    step : float
        The a of ``w + a d``.
    loss, slope : float
        f(a) and f'(a).
    w, g : ndarray, shape (n,)
        The weights there, and the gradient.
    """

    step: float
    loss: float
    slope: float
    w: Array
    g: Array


def wolfe_point(evaluate: Evaluate, start: Point, d: Array, first: float) -> Point | None:
    """Return a point that satisfies the strong Wolfe conditions.

    Parameters
    ----------
    evaluate : callable
        ``evaluate(w) -> (loss, gradient)``.
    start : Point
        With step 0 and a negative slope.
    d : ndarray, shape (n,)
        The direction.
    first : float
        The first step to try.

    Returns
    -------
    Point or None
        After `TRIALS` evaluations, the best point that satisfies the first condition; None if there is none.
    """

    def point(step: float) -> Point:
        w = start.w + (d if step == 1 else step * d)
        # So that whoever evaluates it knows by the object that it is the same.
        w.setflags(write=False)
        loss, g = evaluate(w)
        return Point(step, loss, float(g.dot(d)), w, g)

    def is_too_high(trial: Point, lowest: Point) -> bool:
        # Written so that NaN is too high.
        enough = trial.loss <= start.loss + DECREASE * trial.step * start.slope and math.isfinite(trial.slope)
        return not (enough and (trial.loss < lowest.loss or lowest is start))

    low, step = start, first
    for used in range(1, TRIALS + 1):
        trial = point(step)
        if is_too_high(trial, low):
            return _between(point, is_too_high, low, trial, CURVATURE * -start.slope, TRIALS - used)
        if abs(trial.slope) <= CURVATURE * -start.slope:
            return trial
        if trial.slope >= 0:
            return _between(point, is_too_high, trial, low, CURVATURE * -start.slope, TRIALS - used)
        step = min(max(_cubic_minimum(low, trial), LEAST_GROWTH * step), MOST_GROWTH * step)
        low = trial
    return low


def _between(
    point: Callable[[float], Point],
    is_too_high: Callable[[Point, Point], bool],
    low: Point,
    high: Point,
    flat: float,
    trials: int,
) -> Point | None:
    """Return a point between two that enclose one with ``|slope| <= flat``; `low` is the better one of them."""
    for _ in range(trials):
        width = high.step - low.step
        if low.step + width / 2 in (low.step, high.step):
            break
        share = (_cubic_minimum(low, high) - low.step) / width
        trial = point(low.step + width * min(max(share, MARGIN), 1 - MARGIN))
        if is_too_high(trial, low):
            high = trial
            continue
        if abs(trial.slope) <= flat:
            return trial
        if trial.slope * width >= 0:
            high = low
        low = trial
    return low if low.step > 0 else None


def _cubic_minimum(p: Point, q: Point) -> float:
    """Return where the cubic through two points, with their slopes, is lowest; the middle if there is no such place."""
    width = q.step - p.step
    bend = p.slope + q.slope - 3 * (q.loss - p.loss) / width
    square = bend * bend - p.slope * q.slope
    # Not for infinite losses, nor for NaN.
    if 0 <= square < math.inf:
        root = math.copysign(math.sqrt(square), width)
        divisor = q.slope - p.slope + 2 * root
        if divisor:
            found = q.step - width * (q.slope + root - bend) / divisor
            if math.isfinite(found):
                return found
    return p.step + width / 2
