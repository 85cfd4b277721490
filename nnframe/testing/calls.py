"""A plugin's functions with names and sample inputs, so that one check serves every kind that has formulas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnframe.activation import Activation
from nnframe.arrays import FLOAT64, Array, DType
from nnframe.errors import DerivativeError, one_line
from nnframe.loss import Loss
from nnframe.optimizer import Optimizer
from nnframe.plugin import Plugin
from nnframe.schedule import Schedule
from nnframe.testing.outcome import CheckFailure
from nnframe.testing.samples import (
    N_EPOCHS,
    STEPS_PER_EPOCH,
    UPDATES,
    columns,
    pre_activations,
    steps,
    targets,
    update_arguments,
)


@dataclass(frozen=True)
class Call:
    """A function of a plugin and the arguments it is tried with.

    Attributes
    ----------
    name : str
        As the author knows it, such as ``"derivative(z)"``.
    function : callable
        Gives one array.
    arguments : tuple of ndarray
        All of one shape.
    settings : dict
        The plugin's parameters.
    wanted : str
        What the function must give, for messages, with what it must work for.
    per_column : bool
        Whether it gives one number a column, not an array of the arguments' shape.
    """

    name: str
    function: Callable[..., Array]
    arguments: tuple[Array, ...]
    settings: dict[str, Any]
    wanted: str = "an array. Make it work for any matrix of columns"
    per_column: bool = False

    def __call__(self, *arguments: Array) -> Array:
        """Call the function, with its own arguments where none are given."""
        given = arguments or self.arguments
        try:
            return self.function(*given, **self.settings)
        except (Exception, SystemExit) as error:
            raise CheckFailure(
                f"{self.name} raised {one_line(error)} for arguments of shape {given[0].shape}; "
                f"expected {self._advice(error)}"
            ) from error

    def _advice(self, error: BaseException) -> str:
        if isinstance(error, TypeError) and "argument" in str(error):
            parameters = ", ".join(self.settings) or "none"
            return f"one that takes the parameters in params by keyword ({parameters}), and needs no others"
        return self.wanted


def calls_of(plugin: Plugin, dtype: DType = FLOAT64) -> list[Call]:
    """Return the functions that every check of behaviour runs over; none for kinds without formulas."""
    settings: dict[str, Any] = plugin.settings
    if isinstance(plugin, Activation):
        z = pre_activations(dtype)
        forward = Call("forward(z)", plugin.forward, (z,), settings)
        if plugin.backward is None:
            try:
                return [forward, Call("derivative(z)", plugin.slope, (z,), settings)]
            except DerivativeError:
                # One check says so, and that is enough.
                return [forward]
        a = forward()
        return [forward, Call("backward(grad, z, a)", plugin.backward, (z[::-1] / 3, z, a), settings)]
    if isinstance(plugin, Loss):
        a, y = columns(plugin.a_domain, seed=0, dtype=dtype), targets(plugin.y_domain, dtype)
        return [
            Call("value(a, y)", plugin.value, (a, y), settings, per_column=True),
            Call("gradient(a, y)", plugin.gradient, (a, y), settings),
        ]
    if isinstance(plugin, Optimizer):
        return [update_call(plugin, update_arguments(plugin, dtype), t=UPDATES + 1)]
    if isinstance(plugin, Schedule):
        return [factor_call(plugin, STEPS_PER_EPOCH, N_EPOCHS)]
    return []


def update_call(optimizer: Optimizer, arguments: tuple[Array, ...], t: int) -> Call:
    """Return an optimizer's update, with the new weights and states stacked upon each other."""

    def update(*arrays: Array, **settings: Any) -> Array:
        return np.stack(optimizer.update(*arrays, t=t, **settings))

    name = f"update({', '.join(['w', 'g', *optimizer.state])})"
    wanted = "a tuple of arrays. Make it work for arrays of any shape"
    return Call(name, update, arguments, optimizer.settings, wanted)


def factor_call(schedule: Schedule, steps_per_epoch: int, n_epochs: int) -> Call:
    """Return a schedule's factor, for a run of so many epochs."""

    def factor(step: Array, **settings: Any) -> Array:
        return schedule.factor(step, steps_per_epoch, n_epochs, **settings)

    name = f"factor(step, steps_per_epoch={steps_per_epoch}, n_epochs={n_epochs})"
    arguments = (steps(steps_per_epoch, n_epochs),)
    return Call(name, factor, arguments, schedule.settings, "an array. Make it work for an array of steps")
