"""From arrays to training data: choose the task, check and scale the values, and undo the scaling in the saved net."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nnframe.arrays import FLOAT32, Array
from nnframe.builtins.readers.array_files import Samples
from nnframe.contracts.reader import TrainingData
from nnframe.data import pairs
from nnframe.errors import DataError
from nnframe.layer import denseLayer
from nnframe.network import nNet

CHUNK_BYTES = 1 << 24
# Scaled samples that need more go into a temporary file, which is memory-mapped.
MEMORY_BYTES = 1 << 29
# Whole numbers are taken for classes if there are at most so many different ones, and each occurs twice on average.
MOST_CLASSES = 100


class Scaling(NamedTuple):
    """Mean and standard deviation of columns: each value v becomes (v - mean) / scale.

    Attributes
    ----------
    mean, scale : ndarray of float64, shape (n,)
        The scale of a column that is constant is 1.
    """

    mean: Array
    scale: Array


@contextmanager
def prepared(samples: Samples, task: str | None, validation: float, seed: int) -> Iterator[TrainingData]:
    """Yield training data for arrays.

    Parameters
    ----------
    samples : Samples
    task : {"classification", "regression"} or None
        None to choose by the targets.
    validation : float
        The share of samples to hold out, from 0 to below 1.
    seed : int
        The seed for choosing them.

    Raises
    ------
    DataError
        If a value is not finite, or there is nothing to learn.
    """
    targets = _checked_numbers(samples, samples.Y, samples.y_name).astype(np.float64)
    classes = _classes(samples, targets, task)
    held_out = _held_out(samples, validation, seed)
    inputs = _scaling(samples, samples.X, ~held_out)
    if classes is None:
        outputs = _scaling(samples._replace(x_name=samples.y_name), targets, ~held_out)
        if not np.ptp(targets, axis=0).all():
            raise DataError(
                f"{samples.y_name} in {samples.name} is the same for all samples; there is nothing to learn"
            )
        wanted = _standardised(targets, outputs, f"{samples.y_name} in {samples.name}")
    else:
        outputs = None
        wanted = (targets == classes).astype(FLOAT32)
    with ExitStack() as stack:
        n_bytes = FLOAT32.itemsize * samples.X.size
        folder = None
        if n_bytes > MEMORY_BYTES:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        train, held = (
            pairs(_scaled(samples.X, inputs, rows, folder, f"{samples.x_name} in {samples.name}"), wanted[rows])
            for rows in (np.flatnonzero(~held_out), np.flatnonzero(held_out))
        )
        told = _told(samples, targets, classes)
        counts = f"{len(train):,} samples to train on, {len(held):,} held out; {samples.X.shape[1]:,} inputs"
        where = [] if folder is None else [f"the scaled samples take {n_bytes:,} bytes in {folder} until the end"]
        yield TrainingData(
            train,
            loss="mse" if classes is None else "cel",
            activation=None if classes is None else "softmax",
            validation=held if len(held) else None,
            metrics=("r2", "mae") if classes is None else ("accuracy",),
            summary=(f"{samples.name}: {counts}", told, *where),
            in_units=None if outputs is None else partial(_in_units, outputs),
            finish=partial(folded, inputs, outputs),
            metadata=_metadata(samples, classes),
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


def _in_units(outputs: Scaling, values: Array) -> Array:
    scaled: Array = values.astype(np.float64) * outputs.scale[:, np.newaxis] + outputs.mean[:, np.newaxis]
    return scaled


def _classes(samples: Samples, targets: Array, task: str | None) -> Array | None:
    """Return the different labels in order, float64 of shape (n_classes,), or None for a regression."""
    if task == "regression":
        return None
    if targets.shape[1] > 1:
        if task == "classification":
            raise DataError(
                f"{samples.y_name} in {samples.name} has {targets.shape[1]} columns; for a classification, expected "
                f"one label for each sample, shape ({len(targets)},): Y.argmax(axis=1) makes labels of one-hot rows"
            )
        return None
    whole = bool((targets == np.trunc(targets)).all())
    if not whole and task is None:
        return None
    if not whole:
        raise DataError(
            f"{samples.y_name} in {samples.name} has numbers that are not whole; for a classification, expected a "
            f"whole number for each class"
        )
    classes: Array = np.unique(targets)
    if len(classes) == 1:
        raise DataError(
            f"{samples.y_name} in {samples.name} is {classes[0]:g} for all samples; expected at least two classes"
        )
    if task is None and (len(classes) > MOST_CLASSES or (len(classes) > 2 and 2 * len(classes) > len(targets))):
        return None
    return classes


def _told(samples: Samples, targets: Array, classes: Array | None) -> str:
    """Return a line that says which task was chosen."""
    if classes is not None:
        shown = ", ".join(f"{label:.17g}" for label in classes[:8]) + (", ..." if len(classes) > 8 else "")
        return (
            f"classification of {samples.y_name} into {len(classes)} classes: {shown} (--task regression: as numbers)"
        )
    if targets.shape[1] > 1:
        return f"regression of {samples.y_name}, {targets.shape[1]} numbers for each sample"
    return f"regression of {samples.y_name}, mean {targets.mean():.4g}, standard deviation {targets.std():.4g}"


def _metadata(samples: Samples, classes: Array | None) -> dict[str, object]:
    if classes is None:
        return {"data": samples.name, "task": "regression"}
    return {"data": samples.name, "task": "classification", "classes": [int(label) for label in classes]}


def _held_out(samples: Samples, share: float, seed: int) -> Array:
    """Return which samples are held out, bool of shape (N,)."""
    count = len(samples.X)
    chosen = np.zeros(count, bool)
    n_held = round(share * count)
    if n_held > count - 1:
        raise DataError(f"--validation {share} holds out all {count} samples of {samples.name}; choose a smaller share")
    chosen[np.random.default_rng(seed).permutation(count)[:n_held]] = True
    return chosen


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


def _checked_numbers(samples: Samples, array: Array, name: str) -> Array:
    """Return an array, if all its numbers are finite."""
    for rows, values in _chunks(array):
        finite = np.isfinite(values)
        if not finite.all():
            row, column = (int(i) for i in np.argwhere(~finite)[0])
            raise DataError(
                f"{name} in {samples.name} is {values[row, column]} in row {rows.start + row}, column {column} (both "
                f"counted from 0); expected finite numbers: remove such rows, or fill the gaps"
            )
    return array


def _scaling(samples: Samples, array: Array, chosen: Array) -> Scaling:
    """Return mean and standard deviation over the chosen rows, after checking that all values are finite."""
    _checked_numbers(samples, array, samples.x_name)
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
            f"column {column} of {samples.x_name} in {samples.name} has numbers too large to scale, such as "
            f"{np.abs(array[:, column]).max():g}; divide it by a constant, or take logarithms"
        )
    # The deviation of a constant column is rounding error, and must not be blown up to 1.
    constant = scale <= 1e-12 * np.abs(mean)
    return Scaling(mean, np.where(constant, 1.0, scale))


def _scaled(array: Array, scaling: Scaling, rows: Array, folder: Path | None, name: str) -> Array:
    """Return some rows scaled, float32, in memory or in a file in a folder."""
    shape = len(rows), array.shape[1]
    if folder is None:
        scaled = np.empty(shape, FLOAT32)
    else:
        scaled = np.lib.format.open_memmap(folder / f"{rows[:1]}-{len(rows)}.npy", "w+", FLOAT32, shape)
    count = max(1, CHUNK_BYTES // (8 * array.shape[1]))
    for start in range(0, len(rows), count):
        part = slice(start, start + count)
        scaled[part] = _standardised(_as_float64(array[rows[part]]), scaling, name)
    return scaled


def _standardised(values: Array, scaling: Scaling, name: str) -> Array:
    """Return values scaled, float32.

    Raises
    ------
    DataError
        If one of them, which was not among those that the scaling was taken from, is too large for that.
    """
    with np.errstate(over="ignore"):
        scaled: Array = ((values - scaling.mean) / scaling.scale).astype(FLOAT32)
    if not np.isfinite(scaled).all():
        row, column = (int(i) for i in np.argwhere(~np.isfinite(scaled))[0])
        raise DataError(
            f"{name} has the value {values[row, column]:g} in column {column}, and the values that are trained with "
            f"have a standard deviation of {scaling.scale[column]:g}; remove such samples"
        )
    return scaled
