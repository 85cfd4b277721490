"""Checks of learned parameters."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from nnframe.arrays import FLOAT32, FLOAT64, Array, DType
from nnframe.contracts.activation import Activation
from nnframe.contracts.learned import learned_of
from nnframe.contracts.loss import Loss
from nnframe.errors import DerivativeError, PluginError, one_line
from nnframe.formula.differences import unit_of
from nnframe.registry.binding import bind_activation, bind_objective
from nnframe.testing.differences import require_slopes, slopes
from nnframe.testing.outcome import CheckFailure, CheckSkipped, require_close
from nnframe.testing.samples import columns, pre_activations, targets, variants, with_changes

EXPECTED = "Expected is what differences of the formula give. Correct the gradient, or leave it out."
ARRAYS = "Write np.where in place of if, and let arrays broadcast."
ROUNDINGS = 2**10


def learned_derivatives_match_differences(plugin: Activation | Loss) -> None:
    """The derivatives by learned parameters agree with differences of the formula, for several parameter values."""
    if not learned_of(plugin):
        raise CheckSkipped("it has no learned parameters")
    for each in variants(plugin):
        for name in learned_of(plugin):
            try:
                if isinstance(each, Activation):
                    _check_activation(each, name)
                else:
                    _check_loss(each, name)
            except DerivativeError as error:
                raise CheckFailure(
                    f"the gradient of {name}{with_changes(each)} is expected to be given: {error}"
                ) from error.__cause__


def learned_parameters_may_be_arrays(plugin: Activation | Loss) -> None:
    """The formula takes learned parameters as a layer and a run have them, and gives what it gives for numbers."""
    if not learned_of(plugin):
        raise CheckSkipped("it has no learned parameters")
    advice = f"Expected is what it gives for plain numbers. {ARRAYS}"
    for dtype in (FLOAT32, FLOAT64):
        eps = ROUNDINGS * float(np.finfo(dtype).eps)
        if isinstance(plugin, Activation):
            z = pre_activations(dtype)
            expected = bind_activation(plugin).forward(z)
            for n_out in (1, len(z)):
                try:
                    got = bind_activation(plugin, _values(plugin, dtype, (n_out, 1))).forward(z)
                except PluginError as error:
                    raise CheckFailure(
                        f"forward(z) raised {one_line(error.__cause__ or error)} for learned parameters of shape "
                        f"({n_out}, 1) and arguments of shape {z.shape}; expected an array of that shape. {ARRAYS}"
                    ) from error
                what = f"forward(z) with learned parameters of shape ({n_out}, 1) in {dtype}"
                require_close(got, expected, what, advice, eps, eps, {"z": z})
        else:
            a, y = columns(plugin.a_domain, 0, dtype), targets(plugin.y_domain, dtype)
            expected = bind_objective(plugin, None).value(a, a, y)
            got = bind_objective(plugin, None, None, _values(plugin, dtype, ())).value(a, a, y)
            what = f"value(a, y) with learned parameters of shape () in {dtype}"
            require_close(got, expected, what, advice, eps, eps, {"a": a, "y": y})


def _values(plugin: Activation | Loss, dtype: DType, shape: tuple[int, ...]) -> dict[str, Array]:
    return {name: np.full(shape, plugin.settings[name], dtype) for name in learned_of(plugin)}


def _check_activation(activation: Activation, name: str) -> None:
    z = pre_activations()
    grad = z[::-1] / 3
    for n_out in (1, len(z)):
        values = _values(activation, FLOAT64, (n_out, 1))
        bound = bind_activation(activation, values)
        assert bound.parameter_gradients is not None
        got = bound.parameter_gradients(grad, z, bound.forward(z))[list(values).index(name)]
        what = f"the gradient of {name}{with_changes(activation)}, summed over outputs of shape {z.shape},"
        for i in range(n_out):
            at = {name: values[name][i]}
            unit = unit_of(at[name].item())
            found = slopes(partial(_total, activation, values, name, i, grad, z, unit), np.zeros(1))
            require_slopes(unit * np.asarray(got[i], FLOAT64), found, what, at, EXPECTED)


def _total(
    activation: Activation, values: dict[str, Array], name: str, i: int, grad: Array, z: Array, unit: float, t: Array
) -> Array:
    """Return the sum of grad * a, with t units added to a value of a learned parameter."""
    column = values[name].copy()
    column[i] += unit * t
    settings: dict[str, Any] = {**activation.settings, **values, name: column}
    return np.array([(grad * activation.forward(z, **settings)).sum()])


def _check_loss(loss: Loss, name: str) -> None:
    a, y = columns(loss.a_domain, 0), targets(loss.y_domain)
    values = _values(loss, FLOAT64, ())
    objective = bind_objective(loss, None, None, values)
    assert objective.parameter_gradients is not None
    factors = np.linspace(0.5, 1.5, a.shape[1])
    got = objective.parameter_gradients(a, y, factors)[list(values).index(name)]

    unit = unit_of(values[name].item())

    def total(t: Array) -> Array:
        settings: dict[str, Any] = {**loss.settings, **values, name: values[name] + unit * t[0]}
        return np.array([(loss.value(a, y, **settings) * factors).sum()])

    found = slopes(total, np.zeros(1))
    what = f"the gradient of {name}{with_changes(loss)}, summed over outputs of shape {a.shape},"
    at = {name: values[name].reshape(1)}
    require_slopes(unit * np.asarray(got, FLOAT64).reshape(1), found, what, at, EXPECTED)
