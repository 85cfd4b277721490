"""Scaling columns of numbers for training, and folding the scaling into a trained net."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nnframe.arrays import FLOAT32, Array
from nnframe.errors import DataError
from nnframe.layer import denseLayer
from nnframe.network import nNet

CHUNK_BYTES = 1 << 24


class Scaling(NamedTuple):
    """Mean and standard deviation of columns: each value v becomes (v - mean) / scale.

    Attributes
    ----------
    mean, scale : ndarray of float64, shape (n,)
        The scale of a column that is constant is 1.
    """

    mean: Array
    scale: Array


def scaling_of(array: Array, chosen: Array, name: str) -> Scaling:
    """Return mean and standard deviation over the chosen rows, after checking that all values are finite."""
    require_finite(array, name)
    count = int(np.count_nonzero(chosen))
    mean, squares = np.zeros(array.shape[1]), np.zeros(array.shape[1])
    # Two passes, because the mean of the squares minus the square of the mean loses all digits of a large mean.
    with np.errstate(over="ignore", invalid="ignore"):
        for rows, values in _chunks(array):
            mean += values[chosen[rows]].sum(axis=0) / count
        for rows, values in _chunks(array):
            squares += ((values[chosen[rows]] - mean) ** 2).sum(axis=0) / count
    scale = np.sqrt(squares)
    if not np.isfinite(scale).all():
        column = int(np.argmin(np.isfinite(scale)))
        raise DataError(
            f"column {column} of {name} has numbers too large to scale, such as "
            f"{np.abs(array[:, column]).max():g}; divide it by a constant, or take logarithms"
        )
    # The deviation of a constant column is rounding error, and must not be blown up to 1.
    constant = scale <= 1e-12 * np.abs(mean)
    return Scaling(mean, np.where(constant, 1.0, scale))


def scaled(array: Array, scaling: Scaling, rows: Array, folder: Path | None, name: str) -> Array:
    """Return some rows scaled, float32, in memory or in a file in a folder."""
    shape = len(rows), array.shape[1]
    if folder is None:
        result = np.empty(shape, FLOAT32)
    else:
        result = np.lib.format.open_memmap(folder / f"{rows[:1]}-{len(rows)}.npy", "w+", FLOAT32, shape)
    count = max(1, CHUNK_BYTES // (8 * array.shape[1]))
    for start in range(0, len(rows), count):
        part = slice(start, start + count)
        result[part] = standardised(array[rows[part]], scaling, name)
    return result


def standardised(values: Array, scaling: Scaling, name: str) -> Array:
    """Return values scaled, float32.

    Raises
    ------
    DataError
        If one of them, which was not among those that the scaling was taken from, is too large for that.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        scaled: Array = ((_as_float64(values) - scaling.mean) / scaling.scale).astype(FLOAT32)
    if not np.isfinite(scaled).all():
        row, column = (int(i) for i in np.argwhere(~np.isfinite(scaled))[0])
        raise DataError(
            f"{name} has the value {values[row, column]:g} in column {column}, and the values that are trained with "
            f"have a standard deviation of {scaling.scale[column]:g}; remove such samples"
        )
    return scaled


def require_finite(array: Array, name: str) -> None:
    """Raise `DataError` unless all numbers of an array, shape (N, n), are finite."""
    for rows, values in _chunks(array):
        finite = np.isfinite(values)
        if not finite.all():
            row, column = (int(i) for i in np.argwhere(~finite)[0])
            raise DataError(
                f"{name} is {values[row, column]} in row {rows.start + row}, column {column} (both counted from 0); "
                f"expected finite numbers: remove such rows, or fill the gaps"
            )


def folded(inputs: Scaling, outputs: Scaling | None, net: nNet) -> nNet:
    """Return a net that takes inputs, and gives outputs, as they were before scaling.

    With W and b of the first layer, W ((v - mean) / scale) + b = (W / scale) v + (b - (W / scale) mean). Computed and
    kept in float64, since a mean that is large beside its scale would cost digits in float32.

    Parameters
    ----------
    inputs : Scaling
    outputs : Scaling or None
        None if the outputs were not scaled. Otherwise the last layer must be linear.
    net : nNet
        The trained net, which is left as it is.
    """
    weights = [layer.linear.astype(np.float64) for layer in net.layersList]
    biases = [layer.bias.astype(np.float64) for layer in net.layersList]
    weights[0] = weights[0] / inputs.scale
    biases[0] = biases[0] - weights[0] @ inputs.mean[:, np.newaxis]
    if outputs is not None:
        weights[-1] = outputs.scale[:, np.newaxis] * weights[-1]
        biases[-1] = outputs.scale[:, np.newaxis] * biases[-1] + outputs.mean[:, np.newaxis]
    activations = [layer.activation for layer in net.layersList]
    return nNet([denseLayer(*each) for each in zip(weights, biases, activations, strict=True)])


def in_units(outputs: Scaling, values: Array) -> Array:
    """Return scaled outputs or targets, shape (n_outputs, N), as they were before scaling."""
    scaled: Array = values.astype(np.float64) * outputs.scale[:, np.newaxis] + outputs.mean[:, np.newaxis]
    return scaled


def _chunks(array: Array) -> Iterator[tuple[slice, Array]]:
    """Yield rows a chunk at a time, in float64."""
    count = max(1, CHUNK_BYTES // (8 * array.shape[1]))
    for start in range(0, len(array), count):
        rows = slice(start, min(start + count, len(array)))
        yield rows, _as_float64(array[rows])


# What can't be kept, such as a signaling NaN or a long double beyond float64, is found by its value.
@np.errstate(invalid="ignore", over="ignore")
def _as_float64(array: Array) -> Array:
    return array.astype(np.float64)
