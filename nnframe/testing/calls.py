"""A plugin's functions with names and sample inputs, so that one check serves every kind that has formulas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nnframe.arrays import FLOAT64, Array, DType
from nnframe.contracts.activation import Activation
from nnframe.contracts.learned import learned_of
from nnframe.contracts.loss import Loss
from nnframe.contracts.metric import Metric
from nnframe.contracts.optimizer import Converged, Optimizer
from nnframe.contracts.plugin import Plugin
from nnframe.contracts.schedule import Schedule
from nnframe.errors import DerivativeError, one_line
from nnframe.inputs.by_name import INPUTS, asked_by
from nnframe.testing.minimizer_samples import bowl, iteration, iterations, next_state, start
from nnframe.testing.outcome import NothingToCheck, written
from nnframe.testing.samples import (
    N_EPOCHS,
    STEPS_PER_EPOCH,
    UPDATES,
    loss_arguments,
    outputs_and_classes,
    pre_activations,
    steps,
    update_arguments,
)

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Call:
    """A function of a plugin and the arguments it is tried with.

    Attributes
    ----------
    name : str
        As the author knows it, such as ``"derivative(z)"``.
    function : callable
        Gives one array.
    arguments : mapping of str to ndarray
        By the names they have in messages. The last axis is that of the columns.
    settings : dict
        The plugin's parameters.
    shape_of : callable
        The shape that the result must have, for that of the arguments.
    advice : str
        What the author can do where it fails.
    """

    name: str
    function: Callable[..., Array]
    arguments: Mapping[str, Array]
    settings: Mapping[str, Any]
    shape_of: Callable[[Shape], Shape] = lambda shape: shape
    advice: str = "Make it work for any matrix of columns: sum or average over axis=0 alone, and keep both dimensions"

    def __call__(self) -> Array:
        """Call the function.

        Raises
        ------
        NothingToCheck
            If it raises, or returns something else than an array of the right shape.
        """
        arrays = tuple(self.arguments.values())
        wanted = self.shape_of(arrays[0].shape)
        single = {name: array.reshape(-1) for name, array in self.arguments.items()}
        came = f"for {written(single, 0)}" if arrays[0].size == 1 else f"for arguments of shape {arrays[0].shape}"
        try:
            result = self.function(*arrays, **self.settings)
        except (Exception, SystemExit) as error:
            raise NothingToCheck(
                f"{self.name} raised {one_line(error)} {came}; expected an array of shape {wanted}. "
                f"{self._advice_for(error)}"
            ) from error
        if not isinstance(result, (np.ndarray, np.generic)) or result.shape != wanted:
            raise NothingToCheck(
                f"{self.name} returned {described(result)} {came}; expected an array of shape {wanted}. {self.advice}"
            )
        return result

    def __getitem__(self, index: Any) -> Call:
        """Return the same call with a part of each argument."""
        return self.on(lambda array: array[index])

    def first_number(self) -> Call:
        """Return the same call with one component of one column, but all inputs of a net."""
        return replace(
            self,
            arguments={
                name: array[..., :1] if name == INPUTS or array.ndim == 1 else array[..., :1, :1]
                for name, array in self.arguments.items()
            },
        )

    def on(self, change: Callable[[Array], Array]) -> Call:
        """Return the same call with each argument changed."""
        return replace(self, arguments={name: change(array) for name, array in self.arguments.items()})

    def _advice_for(self, error: BaseException) -> str:
        if isinstance(error, TypeError) and "argument" in str(error):
            return f"It is called with all of params by keyword ({', '.join(self.settings) or 'none'})"
        if isinstance(error, ValueError) and "read-only" in str(error):
            return "Write into no argument, as z *= 2 and out=z do"
        # Whatever else it raises speaks for itself.
        return self.advice if isinstance(error, (IndexError, TypeError, ValueError)) else "Correct that first"


def settings_in(plugin: Plugin, dtype: DType) -> dict[str, Any]:
    """Return the parameters of a plugin, with learned ones as arrays of a dtype, as training has them."""
    if not isinstance(plugin, (Activation, Loss)):
        return plugin.settings
    return plugin.settings | {name: np.array(plugin.settings[name], dtype) for name in learned_of(plugin)}


def calls_of(plugin: Plugin, dtype: DType = FLOAT64) -> list[Call]:
    """Return the functions that every check of behaviour runs over; none for kinds without formulas."""
    settings = settings_in(plugin, dtype)
    if isinstance(plugin, Activation):
        z = pre_activations(dtype)
        forward = Call("forward(z)", plugin.forward, {"z": z}, settings)
        try:
            if plugin.elementwise:
                return [forward, Call("derivative(z)", plugin.slope, {"z": z}, settings)]
            backward = plugin.backward_pass
        except DerivativeError:
            # Another check reports it.
            return [forward]
        arguments = {"grad": z[::-1] / 3, "z": z, "a": forward()}
        return [forward, Call("backward(grad, z, a)", backward, arguments, settings)]
    if isinstance(plugin, Loss):
        arguments = loss_arguments(plugin, dtype)
        value = loss_call(plugin, "value", plugin.value, arguments, shape_of=lambda shape: shape[-1:])
        try:
            return [value, loss_call(plugin, "gradient", plugin.slope, arguments)]
        except DerivativeError:
            return [value]
    if isinstance(plugin, Optimizer) and plugin.takes_whole_data:
        return [minimize_call(plugin, dtype)]
    if isinstance(plugin, Optimizer):
        return [update_call(plugin, update_arguments(plugin, dtype), t=UPDATES + 1)]
    if isinstance(plugin, Schedule):
        return [factor_call(plugin, STEPS_PER_EPOCH, N_EPOCHS)]
    if isinstance(plugin, Metric):
        return [outputs_call(plugin, dtype)]
    return []


def loss_call(
    loss: Loss,
    part: str,
    function: Callable[..., Array],
    arguments: Mapping[str, Array],
    shape_of: Callable[[Shape], Shape] = lambda shape: shape,
) -> Call:
    """Return a function of a loss, called with what it takes of the arguments."""
    asked = loss.asks if part == "gradient" else asked_by(function, loss.params)
    names = [name for name in arguments if name in ("a", "y", *asked)]

    def by_name(a: Array, y: Array, *given: Array, **settings: Any) -> Array:
        return function(a, y, **dict(zip(names[2:], given, strict=True)), **settings)

    arrays = {name: arguments[name] for name in names}
    settings = settings_in(loss, arrays["a"].dtype)
    return Call(f"{part}({', '.join(names)})", by_name if names[2:] else function, arrays, settings, shape_of)


def update_call(optimizer: Optimizer, arrays: tuple[Array, ...], t: int) -> Call:
    """Return an optimizer's update, with the new weights and states stacked upon each other."""
    names = ["w", "g", *optimizer.state]

    def update(*arrays: Array, **settings: Any) -> Array:
        return np.stack(optimizer.update(*arrays, t=t, **settings))

    return Call(
        f"update({', '.join(names)}, t={t})",
        update,
        dict(zip(names, arrays, strict=True)),
        optimizer.settings,
        shape_of=lambda shape: (len(names) - 1, *shape),
        advice="Return a tuple of the new weights and the new states, for arrays of any shape",
    )


def minimize_call(optimizer: Optimizer, dtype: DType = FLOAT64) -> Call:
    """Return one iteration, with the new weights and states stacked upon each other."""
    names = ["w", *optimizer.state]
    w, state, _ = iterations(optimizer, bowl, start(dtype=dtype), UPDATES)
    arguments = dict(zip(names, (w, *state), strict=True))
    # Arrays of other shapes than the weights' have no columns to take a part of.
    others = {name: arguments.pop(name) for name, kind in optimizer.state.items() if isinstance(kind, tuple)}
    for array in others.values():
        array.flags.writeable = False

    def minimize(*arrays: Array, **settings: Any) -> Array:
        given = {**dict(zip(arguments, arrays, strict=True)), **others}
        w, *state = (given[name] for name in names)
        changed = optimizer.with_params(**settings)
        try:
            results = iteration(changed, bowl, w, state, UPDATES + 1)
        except Converged as done:
            results = done.results or (w, *state)
        new_w, *returned = results
        # A row for each vector, and for each number that isn't one of a weight.
        rows = [
            np.repeat(array.reshape(-1, 1), w.size, axis=1) if name in others else np.atleast_2d(array)
            for name, array in zip(names, (new_w, *next_state(state, returned, UPDATES + 1)), strict=True)
        ]
        return np.vstack(rows)

    rows = sum(array.size // w.size for array in arguments.values()) + sum(array.size for array in others.values())
    return Call(
        f"minimize({', '.join(['evaluate', *names])}, t={UPDATES + 1})",
        minimize,
        arguments,
        optimizer.settings,
        shape_of=lambda shape: (rows, *shape),
        advice="Return a tuple of the new weights and the new states",
    )


def run_call(optimizer: Optimizer) -> Call:
    """Return a whole run: the weights at its end, and after them the number of iterations."""

    def run(w: Array, **settings: Any) -> Array:
        end, _, count = iterations(optimizer.with_params(**settings), bowl, w)
        return np.append(end, count)

    return Call("a run of minimize", run, {"w": start()}, optimizer.settings, shape_of=lambda shape: (shape[0] + 1,))


def factor_call(schedule: Schedule, steps_per_epoch: int, n_epochs: int) -> Call:
    """Return a schedule's factor, for a run of so many epochs."""

    def factor(step: Array, **settings: Any) -> Array:
        return schedule.factor(step, steps_per_epoch, n_epochs, **settings)

    return Call(
        f"factor(step, steps_per_epoch={steps_per_epoch}, n_epochs={n_epochs})",
        factor,
        {"step": steps(steps_per_epoch, n_epochs)},
        schedule.settings,
        advice="Compute with step: np.where in place of if, np.ones(step.shape) for a constant",
    )


def outputs_call(metric: Metric, dtype: DType = FLOAT64) -> Call:
    """Return a metric's value, for the outputs of a net that finds about half of the classes."""

    def value(a: Array, y: Array, **settings: Any) -> object:
        found = metric.value(a, y, **settings)
        return np.float64(found) if isinstance(found, (int, float, np.integer, np.floating)) else found

    a, y = outputs_and_classes(dtype)
    return Call(
        "value(a, y)",
        value,  # type: ignore[arg-type]  # what it gives is what is to be found out
        {"a": a, "y": y},
        metric.settings,
        shape_of=lambda shape: (),
        advice="Return one number for all columns together, as float(...) of a mean or a sum",
    )


def described(result: object) -> str:
    """Return what a function returned, as a message says it."""
    return f"an array of shape {result.shape}" if isinstance(result, np.ndarray) else f"a {type(result).__name__}"
