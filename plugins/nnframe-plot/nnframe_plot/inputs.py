"""Checks the net and the data of a plot, and computes the net's predictions."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnframe import Loss, registry
from nnframe.arrays import Array
from nnframe.data import Pairs
from nnframe.errors import ArgumentError, ArgumentTypeError, DataError, shown, with_type
from nnframe.network import nNet
from nnframe.training.prepare import n_targets_of
from nnframe.training.stacking import as_pairs

# Large enough that the cost of a call doesn't matter, small enough that the layers' outputs always fit in memory.
SAMPLES_AT_ONCE = 1024


def checked_net(net: object) -> nNet:
    """Return `net` if it is an nNet.

    Raises
    ------
    ArgumentTypeError
        If it is anything else.
    """
    if not isinstance(net, nNet):
        raise ArgumentTypeError(f"net is {with_type(net)}, expected an nNet")
    return net


def samples_for(net: nNet, data: Any) -> Pairs:
    """Return data as `Pairs` that fit the net, with finite inputs and targets.

    Raises
    ------
    ArgumentTypeError, DataError, ShapeError
        If the data has the wrong type or shape, or a number is not finite.
    """
    samples = pairs_for(net, data, net.trained_for)
    for name, array in (("X", samples.X), ("Y", samples.Y)):
        broken = ~np.isfinite(array).all(axis=1)
        if broken.any():
            row = int(broken.argmax())
            raise DataError(f"row {row} of {name} is {shown(array[row].tolist())}, expected finite numbers")
    return samples


def pairs_for(net: nNet, data: Any, loss: str | Loss | None) -> Pairs:
    """Return data as `Pairs` that fit the net and a loss, which may have several outputs for each target.

    Raises
    ------
    ArgumentTypeError, DataError, ShapeError
        If the data has the wrong type or shape.
    UnknownNameError, NameConflictError, PluginError
        If the loss can't be found or used.
    """
    found = None if loss is None else registry.resolve(Loss, loss)
    n_targets = net.layersList[-1].n_out if found is None else n_targets_of(net, found)
    return as_pairs(data, net.layersList[0].n_in, n_targets, outputs_of=found)


def predictions_of(net: nNet, X: Array) -> Array:
    """Return the predictions of a net for rows of inputs, with shape (N, n_targets).

    Raises
    ------
    ArgumentError
        If an output is not finite.
    PluginError
        If an activation fails.
    """
    starts = range(0, len(X), SAMPLES_AT_ONCE)
    outputs = np.concatenate([net.predict(X[start : start + SAMPLES_AT_ONCE]) for start in starts])
    broken = ~np.isfinite(outputs).all(axis=1)
    if broken.any():
        row = int(broken.argmax())
        raise ArgumentError(
            f"net returns {shown(outputs[row].tolist())} for the input {shown(X[row].tolist())}, "
            f"expected finite numbers; train it again with a smaller learning rate"
        )
    return outputs
