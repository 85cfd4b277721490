"""Plugins, ready to be called: with their parameters bound, results checked, and errors blamed on their provider.

Binding happens when a layer is built or a run starts. The loop over the batches then calls plain functions of arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from nnframe import registry
from nnframe.arrays import Array
from nnframe.contracts.bound import BoundActivation, BoundOptimizer, FusedForm, Objective
from nnframe.errors import NNFrameError, PluginError, shown
from nnframe.registry.blame import blamed_error, raised
from nnframe.registry.guard import NO_PARAMETERS, converted, guarded, in_place, is_built_in
from nnframe.registry.learned_binding import (
    activation_gradients,
    derived_activation,
    loss_gradients,
)
from nnframe.registry.loss_columns import bound_gradient, of_columns

# A net that only answers needs no losses, optimizers and schedules, so they aren't imported for it.
if TYPE_CHECKING:
    from nnframe.contracts.activation import Activation
    from nnframe.contracts.fused import Fused
    from nnframe.contracts.loss import Loss
    from nnframe.contracts.optimizer import Optimizer, WholeLoss
    from nnframe.contracts.plugin import Plugin
    from nnframe.contracts.schedule import Schedule
    from nnframe.formula.pairs import DerivedPair

# For a layer without an activation.
IDENTITY = BoundActivation(
    forward=lambda z: z,
    backward=lambda grad, z, a: grad,
    derivative=np.ones_like,
    forward_inplace=lambda z: None,
    backward_inplace=lambda grad, a: None,
    plugin=None,
)


def bind_activation(activation: Activation | None, parameters: Mapping[str, Array] = NO_PARAMETERS) -> BoundActivation:
    """Return an activation ready to be called; the identity for None.

    A derivative that was left out is derived when it is first needed; a `DerivativeError` then says if it can't be.

    Parameters
    ----------
    activation : Activation or None
    parameters : mapping of str to ndarray, optional
        The live arrays of its learned parameters.
    """
    if activation is None:
        return IDENTITY
    derivative, backward = _bound_derivative(activation, parameters)
    return BoundActivation(
        forward=guarded(activation, "forward", activation.forward, parameters=parameters),
        backward=backward,
        derivative=derivative,
        forward_inplace=in_place(activation, "forward_inplace"),
        backward_inplace=in_place(activation, "backward_inplace"),
        plugin=activation,
        parameter_gradients=activation_gradients(activation, parameters) if parameters else None,
    )


def _bound_derivative(
    activation: Activation, parameters: Mapping[str, Array]
) -> tuple[Callable[[Array], Array] | None, Callable[[Array, Array, Array], Array]]:
    """Return the derivative, if there is one, and the backward pass."""
    if activation.backward is not None:
        return None, guarded(activation, "backward", activation.backward, parameters=parameters)
    if activation.derivative is None:
        return _derived_on_demand(activation, tuple(parameters.values()))
    derivative = guarded(activation, "derivative", activation.derivative, parameters=parameters)
    return derivative, lambda grad, z, a: grad * derivative(z)


def _derived_on_demand(
    activation: Activation, parameters: tuple[Array, ...]
) -> tuple[Callable[[Array], Array], Callable[[Array, Array, Array], Array]]:
    """Return a derivative and a backward pass that are derived when first called: a net that predicts needs neither."""

    def derivative(z: Array) -> Array:
        slope = derived_activation(activation, bool(parameters)).slope
        # As for every activation that mixes components.
        return np.ones_like(z) if slope is None else slope(z, *parameters)

    def backward(grad: Array, z: Array, a: Array) -> Array:
        return derived_activation(activation, bool(parameters)).backward(grad, z, a, *parameters)

    return derivative, backward


def bind_objective(
    loss: Loss,
    activation: Activation | None,
    bound: BoundActivation | None = None,
    parameters: Mapping[str, Array] = NO_PARAMETERS,
) -> Objective:
    """Return a loss ready to be called behind a last layer's activation, in the fused form where there is one.

    Parameters
    ----------
    loss : Loss
    activation : Activation or None
    bound : BoundActivation, optional
        The activation with the layer's learned parameters.
    parameters : mapping of str to ndarray, optional
        The live arrays of the loss's learned parameters.

    Raises
    ------
    DerivativeError
        As `bind_activation`.
    """
    fused = _fused_form(loss, activation)
    value_owner: Plugin = loss
    if fused is not None and fused.form.value is not None:
        value_owner = fused.owner
        fused_value = guarded(value_owner, "fused value", fused.form.value, per_column=True)

        def value(z: Array, a: Array, y: Array) -> Array:
            return fused_value(z, y)
    else:
        plain_value = of_columns(loss, "value", loss.value, per_column=True, parameters=parameters)

        def value(z: Array, a: Array, y: Array) -> Array:
            return plain_value(a, y)

    loss_gradient = None
    if fused is not None:
        gradient = guarded(fused.owner, "fused gradient", fused.form.gradient)
    else:
        loss_gradient = bound_gradient(loss, parameters)
        backward = (bound or bind_activation(activation)).backward

        def gradient(z: Array, a: Array, y: Array) -> Array:
            return backward(loss_gradient(a, y), z, a)

    return Objective(
        value=value,
        gradient=gradient,
        loss_gradient=loss_gradient,
        # What learned parameters have changed before it is computed would be another value.
        value_is_built_in=is_built_in(value_owner) and not parameters,
        column_value=None if parameters else _bound_column_value(loss),
        plugin=loss,
        fused=fused,
        parameters=tuple(parameters.values()),
        parameter_gradients=loss_gradients(loss, parameters) if parameters else None,
        both=None if fused is None or fused.form.both is None else _bound_both(fused),
    )


def _bound_both(fused: FusedForm) -> Callable[[Array, Array], tuple[Array, Array]]:
    """Return the value and the gradient of a fused form at once; it raises `PluginError` for any error."""
    both, owner = fused.form.both, fused.owner
    assert both is not None
    settings = owner.settings
    if is_built_in(owner) and not settings:
        return both

    def call(z: Array, y: Array) -> tuple[Array, Array]:
        try:
            values, gradient = both(z, y, **settings)
        except (Exception, SystemExit) as error:
            raise raised(owner, "fused both", error) from error
        part = "fused both"
        return converted(values, owner, part, z.shape[-1:], z), converted(gradient, owner, part, z.shape, z)

    return call


def _bound_column_value(loss: Loss) -> Callable[[Array, Array], float] | None:
    """Return the fast form for one column; it raises `PluginError` for any error."""
    function = loss.column_value
    if function is None or (is_built_in(loss) and not loss.settings):
        return function
    settings = loss.settings

    def call(a: Array, y: Array) -> float:
        try:
            return float(function(a, y, **settings))
        except (Exception, SystemExit) as error:
            raise raised(loss, "column_value", error) from error

    return call


def bind_optimizer(optimizer: Optimizer) -> BoundOptimizer:
    """Return an optimizer ready to be called."""
    from nnframe.contracts.optimizer import LEARNING_RATE

    settings = {name: value for name, value in optimizer.settings.items() if name != LEARNING_RATE}
    expected = 1 + len(optimizer.state)

    def update(w: Array, *arrays: Array, t: int, learning_rate: float) -> list[Array]:
        try:
            results = optimizer.update(w, *arrays, t=t, learning_rate=learning_rate, **settings)
        except (Exception, SystemExit) as error:
            raise raised(optimizer, "update", error) from error
        if not isinstance(results, (tuple, list)) or len(results) != expected:
            names = ", ".join(["new w", *(f"new {name}" for name in optimizer.state)])
            raise blamed_error(
                PluginError, optimizer, "update", f"returned {shown(results)}; expected a tuple ({names})"
            )
        return [
            each
            if type(each) is np.ndarray and each.shape == w.shape and each.dtype == w.dtype
            else converted(each, optimizer, "update", w.shape, w)
            for each in results
        ]

    return BoundOptimizer(update, optimizer)


def bind_minimizer(optimizer: Optimizer) -> Callable[..., list[Array]]:
    """Return ``minimize(evaluate, w, *state, t, learning_rate)`` of a whole-data optimizer, ready to be called.

    It returns the new weights and the new state. Errors that `evaluate` raises are passed on unchanged, and so is
    `Converged`, with results that were checked likewise.
    """
    settings = dict(optimizer.settings)
    minimize = optimizer.minimize
    assert minimize is not None

    from nnframe.contracts.optimizer import LEARNING_RATE, Converged

    def call(evaluate: WholeLoss, w: Array, *state: Array, t: int, learning_rate: float) -> list[Array]:
        if LEARNING_RATE in settings:
            settings[LEARNING_RATE] = learning_rate
        try:
            return _checked_results(minimize(evaluate, w, *state, t=t, **settings), optimizer, [w, *state])
        except Converged as done:
            if done.results:
                done.results = tuple(_checked_results(done.results, optimizer, [w, *state]))
            raise
        except NNFrameError:
            raise
        except (Exception, SystemExit) as error:
            raise raised(optimizer, "minimize", error) from error

    return call


def _checked_results(results: object, optimizer: Optimizer, like: Sequence[Array]) -> list[Array]:
    if not isinstance(results, (tuple, list)) or len(results) != len(like):
        names = ", ".join(["new w", *(f"new {name}" for name in optimizer.state)])
        what = f"returned {shown(results)}; expected a tuple ({names})"
        raise blamed_error(PluginError, optimizer, "minimize", what)
    return [
        each
        if type(each) is np.ndarray
        and each.dtype == old.dtype
        and (each.shape == old.shape or each.shape == old.shape[-1:])
        else converted(each, optimizer, "minimize", old.shape[-1:] if getattr(each, "ndim", 2) == 1 else old.shape, old)
        for each, old in zip(results, like, strict=True)
    ]


def bind_schedule(schedule: Schedule) -> Callable[[Array, int, int], Array]:
    """Return the function ``factor(step, steps_per_epoch, n_epochs)`` of a schedule, ready to be called."""
    settings = schedule.settings

    def factor(step: Array, steps_per_epoch: int, n_epochs: int) -> Array:
        try:
            factors = np.asarray(schedule.factor(step, steps_per_epoch, n_epochs, **settings), np.float64)
        except (Exception, SystemExit) as error:
            raise raised(schedule, "factor", error) from error
        if factors.shape != step.shape or not np.isfinite(factors).all():
            what = f"returned {shown(factors)}; expected finite numbers, an array of shape {step.shape}"
            raise blamed_error(PluginError, schedule, "factor", what)
        return factors

    return factor


def _fused_form(loss: Loss, activation: Activation | None) -> FusedForm | None:
    """Return the fused form of a pair and the side that declares it, if the other side has its default parameters.

    Where neither declares one, it is derived, if that is more stable than the chain rule.
    """
    if activation is None or activation.learned or loss.learned or loss.is_grouped or loss.asks:
        return None
    if not activation.overrides:
        for name, form in loss.fused.items():
            if registry.refers_to("activation", name, activation):
                return FusedForm(loss, form)
    if not loss.overrides:
        for name, form in activation.fused.items():
            if registry.refers_to("loss", name, loss):
                return FusedForm(activation, form)
    # A loss that takes logarithms of outputs says so by its domain. What comes with nnframe has the forms it needs.
    if (loss.gradient is None or loss.a_domain != "real") and not (is_built_in(loss) and is_built_in(activation)):
        pair = loss.with_activation(activation)
        if pair is not None:
            return FusedForm(loss, _fused_of(pair), pair)
    return None


def _fused_of(pair: DerivedPair) -> Fused:
    from nnframe.contracts.fused import Fused

    return Fused(
        gradient=lambda z, a, y, **params: pair.gradient(z, a, y), value=lambda z, y, **params: pair.value(z, y)
    )
