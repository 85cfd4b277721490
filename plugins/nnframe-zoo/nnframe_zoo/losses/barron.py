"""barron: the negative logarithm of a density whose tails are learned, from Cauchy's to the normal distribution's.

The mean of (b / alpha) ((e^2 / b + 1)^(alpha / 2) - 1) + log(scale Z(alpha)); e = (a - y) / scale and b = 2 - alpha.
Small alpha forgives outliers; alpha near 2 is half the squared error. Z(alpha) is the integral of exp(-loss) over e: it
keeps alpha from falling to where every loss is small, so that alpha and scale end where they explain the errors best.
Penalties leave both alone. Z has no closed form; the trapezoid rule over t with e = sqrt(2) sinh(t) has 10 digits, and
7 where alpha is nearly 2.

Source: J. Barron, "A general and adaptive robust loss function", CVPR 2019, arXiv:1701.03077.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nnframe import Learned, Loss, hookimpl, rule
from nnframe_zoo._array import Array

# Beyond them, exp(-loss) times the substitution's slope is below 1e-17.
NODES = np.linspace(-42, 42, 841)
ERRORS = math.sqrt(2) * np.sinh(NODES)
WIDTHS = math.sqrt(2) * np.cosh(NODES) * (NODES[1] - NODES[0])


def excess(e: Any, alpha: Any) -> Any:
    """Return (b / alpha) ((e^2 / b + 1)^(alpha / 2) - 1), with all digits where it is small."""
    b = 2 - alpha
    return b / alpha * np.expm1(alpha / 2 * np.log1p(e * e / b))


def _density(alpha: float) -> Array:
    """Return exp(-loss) at all nodes, times their widths."""
    density: Array = np.exp(-excess(ERRORS, alpha)) * WIDTHS
    return density


@rule(lambda alpha, f: 0 * alpha)
def _slope_of_log_z(alpha: Any) -> Any:
    """Return the derivative of log Z(alpha): minus the mean of that of the loss."""
    number = float(alpha)
    b = 2 - number
    u = ERRORS * ERRORS / b + 1
    power = u ** (number / 2)
    slope = b / number * power * (np.log(u) / 2 + number / 2 * (u - 1) / (b * u)) - 2 / number**2 * (power - 1)
    density = _density(number)
    return _like(alpha, -float((density * slope).sum() / density.sum()))


@rule(lambda alpha, scale, f: _slope_of_log_z(alpha), lambda alpha, scale, f: 1 / scale)
def log_normalizer(alpha: Any, scale: Any) -> Any:
    """Return log(scale Z(alpha))."""
    return _like(alpha, math.log(float(scale) * float(_density(float(alpha)).sum())))


def _like(parameter: Any, number: float) -> Any:
    """Return a number as an array if a parameter is one, in its dtype."""
    return number if isinstance(parameter, float) else np.asarray(number, parameter.dtype)


def value(a: Array, y: Array, alpha: Any, scale: Any) -> Array:
    """Return the mean over the components."""
    loss: Array = excess((a - y) / scale, alpha).mean(axis=0) + log_normalizer(alpha, scale)
    return loss


barron = Loss(
    "barron",
    value,
    params={"alpha": 1.0, "scale": 1.0},
    limits={"alpha": "[0.001, 1.999]", "scale": "[1e-5, inf)"},
    learned={"alpha": Learned(penalized=False), "scale": Learned(penalized=False)},
    doc=__doc__,
)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return barron."""
    return [barron]
