"""Curves of a plugin over one variable: the function, and its slope if it has one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.activation import Activation
from nnframe.contracts.loss import Loss
from nnframe.contracts.plugin import Plugin
from nnframe.contracts.schedule import Schedule
from nnframe.registry.binding import bind_activation, bind_objective, bind_schedule

SPAN = 4.0
# Enough for a picture file; a terminal shows fewer.
POINTS = 241
# Schedules are drawn for a run of this size.
N_EPOCHS, STEPS_PER_EPOCH = 30, 8


class Curves(NamedTuple):
    """One or two curves over one variable.

    Attributes
    ----------
    x : ndarray, one-dimensional
    variable : str
        What x is, such as ``"z"``.
    lines : dict of str to ndarray
        The values to draw over x, by label: the function first, then its slope if it has one. Not finite where the
        plugin's results aren't.
    """

    x: Array
    variable: str
    lines: dict[str, Array]


def curves_of(plugin: Plugin) -> Curves | None:
    """Return the curves of an activation over z, of a loss over a, or of a schedule over a run; None for other kinds.

    An activation that mixes components is drawn for the first of three components, with the others at 0. A loss is
    drawn for one component, with the target 0, or 1 for a loss of probabilities; a loss that one component doesn't
    change is drawn for the first of two.

    Raises
    ------
    PluginError
        If the plugin fails.
    """
    if isinstance(plugin, Loss) and (plugin.is_grouped or plugin.asks):
        # A function of several outputs, or of more than outputs and targets.
        return None
    with np.errstate(all="ignore"):
        return next((draw(plugin) for kind, draw in DRAWN.items() if isinstance(plugin, kind)), None)


def _activation_curves(activation: Activation) -> Curves:
    x = np.linspace(-SPAN, SPAN, POINTS)
    bound = bind_activation(activation)
    if activation.elementwise and bound.derivative is not None:
        z = x.reshape(1, -1)
        return Curves(x, "z", {"f(z)": bound.forward(z)[0], "f'(z)": bound.derivative(z)[0]})
    z = np.vstack([x, np.zeros((2, POINTS))])
    a = bound.forward(z)
    first = np.vstack([np.ones(POINTS), np.zeros((2, POINTS))])
    return Curves(x, "z1, with z2 = z3 = 0", {"f1(z)": a[0], "df1/dz1": bound.backward(first, z, a)[0]})


def _loss_curves(loss: Loss) -> Curves:
    objective = bind_objective(loss, None)
    x, target = np.linspace(-SPAN, SPAN, POINTS), 0.0
    if {"probability", "distribution", "sign"} & {loss.a_domain, loss.y_domain}:
        target = 1.0
    if loss.a_domain == "log_distribution":
        x = np.linspace(-SPAN, 0, POINTS)
    elif loss.a_domain != "real":
        x = np.linspace(0.05, 1 if loss.a_domain in ("probability", "distribution") else SPAN, POINTS)
    a, y = x.reshape(1, -1), np.full((1, POINTS), target)
    value = objective.value(a, a, y)
    if np.ptp(value) > 0:
        return Curves(x, f"a, with y = {target:g}", {"L(a)": value, "dL/da": objective.gradient(a, a, y)[0]})
    a, y = np.vstack([x, np.ones(POINTS)]), np.repeat([[1.0], [0.0]], POINTS, axis=1)
    lines = {"L(a)": objective.value(a, a, y), "dL/da1": objective.gradient(a, a, y)[0]}
    return Curves(x, "a1, with a2 = 1 and y = (1, 0)", lines)


def _schedule_curves(schedule: Schedule) -> Curves:
    step = np.arange(STEPS_PER_EPOCH * N_EPOCHS)
    factors = bind_schedule(schedule)(step, STEPS_PER_EPOCH, N_EPOCHS)
    return Curves(step / STEPS_PER_EPOCH, f"epoch, of {N_EPOCHS}", {"factor": factors})


DRAWN: dict[type[Plugin], Callable[[Any], Curves]] = {
    Activation: _activation_curves,
    Loss: _loss_curves,
    Schedule: _schedule_curves,
}
