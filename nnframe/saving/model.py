"""A net as a manifest and arrays, and back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from nnframe.arrays import FLOAT32, FLOAT64, Array, DType
from nnframe.errors import shown
from nnframe.layer import denseLayer
from nnframe.network import nNet
from nnframe.saving.activations import SavedActivation, describe_activation, find_activation, saved_activation
from nnframe.saving.failures import DefectError, reading

DTYPES = (FLOAT32.name, FLOAT64.name)


class Stored(Protocol):
    """An array, or what a manifest tells of it."""

    @property
    def dtype(self) -> DType:
        """Its dtype."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""


class SavedLayer(NamedTuple):
    """A layer as a file has it.

    Attributes
    ----------
    n_in, n_out : int
    activation : SavedActivation or None
    """

    n_in: int
    n_out: int
    activation: SavedActivation | None

    @property
    def n_parameters(self) -> int:
        """The number of trained values."""
        return self.n_out * (self.n_in + 1)


class SavedModel(NamedTuple):
    """A net as a file has it, checked.

    Attributes
    ----------
    dtype : str
    layers : list of SavedLayer
        Each once.
    sequence : list of int
        From the input to the output, the place of each layer in `layers`.
    """

    dtype: str
    layers: list[SavedLayer]
    sequence: list[int]

    @property
    def n_parameters(self) -> int:
        """The number of trained values, as `nNet.n_parameters` counts them."""
        return sum(self.layers[i].n_parameters for i in self.sequence)


def describe(net: nNet) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return what a manifest says of a net, and its arrays.

    Parameters
    ----------
    net : nNet

    Returns
    -------
    part : dict
        ``dtype``; ``layers``, each distinct one with its ``activation``; and ``sequence``, the places in `layers` from
        the input to the output, since one layer may be there twice.
    arrays : dict of str to ndarray
        ``layers/0/linear``, ``layers/0/bias`` and so on: the live arrays, not copies.

    Raises
    ------
    ArgumentError, ArgumentTypeError, ShapeError
        If an activation was never registered, or the layers don't fit each other any more.
    """
    # Whoever changed the list since may have left layers that don't fit each other.
    nNet(net.layersList)
    places: dict[denseLayer, int] = {}
    layers, arrays = [], {}
    for i, layer in enumerate(net.layersList):
        if layer not in places:
            n = places[layer] = len(places)
            layers.append({"activation": describe_activation(layer, f"layersList[{i}]")})
            arrays[_linear(n)], arrays[_bias(n)] = layer.linear, layer.bias
    sequence = [places[layer] for layer in net.layersList]
    return {"dtype": net.dtype.name, "layers": layers, "sequence": sequence}, arrays


def rebuild(part: object, arrays: Mapping[str, Array], path: str | os.PathLike[str]) -> nNet:
    """Return the net that `describe` described.

    Parameters
    ----------
    part : dict
        What `describe` returned.
    arrays : mapping of str to ndarray
        Likewise; copied. What else is in it is left alone.
    path : str or os.PathLike
        Where it was read from, for messages.

    Raises
    ------
    ModelFileError
        If they are something else, or a plugin is missing.
    PluginError
        If a plugin is broken.
    """
    with reading(Path(path)):
        model = saved_model(part, arrays)
        activations = [find_activation(layer.activation) if layer.activation else None for layer in model.layers]
        layers = [
            denseLayer(arrays[_linear(i)], arrays[_bias(i)], activation) for i, activation in enumerate(activations)
        ]
        return nNet([layers[i] for i in model.sequence])


def saved_model(part: object, arrays: Mapping[str, Stored]) -> SavedModel:
    """Return a part of a manifest as a net that can be built from the arrays.

    Raises
    ------
    DefectError
        If it can't.
    """
    if not isinstance(part, dict) or set(part) != {"dtype", "layers", "sequence"}:
        raise DefectError(f"its manifest has {shown(part)} as model, which isn't dtype, layers and sequence")
    dtype, items, sequence = part["dtype"], part["layers"], part["sequence"]
    if dtype not in DTYPES:
        raise DefectError(f"its model computes in {shown(dtype)}, which isn't {' or '.join(DTYPES)}")
    if not isinstance(items, list) or not items:
        raise DefectError(f"its model has {shown(items)} as layers, which is no list of at least one")
    layers = [_saved_layer(i, item, dtype, arrays) for i, item in enumerate(items)]
    if not isinstance(sequence, list) or not all(type(i) is int and 0 <= i < len(layers) for i in sequence):
        raise DefectError(f"its model has {shown(sequence)} as sequence, which is no list of places in its layers")
    if set(sequence) != set(range(len(layers))):
        raise DefectError("its model has a layer that isn't in its sequence")
    for before, after in pairwise(sequence):
        if layers[after].n_in != layers[before].n_out:
            raise DefectError(
                f"layer {after} takes columns of {layers[after].n_in}, and layer {before} before it gives columns of "
                f"{layers[before].n_out}"
            )
    return SavedModel(dtype, layers, sequence)


def _saved_layer(i: int, item: object, dtype: str, arrays: Mapping[str, Stored]) -> SavedLayer:
    if not isinstance(item, dict) or set(item) != {"activation"}:
        raise DefectError(f"layer {i} is {shown(item)}, which isn't an activation")
    linear, bias = _stored(_linear(i), arrays, dtype), _stored(_bias(i), arrays, dtype)
    if len(linear.shape) != 2 or 0 in linear.shape:
        raise DefectError(f"array {_linear(i)!r} has shape {linear.shape}; wanted (n_out, n_in) with both at least 1")
    n_out, n_in = linear.shape
    if bias.shape != (n_out, 1):
        raise DefectError(f"array {_bias(i)!r} has shape {bias.shape}; wanted ({n_out}, 1)")
    activation = item["activation"]
    return SavedLayer(n_in, n_out, None if activation is None else saved_activation(f"layer {i}", activation))


def _stored(name: str, arrays: Mapping[str, Stored], dtype: str) -> Stored:
    if name not in arrays:
        raise DefectError(f"array {name!r} is missing")
    if arrays[name].dtype.name != dtype:
        raise DefectError(f"array {name!r} has dtype {arrays[name].dtype.name}, and its model computes in {dtype}")
    return arrays[name]


def _linear(i: int) -> str:
    return f"layers/{i}/linear"


def _bias(i: int) -> str:
    return f"layers/{i}/bias"
