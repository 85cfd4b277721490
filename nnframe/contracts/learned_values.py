"""The values of a layer's learned parameters: arrays that training updates in place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nnframe.arrays import Array, DType
from nnframe.contracts.activation import Activation
from nnframe.contracts.learned import learned_of
from nnframe.contracts.parameters import interval_of
from nnframe.errors import ArgumentError, ArgumentTypeError, ShapeError, shown, with_type
from nnframe.inputs.checks import as_array


def starting_values(activation: Activation | None, n_out: int, dtype: DType) -> dict[str, Array]:
    """Return new arrays with the values that the learned parameters of an activation begin with."""
    if activation is None:
        return {}
    return {
        name: np.full((n_out if each.per == "output" else 1, 1), activation.settings[name], dtype)
        for name, each in learned_of(activation).items()
    }


def changed_values(
    values: object, current: Mapping[str, Array], activation: Activation | None, n_out: int
) -> dict[str, Array]:
    """Return a layer's learned parameters after an assignment; arrays that keep their shape are written to in place.

    Parameters
    ----------
    values : mapping of str to number or array_like of shape (1, 1) or (n_out, 1)
        A column has a value for each output. Parameters that are not in it keep theirs.
    current : mapping of str to ndarray
    activation : Activation or None
        The layer's.
    n_out : int

    Raises
    ------
    ArgumentError, ArgumentTypeError, ShapeError
        If there is no such parameter, or it can't have that value.
    """
    if not isinstance(values, Mapping):
        raise ArgumentTypeError(f"parameters is {with_type(values)}; expected a dict such as {{'alpha': 0.25}}")
    checked = {name: _checked(name, value, current, activation, n_out) for name, value in values.items()}
    found = dict(current)
    for name, array in checked.items():
        if array.ndim == 0 or array.shape == current[name].shape:
            current[name][...] = array
        else:
            found[name] = array.astype(current[name].dtype)
    return found


def _checked(
    name: Any, value: object, current: Mapping[str, Array], activation: Activation | None, n_out: int
) -> Array:
    if name not in current or activation is None:
        listed = ", ".join(current) or "none"
        raise ArgumentError(f"parameters has {shown(name)}; the layer's learned parameters are {listed}")
    what = f"parameters[{name!r}]"
    array = as_array(value, what)
    if array.shape not in ((), (1, 1), (n_out, 1)):
        raise ShapeError(f"{what} has shape {array.shape}; expected one number, or a column of shape ({n_out}, 1)")
    interval = interval_of(activation.limits.get(name))
    wrong = ~np.isfinite(array) if interval is None else ~np.vectorize(interval.__contains__, [bool])(array)
    if wrong.any():
        expected = "finite numbers" if interval is None else f"numbers {interval.condition}"
        raise ArgumentError(f"{what} has {array[wrong].ravel()[0]:g}; expected {expected}")
    return array
