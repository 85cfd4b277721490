"""Plugin objects made ready to be called: parameters filled in, results checked, failures blamed on their provider.

This happens when a layer is built or a pass starts. The loop over the batches then calls plain functions of arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from nnframe import registry
from nnframe.activation import Activation
from nnframe.arrays import Array
from nnframe.errors import DerivativeError, PluginError, one_line, shown
from nnframe.fused import Fused
from nnframe.loss import Loss
from nnframe.plugin import Plugin


class BoundActivation(NamedTuple):
    """An activation as a layer uses it.

    Attributes
    ----------
    forward : callable
        ``forward(z) -> a``.
    backward : callable
        ``backward(grad, z, a) -> dL/dz`` for grad = dL/da.
    derivative : callable or None
        ``derivative(z) -> f'(z)``; None where the components of a column mix.
    """

    forward: Callable[[Array], Array]
    backward: Callable[[Array, Array, Array], Array]
    derivative: Callable[[Array], Array] | None


class Objective(NamedTuple):
    """A loss as the last layer sees it: a function of its pre-activations z, activations a and targets y.

    Attributes
    ----------
    value : callable
        ``value(z, a, y) -> (B,)``.
    gradient : callable
        ``gradient(z, a, y) -> dL/dz``, of shape (n, B), not yet averaged over the batch.
    """

    value: Callable[[Array, Array, Array], Array]
    gradient: Callable[[Array, Array, Array], Array]


# What a layer without an activation does.
IDENTITY = BoundActivation(lambda z: z, lambda grad, z, a: grad, np.ones_like)


def bind_activation(activation: Activation | None) -> BoundActivation:
    """Return an activation ready to be called; the identity for None.

    Raises
    ------
    DerivativeError
        If it gives no derivative, and the complex step can't supply it.
    """
    if activation is None:
        return IDENTITY
    forward = _guarded(activation, "forward", activation.forward)
    if activation.backward is not None:
        return BoundActivation(forward, _guarded(activation, "backward", activation.backward), None)
    try:
        derivative = _guarded(activation, "derivative", activation.slope)
    except DerivativeError as error:
        raise _blamed(DerivativeError, activation, "derivative", str(error)) from error.__cause__
    return BoundActivation(forward, lambda grad, z, a: grad * derivative(z), derivative)


def bind_objective(loss: Loss, activation: Activation | None) -> Objective:
    """Return a loss ready to be called behind a last layer's activation, in the fused form where there is one.

    Raises
    ------
    DerivativeError
        As `bind_activation`.
    """
    value = _guarded(loss, "value", loss.value, per_column=True)
    fused = _fused_form(loss, activation)
    if fused is None:
        gradient = _guarded(loss, "gradient", loss.gradient)
        backward = bind_activation(activation).backward
        return Objective(lambda z, a, y: value(a, y), lambda z, a, y: backward(gradient(a, y), z, a))
    owner, form = fused
    fused_gradient = _guarded(owner, "fused gradient", form.gradient)
    if form.value is None:
        return Objective(lambda z, a, y: value(a, y), fused_gradient)
    fused_value = _guarded(owner, "fused value", form.value, per_column=True)
    return Objective(lambda z, a, y: fused_value(z, y), fused_gradient)


def _fused_form(loss: Loss, activation: Activation | None) -> tuple[Plugin, Fused] | None:
    """Return the fused form of a pair and who declares it, if the other side has its default parameters."""
    if activation is None:
        return None
    if not activation.overrides:
        for name, form in loss.fused.items():
            if registry.means("activation", name, activation):
                return loss, form
    if not loss.overrides:
        for name, form in activation.fused.items():
            if registry.means("loss", name, loss):
                return activation, form
    return None


def _guarded(plugin: Plugin, part: str, function: Callable[..., Any], per_column: bool = False) -> Callable[..., Array]:
    """Return a plugin's function with its parameters filled in, which raises `PluginError` for whatever goes wrong.

    The result must have the shape of the first argument, or with `per_column` one number for each of its columns. It is
    given the first argument's dtype, for a formula that widens float32 must not slow down the whole net.
    """
    settings = plugin.settings

    def call(*arrays: Array) -> Array:
        like = arrays[0]
        shape = like.shape[1:] if per_column else like.shape
        try:
            result = function(*arrays, **settings)
        except Exception as error:
            raise _blamed(PluginError, plugin, part, f"raised {one_line(error)}") from error
        if type(result) is np.ndarray and result.shape == shape and result.dtype == like.dtype:
            return result
        return _converted(result, plugin, part, shape, like)

    return call


def _converted(result: object, plugin: Plugin, part: str, shape: tuple[int, ...], like: Array) -> Array:
    try:
        array = np.asarray(result)
    except ValueError as error:
        raise _blamed(PluginError, plugin, part, f"returned no array: {one_line(error)}") from error
    if array.dtype.kind not in "fiub":
        what = f"returned {shown(result)}, of dtype {array.dtype}; wanted real numbers"
        raise _blamed(PluginError, plugin, part, what)
    if array.shape != shape:
        what = f"returned an array of shape {array.shape} for an argument of shape {like.shape}; wanted {shape}"
        raise _blamed(PluginError, plugin, part, what)
    return array.astype(like.dtype)


def _blamed(error: type[PluginError], plugin: Plugin, part: str, what: str) -> PluginError:
    provider = registry.provider_of(plugin)
    kind = type(plugin).__name__.lower()
    if provider is None:
        return error(f"{kind} {plugin.spec!r}, {part}: {what}", hook=part)
    return error(
        f"{kind} {plugin.spec!r} of {provider}, {part}: {what}; {provider.remedy}",
        provider=provider.name,
        version=provider.version,
        hook=part,
    )
