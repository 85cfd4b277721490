"""A run of cells of one column, which can be looked at as numbers or as texts.

What is in a file decides little: a csv file holds texts that may be numbers, and an array of whole numbers may hold
classes. So a column is asked for what is needed, and whoever asks learns of the cells that are something else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from copy import copy
from typing import Any, NamedTuple, Protocol

import numpy as np

from nnframe.arrays import Array

# What spreadsheets and data-frame libraries write for a cell without a value.
MISSING_TEXTS = ("", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "?")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", re.ASCII | re.IGNORECASE)
ABSENT = -1


class Texts(NamedTuple):
    """Cells as texts.

    Attributes
    ----------
    distinct : list of str
        Each text that occurs, once.
    codes : ndarray of int64, shape (N,)
        For each cell the place of its text in `distinct`, or ABSENT where it is missing.
    """

    distinct: list[str]
    codes: Array


class Cells(Protocol):
    """What there is to ask of a run of cells.

    Attributes
    ----------
    of_numbers : bool
        Whether their type says that they are numbers, so that nothing has to be read from texts.
    unusable : str or None
        What they are instead, in the plural, if they are neither numbers nor texts, such as ``"dates"``.
    """

    @property
    def of_numbers(self) -> bool: ...  # noqa: D102

    @property
    def unusable(self) -> str | None: ...  # noqa: D102

    def missing(self) -> Array:
        """Return where there is no value: an array of bool, shape (N,)."""

    def numbers(self) -> tuple[Array, Array]:
        """Return the cells as float64, shape (N,), and where they are texts that are no numbers, bool, shape (N,).

        Missing cells are NaN, and so are those that are no numbers.
        """

    def texts(self) -> Texts:
        """Return the cells as texts."""

    def text_at(self, index: int) -> str:
        """Return a cell as it is written."""

    def part(self, start: int, stop: int) -> Cells:
        """Return some of the cells that follow each other."""


class NumberCells:
    """Cells of a column of numbers.

    Parameters
    ----------
    values : ndarray of whole numbers or floats, shape (N,)
        NaN where a value is missing. Kept as they are, for float64 has no room for the digits of a long id.
    missing : ndarray of bool, shape (N,), optional
        Where else a value is missing.
    """

    of_numbers = True
    unusable = None

    def __init__(self, values: Array, missing: Array | None = None) -> None:
        self._values = values
        self._missing = np.isnan(values) if missing is None else missing | np.isnan(values)

    def missing(self) -> Array:
        """Return where there is no value."""
        return self._missing

    def numbers(self) -> tuple[Array, Array]:
        """Return the values, none of which is a text."""
        numbers = self._values.astype(np.float64)
        numbers[self._missing] = math.nan
        return numbers, np.zeros(len(numbers), bool)

    def texts(self) -> Texts:
        """Return the numbers as texts, whole ones without a point."""
        there = ~self._missing
        distinct, places = np.unique(self._values[there], return_inverse=True)
        codes = np.full(len(self._values), ABSENT)
        codes[there] = places
        return Texts([number_text(value) for value in distinct], codes)

    def text_at(self, index: int) -> str:
        """Return a cell as it is written; nothing where it is missing."""
        return "" if self._missing[index] else number_text(self._values[index])

    def part(self, start: int, stop: int) -> NumberCells:
        """Return some of the cells that follow each other."""
        return NumberCells(self._values[start:stop], self._missing[start:stop])


class TextCells:
    """Cells of a column of texts.

    Parameters
    ----------
    distinct : sequence of str
        Each text that occurs, once.
    codes : ndarray of int, shape (N,)
        For each cell the place of its text in `distinct`, or ABSENT where it is missing. Those whose text stands for
        a missing value become missing.
    """

    of_numbers = False
    unusable = None

    def __init__(self, distinct: Sequence[str], codes: Array) -> None:
        self._written, self._written_codes = distinct, codes
        self.distinct = [text.strip() for text in distinct]
        absent = np.array([text in MISSING_TEXTS for text in self.distinct] + [True])
        self.codes = np.where(absent[codes], ABSENT, codes)

    def missing(self) -> Array:
        """Return where there is no value."""
        return np.asarray(self.codes == ABSENT)

    def numbers(self) -> tuple[Array, Array]:
        """Return the cells as numbers, and where they are none."""
        values = np.array([_parsed(text) for text in self.distinct] + [math.nan])[self.codes]
        return values, np.isnan(values) & ~self.missing()

    def texts(self) -> Texts:
        """Return the cells as texts, without the spaces around them."""
        return Texts(self.distinct, self.codes)

    def text_at(self, index: int) -> str:
        """Return a cell as it is written."""
        code = self._written_codes[index]
        return "" if code == ABSENT else self._written[code]

    def part(self, start: int, stop: int) -> TextCells:
        """Return some of the cells that follow each other."""
        some = copy(self)
        some.codes, some._written_codes = self.codes[start:stop], self._written_codes[start:stop]
        return some


class UnusableCells:
    """Cells that are neither numbers nor texts.

    Parameters
    ----------
    what : str
        What they are, in the plural, such as ``"dates"``.
    values : ndarray or pyarrow.Array
        The values themselves, whatever they are.
    """

    of_numbers = False

    def __init__(self, what: str, values: Any) -> None:
        self.unusable = what
        self.values = values

    def missing(self) -> Array:
        """Return where there is no value, as far as anybody can tell nowhere."""
        return np.zeros(len(self.values), bool)

    def numbers(self) -> tuple[Array, Array]:
        """Return that none is a number."""
        return np.full(len(self.values), math.nan), np.ones(len(self.values), bool)

    def texts(self) -> Texts:
        """Return one text for all."""
        return Texts([f"({self.unusable})"], np.zeros(len(self.values), np.int64))

    def text_at(self, index: int) -> str:
        """Return a cell as it is written."""
        return str(self.values[index])

    def part(self, start: int, stop: int) -> UnusableCells:
        """Return some of the cells that follow each other."""
        return UnusableCells(self.unusable, self.values[start:stop])


def cells_of_array(array: Array) -> Cells:
    """Return the cells of a one-dimensional array of numbers, booleans, texts, or objects that are such.

    Where it is a masked array, what is masked is missing.
    """
    values, masked = np.ma.getdata(array), np.ma.getmaskarray(array)
    kind = values.dtype.kind
    if kind in "iuf":
        return NumberCells(values, masked)
    if kind == "b":
        return TextCells(["false", "true"], np.where(masked, ABSENT, values))
    if kind == "U":
        distinct, codes = np.unique(values, return_inverse=True)
        return TextCells(distinct.tolist(), np.where(masked, ABSENT, codes))
    if kind in "mM":
        return UnusableCells("dates", values)
    if kind in "OT":
        return _cells_of_objects(values.astype(object), masked)
    return UnusableCells(f"values of type {values.dtype}", values)


def number_text(value: Any) -> str:
    """Return a number as a person writes it: whole ones without a point."""
    whole = isinstance(value, (int, np.integer)) or (value.is_integer() and abs(value) < 2**53)
    return str(int(value)) if whole else str(value)


def _cells_of_objects(values: Array, masked: Array) -> Cells:
    """Return the cells of an array of Python's objects, in which None, NaN and what pandas has for them are missing."""
    missing = masked | np.array([_is_nothing(value) for value in values], bool)
    there = values[~missing].tolist()
    types = {type(value) for value in there}
    if all(issubclass(each, str) for each in types):
        return _spread(np.array(there, str), missing)
    if types <= {bool, np.bool_}:
        return _spread(np.array(there, bool), missing)
    if all(issubclass(each, (int, float, np.integer, np.floating)) and each is not bool for each in types):
        # Numbers beyond int64 and uint64 stay objects there.
        numbers = np.array(there)
        try:
            return _spread(numbers if numbers.dtype.kind in "iuf" else numbers.astype(np.float64), missing)
        except OverflowError:
            return UnusableCells("numbers beyond 1e308", values)
    names = " and ".join(sorted(each.__name__ for each in types))
    return UnusableCells(f"values of type {names}", values)


def _spread(there: Array, missing: Array) -> Cells:
    """Return the cells of values that stand where none is missing."""
    full = np.ma.zeros(len(missing), there.dtype)
    full[~missing] = there
    full[missing] = np.ma.masked
    return cells_of_array(full)


def _is_nothing(value: Any) -> bool:
    # A name, for pandas itself is not to be imported for it.
    return (
        value is None
        or (isinstance(value, (float, np.floating)) and value != value)
        or type(value).__name__ == "NAType"
    )


def _parsed(text: str) -> float:
    return float(text) if NUMBER.fullmatch(text) else math.nan
