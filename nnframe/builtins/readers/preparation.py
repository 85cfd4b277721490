"""From arrays to training data: which task it is, which samples are held out, and all of it scaled."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from nnframe.arrays import FLOAT32, Array
from nnframe.builtins.readers.array_files import Samples
from nnframe.builtins.readers.scaling import folded, in_units, require_finite, scaled, scaling_of, standardised
from nnframe.contracts.reader import TrainingData
from nnframe.data import pairs
from nnframe.errors import DataError

# Scaled samples that need more go into a temporary file, which is memory-mapped.
MEMORY_BYTES = 1 << 29
# Whole numbers are taken for classes if there are at most so many different ones, and each occurs twice on average.
MOST_CLASSES = 100


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
    x_name, y_name = f"{samples.x_name} in {samples.name}", f"{samples.y_name} in {samples.name}"
    require_finite(samples.Y, y_name)
    targets = np.asarray(samples.Y)
    classes = _classes(y_name, targets, task)
    held_out = _held_out(samples, validation, seed)
    inputs = scaling_of(samples.X, ~held_out, x_name)
    if classes is None:
        outputs = scaling_of(targets, ~held_out, y_name)
        if not np.ptp(targets, axis=0).all():
            raise DataError(f"{y_name} is the same for all samples; there is nothing to learn")
        encoded = standardised(targets, outputs, y_name)
    else:
        outputs = None
        encoded = (targets == classes).astype(FLOAT32)
    with ExitStack() as stack:
        n_bytes = FLOAT32.itemsize * samples.X.size
        folder = None
        if n_bytes > MEMORY_BYTES:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        train, held = (
            pairs(scaled(samples.X, inputs, rows, folder, x_name), encoded[rows])
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
            in_units=None if outputs is None else partial(in_units, outputs),
            finish=partial(folded, inputs, outputs),
            metadata=_metadata(samples, classes),
        )


def _classes(name: str, targets: Array, task: str | None) -> Array | None:
    """Return the different labels in order, shape (n_classes,), or None for a regression."""
    if task == "regression":
        return None
    if targets.shape[1] > 1:
        if task == "classification":
            raise DataError(
                f"{name} has {targets.shape[1]} columns; for a classification, expected "
                f"one label for each sample, shape ({len(targets)},): Y.argmax(axis=1) makes labels of one-hot rows"
            )
        return None
    whole = bool((targets == np.trunc(targets)).all())
    if not whole and task is None:
        return None
    if not whole:
        raise DataError(
            f"{name} has numbers that are not whole; for a classification, expected a whole number for each class"
        )
    classes: Array = np.unique(targets)
    if len(classes) == 1:
        raise DataError(f"{name} is {classes[0]:g} for all samples; expected at least two classes")
    if task is None and (len(classes) > MOST_CLASSES or (len(classes) > 2 and 2 * len(classes) > len(targets))):
        return None
    return classes


def _told(samples: Samples, targets: Array, classes: Array | None) -> str:
    """Return a line that says which task was chosen."""
    if classes is not None:
        shown = ", ".join(f"{label:.17g}" for label in classes[:8].tolist()) + (", ..." if len(classes) > 8 else "")
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
