"""Slopes from differences, with kinks told apart from errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from nnframe.arrays import Array
from nnframe.testing.outcome import CheckFailure, written

# The central difference's error is then about STEP^2 and eps / STEP, both some 1e-11.
STEP = float(np.cbrt(np.finfo(float).eps))
# One-sided differences of a smooth function differ by STEP times its curvature.
KINK = 1e-2
# A slope like this, from one side alone, is a jump.
JUMP = 1e-2 / STEP

TOLERANCE = 1e-5


class Slopes(NamedTuple):
    """Slopes at each point, from the left, from the right, and through both sides.

    Attributes
    ----------
    left, right, central : ndarray
    smooth : ndarray of bool
        Where left and right agree.
    jump : ndarray of bool
        Where the function is not even continuous, so that no derivative is right or wrong.
    """

    left: Array
    right: Array
    central: Array
    smooth: Array
    jump: Array


def slopes(function: Callable[[Array], Array], x: Array) -> Slopes:
    """Return the slopes of a function that works element by element, or is summed so that only x itself counts.

    Parameters
    ----------
    function : callable
        From an array of x's shape to one that broadcasts with it.
    x : ndarray of float64
    """
    step = STEP * np.maximum(1, np.abs(x))
    above, below = x + step, x - step
    middle, upper, lower = function(x), function(above), function(below)
    left, right = (middle - lower) / (x - below), (upper - middle) / (above - x)
    central = (upper - lower) / (above - below)
    scale = 1 + np.abs(left) + np.abs(right)
    jump = ~np.isfinite(central) | (np.abs(left) > JUMP) | (np.abs(right) > JUMP)
    return Slopes(left, right, central, np.abs(left - right) < KINK * scale, jump)


def require_slopes(got: Array, found: Slopes, name: str, at: Mapping[str, Array], advice: str) -> None:
    """Raise unless slopes are those that differences give: at a kink, one between both sides'; at a jump, any.

    Parameters
    ----------
    got : ndarray of float64
        What the plugin says.
    found : Slopes
    name : str
        Of what `got` was computed by.
    at : mapping of str to ndarray
        The arguments by name, each of got's shape.
    advice : str
        What the author can do.
    """
    low, high = np.minimum(found.left, found.right), np.maximum(found.left, found.right)
    expected = np.where(found.smooth, found.central, np.clip(got, low, high))
    expected = np.where(found.jump, got, expected)
    error = np.abs(got - expected) / (1 + np.abs(np.where(found.jump, 0, found.central)))
    # What is not a number is close to nothing.
    error = np.where(np.isnan(error), np.inf, error)
    worst = int(np.argmax(error))
    if error[worst] > TOLERANCE:
        wanted = "a function that is a number there" if np.isnan(expected[worst]) else f"{expected[worst]:.8g}"
        raise CheckFailure(f"{name} is {got[worst]:.8g} for {written(at, worst)}; expected {wanted}. {advice}")
