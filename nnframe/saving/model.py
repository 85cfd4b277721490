"""Layers as a manifest and arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import prod
from typing import Any, NamedTuple, Protocol

from nnframe.arrays import FLOAT32, FLOAT64, Array, DType
from nnframe.contracts.learned import learned_of
from nnframe.errors import ArgumentError, shown
from nnframe.layer import check_chain, denseLayer
from nnframe.saving.activations import SavedActivation, describe_activation, find_activation, saved_activation
from nnframe.saving.failures import DefectError
from nnframe.saving.parameters import MOST_LETTERS

DTYPES = (FLOAT32.name, FLOAT64.name)
# No net has as many, and a file of a few megabytes could ask for millions.
MOST_LAYERS = 10_000
MOST_LEARNED = 100


class Stored(Protocol):
    """An array, or what a manifest says about it."""

    @property
    def dtype(self) -> DType:
        """Its dtype."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""


class SavedLayer(NamedTuple):
    """A layer in a file.

    Attributes
    ----------
    n_in, n_out : int
    activation : SavedActivation or None
    learned : dict of str to tuple of int
        The shapes of the activation's learned parameters by name.
    """

    n_in: int
    n_out: int
    activation: SavedActivation | None
    learned: dict[str, tuple[int, ...]]

    @property
    def n_parameters(self) -> int:
        """The number of trained values."""
        return self.n_out * (self.n_in + 1) + sum(map(prod, self.learned.values()))


class SavedModel(NamedTuple):
    """A net in a file, checked.

    Attributes
    ----------
    dtype : str
    activations : list of SavedActivation
        Each distinct one once.
    layers : list of SavedLayer
        Likewise.
    sequence : list of int
        The index in `layers` of each layer from the input to the output.
    """

    dtype: str
    activations: list[SavedActivation]
    layers: list[SavedLayer]
    sequence: list[int]

    @property
    def n_parameters(self) -> int:
        """The number of trained values, as `nNet.n_parameters` counts them."""
        return sum(self.layers[i].n_parameters for i in self.sequence)


def describe(layers: Sequence[denseLayer]) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return what a manifest says about layers, and their arrays.

    Parameters
    ----------
    layers : sequence of denseLayer
        From the input to the output.

    Returns
    -------
    part : dict
        ``dtype``; ``activations``, each distinct one; ``layers``, each distinct one with its ``activation``, an index
        or None, and if that has learned parameters, their names as ``learned``; and ``sequence``, the index in
        ``layers`` of each layer from the input to the output, since a layer may be used twice.
    arrays : dict of str to ndarray
        ``layers/0/linear``, ``layers/0/bias``, ``layers/0/learned/alpha`` and so on: the live arrays, not copies.

    Raises
    ------
    ArgumentError, ArgumentTypeError, ShapeError
        If an activation was never registered, or the layers don't fit each other.
    """
    check_chain(layers)
    if len(layers) > MOST_LAYERS:
        raise ArgumentError(f"layersList has {len(layers):,} layers; expected at most {MOST_LAYERS:,} in a file")
    places: dict[denseLayer, int] = {}
    activations: dict[object, int] = {}
    described, items, arrays = [], [], {}
    for i, layer in enumerate(layers):
        if layer not in places:
            n = places[layer] = len(places)
            # The same text may have meant another plugin when another layer was built.
            key = layer.activation, layer.resolved_activation
            if layer.activation is not None and key not in activations:
                activations[key] = len(activations)
                described.append(describe_activation(layer, f"layersList[{i}]"))
            learned = {"learned": list(layer.parameters)} if layer.parameters else {}
            items.append({"activation": activations.get(key), **learned})
            arrays[_linear(n)], arrays[_bias(n)] = layer.linear, layer.bias
            arrays |= {_learned(n, name): array for name, array in layer.parameters.items()}
    sequence = [places[layer] for layer in layers]
    part = {"dtype": layers[0].dtype.name, "activations": described, "layers": items, "sequence": sequence}
    return part, arrays


def rebuild(part: object, arrays: Mapping[str, Array]) -> list[denseLayer]:
    """Return the layers that `describe` described, from the input to the output.

    Parameters
    ----------
    part : dict
        What `describe` returned.
    arrays : mapping of str to ndarray
        Likewise; copied. Others in it are ignored.

    Raises
    ------
    DefectError
        If they are something else, or a plugin is missing.
    PluginError
        If a plugin is broken.
    """
    model = saved_model(part, arrays)
    found = {id(activation): find_activation(activation) for activation in model.activations}
    distinct = []
    for i, saved in enumerate(model.layers):
        activation = found[id(saved.activation)] if saved.activation else None
        distinct.append(denseLayer(arrays[_linear(i)], arrays[_bias(i)], activation))
        _set_parameters(distinct[-1], saved, {name: arrays[_learned(i, name)] for name in saved.learned})
    return [distinct[i] for i in model.sequence]


def _set_parameters(layer: denseLayer, saved: SavedLayer, values: Mapping[str, Array]) -> None:
    """Give a layer the learned parameters that it was saved with."""
    # Not by the layer's parameters: it keeps its arrays in place for whoever has seen them.
    names = list(learned_of(layer.resolved_activation))
    if list(values) != names:
        assert saved.activation is not None
        raise DefectError(
            f"the activation {saved.activation.spec!r} of {saved.activation.origin} had the learned parameters "
            f"{', '.join(values) or 'none'}, and what has this name now has {', '.join(names) or 'none'}",
            "install the version that it was saved with",
        )
    try:
        layer.parameters = values
    except ArgumentError as error:
        raise DefectError(str(error)) from error


def layer_names(layers: Sequence[SavedLayer]) -> list[str]:
    """Return the names of the arrays of distinct layers."""
    return [
        name
        for i, each in enumerate(layers)
        for name in (_linear(i), _bias(i), *(_learned(i, n) for n in each.learned))
    ]


def saved_model(part: object, arrays: Mapping[str, Stored]) -> SavedModel:
    """Return a part of a manifest as a net that can be built from the arrays.

    Raises
    ------
    DefectError
        If it can't be.
    """
    if not isinstance(part, dict) or set(part) != {"dtype", "activations", "layers", "sequence"}:
        raise DefectError(f"its model is {shown(part)}, expected dtype, activations, layers and sequence")
    dtype, described, items, sequence = part["dtype"], part["activations"], part["layers"], part["sequence"]
    if dtype not in DTYPES:
        raise DefectError(f"its model computes in {shown(dtype)}, expected {' or '.join(DTYPES)}")
    if not isinstance(items, list) or not 1 <= len(items) <= MOST_LAYERS:
        raise DefectError(f"its model has the layers {shown(items)}, expected a list of 1 to {MOST_LAYERS:,}")
    if not isinstance(sequence, list) or len(sequence) > MOST_LAYERS:
        raise DefectError(f"its model has the sequence {shown(sequence)}, expected a list of at most {MOST_LAYERS:,}")
    if not all(type(i) is int and 0 <= i < len(items) for i in sequence):
        raise DefectError(f"its model has the sequence {shown(sequence)}, expected indices of its layers")
    if set(sequence) != set(range(len(items))):
        raise DefectError("its model has a layer that isn't in its sequence")
    if not isinstance(described, list):
        raise DefectError(f"its model has the activations {shown(described)}, expected a list")
    activations = [saved_activation(f"activation {i}", each) for i, each in enumerate(described)]
    layers = [_saved_layer(i, item, dtype, activations, arrays) for i, item in enumerate(items)]
    if {id(layer.activation) for layer in layers if layer.activation} != set(map(id, activations)):
        raise DefectError("its model has an activation that no layer has")
    for before, after in pairwise(sequence):
        if layers[after].n_in != layers[before].n_out:
            raise DefectError(
                f"layer {after} takes columns of {layers[after].n_in}, but layer {before} before it returns columns of "
                f"{layers[before].n_out}"
            )
    return SavedModel(dtype, activations, layers, sequence)


def _saved_layer(
    i: int, item: object, dtype: str, activations: Sequence[SavedActivation], arrays: Mapping[str, Stored]
) -> SavedLayer:
    if not isinstance(item, dict) or set(item) - {"learned"} != {"activation"}:
        raise DefectError(f"layer {i} is {shown(item)}, expected an activation")
    linear, bias = _stored(_linear(i), arrays, dtype), _stored(_bias(i), arrays, dtype)
    if len(linear.shape) != 2 or 0 in linear.shape:
        raise DefectError(f"array {_linear(i)!r} has shape {linear.shape}, expected (n_out, n_in) with both at least 1")
    n_out, n_in = linear.shape
    if bias.shape != (n_out, 1):
        raise DefectError(f"array {_bias(i)!r} has shape {bias.shape}, expected ({n_out}, 1)")
    place = item["activation"]
    if place is not None and not (type(place) is int and 0 <= place < len(activations)):
        raise DefectError(f"layer {i} has the activation {shown(place)}, expected None or an index of the activations")
    names = item.get("learned", [])
    if not _are_names(names) or (names and place is None):
        raise DefectError(f"layer {i} has the learned parameters {shown(names)}, expected names of its activation's")
    learned = {name: _stored(_learned(i, name), arrays, dtype).shape for name in names}
    for name, shape in learned.items():
        if shape not in ((1, 1), (n_out, 1)):
            raise DefectError(f"array {_learned(i, name)!r} has shape {shape}, expected (1, 1) or ({n_out}, 1)")
    return SavedLayer(n_in, n_out, None if place is None else activations[place], learned)


def _are_names(names: object) -> bool:
    return (
        isinstance(names, list)
        and all(isinstance(name, str) and name.isidentifier() and name.isascii() for name in names)
        and all(len(name) <= MOST_LETTERS for name in names)
        and len(set(names)) == len(names) <= MOST_LEARNED
    )


def _stored(name: str, arrays: Mapping[str, Stored], dtype: str) -> Stored:
    if name not in arrays:
        raise DefectError(f"array {name!r} is missing")
    if arrays[name].dtype.name != dtype:
        raise DefectError(f"array {name!r} has dtype {arrays[name].dtype.name}, but its model computes in {dtype}")
    return arrays[name]


def _linear(i: int) -> str:
    return f"layers/{i}/linear"


def _bias(i: int) -> str:
    return f"layers/{i}/bias"


def _learned(i: int, name: str) -> str:
    return f"layers/{i}/learned/{name}"
