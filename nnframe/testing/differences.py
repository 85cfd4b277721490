"""Slopes from differences, which distinguish kinks from errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from nnframe.arrays import Array
from nnframe.testing.outcome import CheckFailure, written

# Extrapolated to steps of 0, the error of a difference is about STEP^4, and eps / STEP by rounding: some 1e-11.
STEP = float(np.cbrt(np.finfo(float).eps))
# One-sided differences of a smooth function differ by STEP times its curvature.
KINK = 1e-2
# A slope like this, from one side alone, is a jump.
JUMP = 1e-2 / STEP

# Some thousand times the error of a difference, and far below what a wrong formula makes.
TOLERANCE = 1e-7
# How many roundings of the function's value may come together.
ROUNDINGS = 32


class Slopes(NamedTuple):
    """Slopes at each point, from the left, from the right, and through both sides.

    Attributes
    ----------
    left, right, central : ndarray
    smooth : ndarray of bool
        Where left and right agree.
    jump : ndarray of bool
        Where the function is not even continuous, so that no derivative is right or wrong.
    error : ndarray
        How far they may be off, since the function's values are rounded.
    """

    left: Array
    right: Array
    central: Array
    smooth: Array
    jump: Array
    error: Array


def slopes(function: Callable[[Array], Array], x: Array) -> Slopes:
    """Return the slopes of a function that works element by element, or is summed so that only x itself counts.

    All are extrapolated from two steps to a step of 0, so that they are right too where only the curvature jumps, and
    where it is large.

    Parameters
    ----------
    function : callable
        From an array of x's shape to one that broadcasts with it.
    x : ndarray of float64
    """
    step = STEP * np.maximum(1, np.abs(x))
    above, half_above, half_below, below = x + step, x + step / 2, x - step / 2, x - step
    middle, upper, half_upper, half_lower, lower = map(function, (x, above, half_above, half_below, below))
    first_left, first_right = (middle - lower) / (x - below), (upper - middle) / (above - x)
    left = 2 * (middle - half_lower) / (x - half_below) - first_left
    right = 2 * (half_upper - middle) / (half_above - x) - first_right
    whole, half = (upper - lower) / (above - below), (half_upper - half_lower) / (half_above - half_below)
    scale = 1 + np.abs(first_left) + np.abs(first_right)
    jump = ~np.isfinite(whole) | (np.abs(first_left) > JUMP) | (np.abs(first_right) > JUMP)
    size = np.abs(middle) + np.abs(upper) + np.abs(lower)
    error = ROUNDINGS * np.finfo(float).eps * np.where(np.isfinite(size), size, 0) / step
    return Slopes(left, right, (4 * half - whole) / 3, np.abs(first_left - first_right) < KINK * scale, jump, error)


def require_slopes(got: Array, found: Slopes, name: str, at: Mapping[str, Array], advice: str) -> None:
    """Raise unless slopes agree with differences; at a kink, any slope between both sides is right, and at a jump any.

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
    between = np.clip(got, low, high)
    is_nearer = np.abs(got - between) <= np.abs(got - found.central)
    expected = np.where(found.smooth & ~is_nearer, found.central, between)
    expected = np.where(found.jump, got, expected)
    error = np.abs(got - expected) - found.error
    error = error / (1 + np.abs(np.where(found.jump, 0, found.central)))
    # NaN is close to nothing.
    error = np.where(np.isnan(error), np.inf, error)
    worst = int(np.argmax(error))
    if error[worst] > TOLERANCE:
        wanted = "a function that is a number there" if np.isnan(expected[worst]) else f"{expected[worst]:.8g}"
        raise CheckFailure(f"{name} is {got[worst]:.8g} for {written(at, worst)}; expected {wanted}. {advice}")
