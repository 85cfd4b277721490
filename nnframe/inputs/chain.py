"""What layers must be like to make up a net."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from nnframe.errors import ArgumentError, ArgumentTypeError, ShapeError
from nnframe.inputs.overrides import overridden


def require_chain(layers: Any, kind: type, fixed: frozenset[str]) -> None:
    """Raise unless each layer takes what the one before it returns.

    Parameters
    ----------
    layers : sequence of denseLayer
    kind : type
        The class of layers.
    fixed : frozenset of str
        The attributes of the class that a layer may not have of its own, or override.

    Raises
    ------
    ArgumentTypeError
        If something in it is not a plain layer, or the layers differ in dtype.
    ArgumentError, ShapeError
        If it is empty, or two neighbours differ in size.
    """
    if not layers:
        raise ArgumentError("layersList is empty; expected at least one denseLayer")
    for i, layer in enumerate(layers):
        if not isinstance(layer, kind):
            raise ArgumentTypeError(
                f"layersList[{i}] is of type {type(layer).__name__}; expected a denseLayer: denseLayer(linear, bias, "
                f"activation)"
            )
        own = overridden(layer, kind, fixed)
        if own:
            raise ArgumentTypeError(
                f"layersList[{i}] ({type(layer).__name__}) overrides {', '.join(own)}, which a net does not "
                f"call; expected a plain denseLayer: write the function as an activation instead, such as "
                f"denseLayer(linear, bias, nnframe.Activation('mine', forward))"
            )
    for i, (before, layer) in enumerate(pairwise(layers), start=1):
        if layer.n_in != before.n_out:
            raise ShapeError(
                f"layersList[{i}].linear has shape {layer.linear.shape}; expected ({layer.n_out}, {before.n_out}): "
                f"the layer before it returns columns of {before.n_out}"
            )
        if layer.dtype != before.dtype:
            raise ArgumentTypeError(
                f"layersList[{i}] computes in {layer.dtype} and the layer before it in {before.dtype}; expected one "
                f"dtype: build both from arrays of it, as with linear.astype(np.float32)"
            )
