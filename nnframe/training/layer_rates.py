"""Learning rates of single layers: what `layer_rates` means for each array that is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from nnframe.contracts.bound import Linear, Objective
from nnframe.contracts.learned import learned_of
from nnframe.errors import ArgumentError, ArgumentTypeError, shown
from nnframe.inputs.checks import finite_number

# One factor for all arrays of a layer; or by name, for "linear", "bias" and the learned parameters.
LayerRate: TypeAlias = "float | dict[str, float]"


def checked_layer_rates(value: Any, name: str) -> tuple[LayerRate, ...]:
    """Return an entry for each layer; a pair of numbers becomes a dict of "linear" and "bias".

    Raises
    ------
    ArgumentError, ArgumentTypeError
    """
    if isinstance(value, Mapping) or not _is_list(value):
        raise ArgumentTypeError(f"{name} is {shown(value)}; expected a list with an entry for each layer: [0, 0.1, 1]")
    return tuple(_checked(entry, f"{name}[{i}]") for i, entry in enumerate(value))


def _is_list(value: Any) -> bool:
    # An array without dimensions is a number.
    is_list = isinstance(value, (Sequence, np.ndarray)) and not isinstance(value, str)
    return is_list and getattr(value, "shape", None) != ()


def _checked(entry: Any, name: str) -> LayerRate:
    if isinstance(entry, Mapping):
        return {key: finite_number(each, f"{name}[{key!r}]", "0.1") for key, each in entry.items()}
    if _is_list(entry):
        if len(entry) != 2:
            raise ArgumentError(
                f"{name} is {shown(entry)}; expected a pair of factors, for the weights and for the bias: (0.1, 1)"
            )
        return {key: finite_number(each, name, "0.1") for key, each in zip(("linear", "bias"), entry, strict=True)}
    return finite_number(entry, name, "0.1")


def factors_of(
    layers: Sequence[Linear], objective: Objective, rates: tuple[LayerRate, ...] | None
) -> tuple[float, ...] | None:
    """Return the factor of each of the `trained_arrays`; None if all are 1.

    Raises
    ------
    ArgumentError
        If there isn't an entry for each layer, an entry names something else than an array of the layer, or a layer
        that the net uses twice has two different ones.
    """
    if rates is None:
        return None
    if len(rates) != len(layers):
        raise ArgumentError(f"layer_rates has length {len(rates)}, expected {len(layers)}: one entry for each layer")
    found: dict[int, tuple[float, ...]] = {}
    for i, (layer, rate) in enumerate(zip(layers, rates, strict=True)):
        factors = _factors(layer, rate, f"layer_rates[{i}]")
        if found.setdefault(id(layer.weights), factors) != factors:
            raise ArgumentError(
                f"layer_rates[{i}] is {shown(rate)}, and that of an earlier place of the same layer differs; expected "
                f"the same one, for the net uses that layer twice"
            )
    factors = (*(factor for of_layer in found.values() for factor in of_layer), *(1.0 for _ in objective.parameters))
    return None if all(factor == 1 for factor in factors) else factors


def _factors(layer: Linear, rate: LayerRate, name: str) -> tuple[float, ...]:
    names = _names(layer)
    if not isinstance(rate, dict):
        return (rate,) * len(names)
    unknown = [key for key in rate if key not in names]
    if unknown:
        raise ArgumentError(
            f"{name} has {shown(unknown[0])}; expected some of {', '.join(map(repr, names))}, the arrays of that layer"
        )
    return tuple(rate.get(each, 1.0) for each in names)


def require_writable(layers: Sequence[Linear]) -> None:
    """Raise if an array of a layer is read-only.

    Frozen ones count: engines may write their own bits back to them. And arrays that are parts of a larger one would be
    changed nevertheless, because engines write to the larger one.

    Raises
    ------
    ArgumentError
    """
    for number, layer in enumerate(layers, start=1):
        for name, array in zip(_names(layer), (layer.weights, layer.bias, *layer.parameters), strict=True):
            if not array.flags.writeable:
                raise ArgumentError(
                    f"{name} of layer {number} of {len(layers)} is read-only, and training writes to it; set its "
                    f"flags.writeable to True, and to freeze it, put {{{name!r}: 0}} into layer_rates"
                )


def _names(layer: Linear) -> list[str]:
    return ["linear", "bias", *learned_of(layer.activation.plugin)][: 2 + len(layer.parameters)]
