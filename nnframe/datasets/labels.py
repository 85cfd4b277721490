"""From class labels to targets that a net can be trained with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import ArgumentError, ArgumentTypeError, ShapeError, one_line, shown

if TYPE_CHECKING:
    import numpy.typing as npt

# A larger number doesn't count classes, but is a year, a code or a mistake.
MOST_CLASSES = 2**16


def one_hot(labels: Any, classes: Sequence[Any] | None = None, dtype: npt.DTypeLike = np.float64) -> Array:
    """Return one column per class, 1 where a label is of that class and 0 elsewhere.

    Parameters
    ----------
    labels : array_like, shape (N,) or (N, 1)
        Whole numbers, texts or booleans.
    classes : sequence, optional
        The class of each column, all different. Give it if there are several data sets, so that all get the same
        columns. By default the categories of a categorical of pandas, 0 to the largest number for whole numbers from 0
        on, else the distinct labels in ascending order.
    dtype : numpy dtype, optional

    Returns
    -------
    ndarray, shape (N, number of classes)

    Raises
    ------
    ArgumentError, ArgumentTypeError, ShapeError
        If a label is missing or not among the classes, the labels are of several types or not 1-D, or a class is there
        twice.

    Examples
    --------
    >>> one_hot([2, 0, 1]).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    >>> one_hot(["no", "yes", "no"], classes=["yes", "no"]).tolist()
    [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
    """
    if isinstance(labels, np.ma.MaskedArray) and np.ma.is_masked(labels):
        raise ArgumentTypeError("labels has masked values; expected a label for every sample: leave those samples out")
    try:
        dtype = np.dtype(dtype)
    except Exception:  # of several types, depending on what it is
        raise ArgumentTypeError(f"dtype is {shown(dtype)}; expected a dtype of numpy, such as float32") from None
    if classes is None:
        classes = _categories(labels)
    found = _as_labels(labels, "labels")
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.ndim != 1:
        raise ShapeError(f"labels has shape {found.shape}; expected (N,), one label per sample")
    missing = [each for each in found.tolist() if _is_missing(each)] if found.dtype.kind in "fO" else []
    if missing:
        raise ArgumentError(f"labels has {shown(missing[0])}; expected a label for every sample: leave those out")
    try:
        distinct = np.unique(found)
        if classes is not None:
            columns = _as_classes(classes)
        elif distinct.dtype.kind in "iu" and len(distinct) and distinct[0] >= 0:
            columns = np.arange(_checked_largest(int(distinct[-1])) + 1)
        else:
            columns = distinct
        is_unknown = ~np.isin(distinct, columns)
        matrix: Array = (found[:, np.newaxis] == columns).astype(dtype)
    except TypeError as error:
        raise ArgumentTypeError(f"labels can't be compared with each other ({error}); give all one type") from error
    if is_unknown.any():
        unknown = distinct[is_unknown].tolist()[0]
        raise ArgumentError(f"labels has {shown(unknown)}, which is not among the classes {shown(columns.tolist())}")
    return matrix


def _as_labels(values: Any, name: str) -> Array:
    """Return labels as an array, unless numpy would make texts of numbers, or numbers of booleans."""
    try:
        found: Array = np.asarray(values)
    except ValueError as error:
        raise ShapeError(
            f"{name} can't be converted to an array ({one_line(error)}); expected one label each"
        ) from error
    if found.ndim == 1 and (isinstance(values, (list, tuple)) or found.dtype == object):
        kinds = {type(each).__name__: _kind(each) for each in values if not _is_missing(each)}
        if len(set(kinds.values())) > 1:
            raise ArgumentTypeError(f"{name} has values of the types {', '.join(sorted(kinds))}; expected one type")
        if found.dtype.kind == "U" and any(each.endswith("\0") for each in values):
            # Which numpy's own texts drop.
            found = np.array(values, object)
    return found


def _as_classes(values: Any) -> Array:
    columns = _as_labels(values, "classes")
    if columns.ndim != 1:
        raise ShapeError(f"classes has shape {columns.shape}; expected (number of classes,), one label per column")
    listed = columns.tolist()
    twice = [each for i, each in enumerate(listed) if each in listed[:i]] if len(set(listed)) < len(listed) else []
    if twice:
        raise ArgumentError(f"classes has {shown(twice[0])} more than once; expected one column per class")
    return columns


def _categories(labels: Any) -> list[Any] | None:
    """Return the categories of a categorical array or series of pandas, without importing pandas."""
    dtype: Any = getattr(labels, "dtype", None)
    return list(dtype.categories) if str(dtype) == "category" else None


def _kind(label: Any) -> str:
    if isinstance(label, (bool, np.bool_)):
        return "boolean"
    return "number" if isinstance(label, (int, float, np.number)) else type(label).__name__.removesuffix("_")


def _is_missing(label: Any) -> bool:
    """Whether a label is None, NaN or pandas' NA, which is not even equal to itself."""
    equals_itself = label == label
    return label is None or not (isinstance(equals_itself, (bool, np.bool_)) and bool(equals_itself))


def _checked_largest(number: int) -> int:
    if number >= MOST_CLASSES:
        raise ArgumentError(
            f"labels has {number}, and whole numbers count the columns from 0; expected less than {MOST_CLASSES}: give "
            f"classes=[...] for numbers that don't count"
        )
    return number
