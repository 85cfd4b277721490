"""Columns in memory as cells: lists, numpy arrays, and whatever speaks Arrow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from nnframe.arrays import Array
from nnframe.errors import DataError, one_line
from nnframe_table.cells import ABSENT, Cells, NumberCells, TextCells, UnusableCells, cells_of_arrow
from nnframe_table.numerals import TYPED, TextRules

PLAIN_ARRAYS = (np.ndarray, np.memmap, np.ma.MaskedArray)
ARROW_METHODS = ("__arrow_c_array__", "__arrow_c_stream__", "__arrow_array__")


def cells_of_values(name: str, values: Any, rules: TextRules = TYPED) -> Cells:
    """Return the cells of a column in memory.

    Parameters
    ----------
    name : str
        Of the column, for messages.
    values : array_like, shape (N,)
        A list, an array of numpy, a Series of pandas or polars, or an array of Arrow. Masked values, nulls, None, NaN
        and pandas' NA are missing; categorical types stay categories.

    Raises
    ------
    DataError
        If it is not one-dimensional.
    """
    if type(values) in PLAIN_ARRAYS:
        return cells_of_array(_flat(name, values), rules)
    if isinstance(values, np.ndarray):
        # Of a unit or a scale, say, which the bare numbers would lose.
        return UnusableCells(f"values of type {type(values).__name__}, a subclass of numpy's array", list(values))
    if isinstance(getattr(values, "dtype", None), np.dtype) and values.dtype.kind in "iufb":
        # A Series of pandas.
        return cells_of_array(_flat(name, np.asarray(values)), rules)
    of_pandas = type(values).__module__.partition(".")[0] == "pandas"
    if of_pandas or any(hasattr(values, method) for method in ARROW_METHODS):
        return _cells_of_column(values, of_pandas, rules)
    if isinstance(values, (str, bytes)) or not hasattr(values, "__len__") or not hasattr(values, "__getitem__"):
        raise DataError(
            f"column {name!r} of the table is of type {type(values).__name__}; expected a list or an array of shape "
            f"(N,), or a plain value in every column for a single row"
        )
    if not isinstance(values, Sequence):
        return _cells_of_foreign(name, values, rules)
    return _cells_of_objects(list(values), rules)


def cells_of_array(array: Array, rules: TextRules = TYPED) -> Cells:
    """Return the cells of a one-dimensional array of numpy. What is masked is missing."""
    kind, masked = array.dtype.kind, isinstance(array, np.ma.MaskedArray)
    if kind in "iuf" and not masked:
        return NumberCells(array)
    values, mask = np.ma.getdata(array), np.ma.getmaskarray(array)
    if kind in "iuf":
        return NumberCells(values, mask)
    if kind == "b":
        return TextCells(pa.array(["false", "true"]), np.where(mask, ABSENT, values), rules)
    if kind in "mM":
        return UnusableCells("dates", values.tolist())
    if kind in "OUT":
        listed = [None if absent else value for value, absent in zip(values.tolist(), mask.tolist(), strict=True)]
        return _cells_of_objects(listed, rules)
    return UnusableCells(f"values of type {values.dtype}", values.tolist())


def _flat(name: str, array: Array) -> Array:
    if array.ndim != 1:
        raise DataError(f"column {name!r} of the table has shape {array.shape}; expected (N,), one value a row")
    return array


def _cells_of_column(values: Any, of_pandas: bool, rules: TextRules) -> Cells:
    """Return the cells of a Series of pandas or polars, or of an array of Arrow."""
    try:
        array = pa.array(values, from_pandas=True) if of_pandas else pa.chunked_array(values)
    except Exception as error:  # a type of the library that has no counterpart in Arrow
        if of_pandas and str(getattr(values, "dtype", "")) == "object":
            return _cells_of_objects(values.tolist(), rules)
        return UnusableCells(f"values of type {getattr(values, 'dtype', type(values).__name__)}", list(one_line(error)))
    return cells_of_chunks(array, rules)


def cells_of_chunks(array: Any, rules: TextRules = TYPED) -> Cells:
    """Return the cells of a pyarrow.ChunkedArray or pyarrow.Array."""
    whole = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return cells_of_arrow(whole, rules)


def _cells_of_foreign(name: str, values: Any, rules: TextRules) -> Cells:
    """Return the cells of an array of another library, as numpy sees it."""
    array = np.asarray(values)
    if array.dtype == object and array.ndim == 0:
        what = f"{type(values).__module__}.{type(values).__qualname__}"
        raise DataError(
            f"column {name!r} of the table is of type {what}, which numpy can't read; expected a list or an array of "
            f"shape (N,): a sparse matrix becomes one with .toarray().ravel()"
        )
    return cells_of_array(_flat(name, array), rules)


def _cells_of_objects(values: list[Any], rules: TextRules) -> Cells:
    """Return the cells of Python's objects, in which None, NaN and pandas' NA are missing."""
    try:
        return cells_of_arrow(pa.array(values, from_pandas=True), rules)
    except UnicodeError:
        return UnusableCells("texts that are not valid Unicode", values)
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        types = {type(value) for value in values if not _is_missing(value)}
    if types and all(issubclass(each, (int, float, np.number)) and not issubclass(each, bool) for each in types):
        try:
            return NumberCells(np.array([np.nan if _is_missing(value) else float(value) for value in values]))
        except OverflowError:
            return UnusableCells("numbers beyond 1e308", values)
    names = " and ".join(sorted(each.__name__ for each in types))
    return UnusableCells(f"values of type {names}", values)


def _is_missing(value: Any) -> bool:
    # By name, because pandas itself must not be imported for this.
    return (
        value is None or (isinstance(value, float) and value != value) or type(value).__name__ in ("NAType", "NaTType")
    )
