"""Slopes from differences, with kinks told apart from errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from nnframe.arrays import Array

# The central difference's error is then about STEP^2 and eps / STEP, both some 1e-11.
STEP = float(np.cbrt(np.finfo(float).eps))
# One-sided differences of a smooth function differ by STEP times its curvature.
KINK = 1e-2
# A slope like this, from one side alone, is a jump.
JUMP = 1e-2 / STEP


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
