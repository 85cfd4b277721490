"""Checks the net and the data of a plot, and computes the net's outputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnframe.arrays import Array
from nnframe.data import Pairs
from nnframe.errors import ArgumentError, ArgumentTypeError, DataError, shown, with_type
from nnframe.network import nNet
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
    samples = as_pairs(data, net.layersList[0].n_in, net.layersList[-1].n_out)
    for name, array in (("X", samples.X), ("Y", samples.Y)):
        broken = ~np.isfinite(array).all(axis=1)
        if broken.any():
            row = int(broken.argmax())
            raise DataError(f"row {row} of {name} is {shown(array[row].tolist())}, expected finite numbers")
    return samples


def outputs_of(net: nNet, X: Array) -> Array:
    """Return the outputs of a net for rows of inputs, with shape (N, n_out).

    Raises
    ------
    ArgumentError
        If an output is not finite.
    PluginError
        If an activation fails.
    """
    outputs = np.empty((len(X), net.layersList[-1].n_out), net.dtype)
    for start in range(0, len(X), SAMPLES_AT_ONCE):
        stop = start + SAMPLES_AT_ONCE
        outputs[start:stop] = net.forwardPass(X[start:stop].T, return_all_steps=False).T
    broken = ~np.isfinite(outputs).all(axis=1)
    if broken.any():
        row = int(broken.argmax())
        raise ArgumentError(
            f"net returns {shown(outputs[row].tolist())} for the input {shown(X[row].tolist())}, "
            f"expected finite numbers; train it again with a smaller learning rate"
        )
    return outputs
