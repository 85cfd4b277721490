"""A plugin as two curves over one variable: what it computes, and its slope."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nnframe.activation import Activation
from nnframe.arrays import Array
from nnframe.binding import bind_activation, bind_objective
from nnframe.loss import Loss
from nnframe.plugin import Plugin

SPAN = 4.0
# As many points for a picture as for a terminal: what is drawn between them is straight either way.
POINTS = 241


class Curves(NamedTuple):
    """Two curves.

    Attributes
    ----------
    x, value, slope : ndarray, shape (POINTS,)
        Not finite where the plugin isn't.
    variable : str
        What x is, such as ``"z"``.
    value_label, slope_label : str
    """

    x: Array
    value: Array
    slope: Array
    variable: str
    value_label: str
    slope_label: str


def curves_of(plugin: Plugin) -> Curves:
    """Return the curves of an activation over z, or of a loss over a.

    An activation that mixes components is shown by the first of three, with the others at 0; a loss by one component,
    with the target 0, or 1 where it is a loss of probabilities.

    Raises
    ------
    PluginError
        If the plugin fails.
    """
    with np.errstate(all="ignore"):
        if isinstance(plugin, Activation):
            return _activation_curves(plugin)
        assert isinstance(plugin, Loss)
        return _loss_curves(plugin)


def _activation_curves(activation: Activation) -> Curves:
    x = np.linspace(-SPAN, SPAN, POINTS)
    bound = bind_activation(activation)
    if bound.derivative is not None:
        z = x.reshape(1, -1)
        return Curves(x, bound.forward(z)[0], bound.derivative(z)[0], "z", "f(z)", "f'(z)")
    z = np.vstack([x, np.zeros((2, POINTS))])
    a = bound.forward(z)
    first = np.vstack([np.ones(POINTS), np.zeros((2, POINTS))])
    slope = bound.backward(first, z, a)[0]
    return Curves(x, a[0], slope, "z1, with z2 = z3 = 0", "f1(z)", "df1/dz1")


def _loss_curves(loss: Loss) -> Curves:
    objective = bind_objective(loss, None)
    x, target = np.linspace(-SPAN, SPAN, POINTS), 0.0
    if "probability" in (loss.a_domain, loss.y_domain):
        target = 1.0
    if loss.a_domain != "real":
        x = np.linspace(0.05, 1 if loss.a_domain == "probability" else SPAN, POINTS)
    a, y = x.reshape(1, -1), np.full((1, POINTS), target)
    value, slope = objective.value(a, a, y), objective.gradient(a, a, y)[0]
    return Curves(x, value, slope, f"a, with y = {target:g}", "L(a)", "dL/da")
