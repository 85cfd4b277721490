"""The derivatives by learned parameters, given or derived, ready to be called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.activation import Activation
from nnframe.contracts.learned import learned_of
from nnframe.contracts.loss import Loss
from nnframe.errors import DerivativeError
from nnframe.registry.blame import blamed_error
from nnframe.registry.guard import guarded

if TYPE_CHECKING:
    from nnframe.formula.derived import DerivedLoss
    from nnframe.formula.derived_activation import DerivedActivation


def derived_activation(activation: Activation, learns: bool) -> DerivedActivation:
    """Return what is derived from an activation, if it learns with its learned parameters as arguments.

    Raises
    ------
    DerivativeError
        If it can't be derived.
    """
    try:
        return activation.derived_for_learning if learns else activation.derived
    except DerivativeError as error:
        raise blamed_error(DerivativeError, activation, "derivative", str(error)) from error.__cause__


def activation_gradients(
    activation: Activation, parameters: Mapping[str, Array]
) -> Callable[[Array, Array, Array], list[Array]]:
    """Return the function ``gradients(grad, z, a)`` with the gradient by each learned parameter, of its shape."""
    values = tuple(parameters.values())
    given = {
        name: guarded(activation, f"gradient of {name}", each.gradient, parameters=parameters)
        for name, each in learned_of(activation).items()
        if each.gradient is not None
    }

    def gradients(grad: Array, z: Array, a: Array) -> list[Array]:
        found = []
        for name, value in parameters.items():
            if name in given:
                each = given[name](grad, z, a)
            else:
                each = derived_activation(activation, True).by_parameter[name](grad, z, a, *values)
            # Pairwise summation in numpy is along the last axis.
            found.append(each.sum(axis=1, keepdims=True) if len(value) > 1 else each.sum().reshape(value.shape))
        return found

    return gradients


def loss_gradients(loss: Loss, parameters: Mapping[str, Array]) -> Callable[[Array, Array, Array], list[Array]]:
    """Return the function ``gradients(a, y, factors)`` with the gradient by each learned parameter, of shape ().

    Raises
    ------
    DerivativeError
        If one is not given and can't be derived.
    """
    found: list[Callable[[Array, Array], Array]] = []
    values = tuple(parameters.values())
    for name, each in learned_of(loss).items():
        if each.gradient is not None:
            found.append(guarded(loss, f"gradient of {name}", each.gradient, per_column=True, parameters=parameters))
        else:
            found.append(partial(_with_values, derived_loss(loss, True).by_parameter[name], values))

    def gradients(a: Array, y: Array, factors: Array) -> list[Array]:
        return [np.asarray(each(a, y).dot(factors)) for each in found]

    return gradients


def derived_loss(loss: Loss, learns: bool) -> DerivedLoss:
    """Return what is derived from a loss, if it learns with its learned parameters as arguments.

    Raises
    ------
    DerivativeError
        If it can't be derived.
    """
    try:
        return loss.derived_for_learning if learns else loss.derived
    except DerivativeError as error:
        raise blamed_error(DerivativeError, loss, "gradient", str(error)) from error.__cause__


def _with_values(function: Callable[..., Array], values: tuple[Array, ...], a: Array, y: Array) -> Array:
    return function(a, y, *values)
