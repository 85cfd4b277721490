"""The weight of each sample in the loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import numpy as np

from nnframe.arrays import Array, DType
from nnframe.data import Pairs
from nnframe.errors import ArgumentError, ArgumentTypeError, DataError, ShapeError, shown
from nnframe.inputs.checks import as_array

ClassWeights: TypeAlias = Mapping[int, float] | Literal["balanced"]


@np.errstate(over="ignore", under="ignore", invalid="ignore")
def checked_sample_weights(
    sample_weights: Any,
    class_weights: ClassWeights | None,
    data: Pairs,
    dtype: DType,
    counts: Array | None = None,
    is_part: bool = False,
) -> Array | None:
    """Return the weight of each sample times that of its class; None if neither is given.

    Parameters
    ----------
    sample_weights : array_like of shape (N,), or None
    class_weights : mapping of int to float, "balanced" or None
        By the number of the class. "balanced" is N / (number of classes * samples of the class), which makes all
        classes count the same. A class that is not in the mapping has weight 1.
    data : Pairs
        For class weights, each y must be of a class.
    dtype : numpy.dtype
    counts : ndarray of int, optional
        The number of samples of each class in all data, of which `data` is a part; see `class_counts`.
    is_part : bool, optional
        Whether `data` is a part of all data, so that its weights may all be 0.

    Returns
    -------
    ndarray of dtype, shape (N,), or None

    Raises
    ------
    ShapeError, ArgumentTypeError, ArgumentError
        If a weight is missing, negative or not finite, or a class doesn't exist.
    DataError
        If no sample counts, or the class of a target is unknown since it is NaN.
    """
    if sample_weights is None and class_weights is None:
        return None
    weights = np.ones(len(data), dtype)
    if sample_weights is not None:
        weights *= _checked(sample_weights, "sample_weights", (len(data),))
    if class_weights is not None:
        classes, own_counts = _classes_and_counts(data)
        weights *= _weights_of_classes(class_weights, own_counts if counts is None else counts)[classes]
    if not np.isfinite(weights).all():
        raise ArgumentError(
            f"the weight of a sample times that of its class overflows {weights.dtype}; scale them down"
        )
    if not is_part:
        require_some_weight(bool(weights.any()))
    return weights


def require_some_weight(has_some: bool) -> None:
    """Raise unless a sample has a weight above 0.

    Raises
    ------
    DataError
    """
    if not has_some:
        raise DataError("sample_weights and class_weights are 0 for every sample; expected at least one above 0")


def class_counts(data: Pairs) -> Array:
    """Return the number of samples of each class.

    Raises
    ------
    DataError
        If the class of a target is unknown since it is NaN.
    """
    return _classes_and_counts(data)[1]


def _classes_and_counts(data: Pairs) -> tuple[Array, Array]:
    if np.isnan(data.Y).any():
        raise DataError("data has a target that is NaN, so its class is unknown; leave those samples out")
    # Only who weighs classes pays for this import.
    from nnframe.builtins.metrics.classes import classes_of

    classes = classes_of(data.Y.T, data.Y)
    return classes, np.bincount(classes, minlength=max(data.Y.shape[1], 2))


def _weights_of_classes(class_weights: ClassWeights, counts: Array) -> Array:
    n_classes = len(counts)
    if isinstance(class_weights, str):
        if class_weights != "balanced":
            raise ArgumentError(
                f"class_weights is {class_weights!r}; expected 'balanced', or a dict such as {{0: 1.0, 1: 5.0}}"
            )
        # The weight of a class without samples doesn't matter.
        balanced: Array = counts.sum() / (np.count_nonzero(counts) * np.maximum(counts, 1))
        return balanced
    if not isinstance(class_weights, Mapping):
        raise ArgumentTypeError(
            f"class_weights is {shown(class_weights)}; expected a dict of class to weight such as {{0: 1.0, 1: 5.0}}, "
            f"or 'balanced'"
        )
    weights = np.ones(n_classes)
    for each, weight in class_weights.items():
        if isinstance(each, bool) or not isinstance(each, (int, np.integer)) or not 0 <= each < n_classes:
            raise ArgumentError(
                f"class_weights has the class {shown(each)}; expected whole numbers from 0 to {n_classes - 1}, the "
                f"classes of the data"
            )
        weights[each] = _checked(weight, f"class_weights[{each}]", ())
    return weights


def _checked(value: Any, name: str, shape: tuple[int, ...]) -> Array:
    array = as_array(value, name)
    if array.shape != shape:
        expected = f"one for each of the {shape[0]} samples, of shape {shape}" if shape else "one number"
        raise ShapeError(f"{name} has shape {array.shape}; expected {expected}")
    wrong = ~np.isfinite(array) | (array < 0)
    if wrong.any():
        at = f"[{wrong.argmax()}]" if shape else ""
        raise ArgumentError(f"{name}{at} is {array[wrong][0]}; expected finite numbers, 0 or more")
    return array
