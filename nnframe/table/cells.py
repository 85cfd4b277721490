"""A run of cells of one column, which can be looked at as numbers or as texts.

What is in a file decides little: a csv file holds texts that may be numbers, and an array of whole numbers may hold
classes. So a column is asked for what is needed, and whoever asks learns of the cells that are something else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
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
        """Return a cell as it is written; nothing where it is missing."""


class NumberCells:
    """Cells of a column of numbers.

    Parameters
    ----------
    values : ndarray of float64, shape (N,)
        NaN where a value is missing.
    """

    of_numbers = True
    unusable = None

    def __init__(self, values: Array) -> None:
        self.values = values

    def missing(self) -> Array:
        """Return where there is no value."""
        return np.isnan(self.values)

    def numbers(self) -> tuple[Array, Array]:
        """Return the values, none of which is a text."""
        return self.values, np.zeros(len(self.values), bool)

    def texts(self) -> Texts:
        """Return the numbers as texts, whole ones without a point."""
        there = ~self.missing()
        distinct, places = np.unique(self.values[there], return_inverse=True)
        codes = np.full(len(self.values), ABSENT)
        codes[there] = places
        return Texts([number_text(value) for value in distinct.tolist()], codes)

    def text_at(self, index: int) -> str:
        """Return a cell as it is written."""
        value = float(self.values[index])
        return "" if math.isnan(value) else number_text(value)


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
        code = self.codes[index]
        return "" if code == ABSENT else self.distinct[code]


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


def cells_of_array(array: Array) -> Cells:
    """Return the cells of a one-dimensional array of numbers, booleans or texts."""
    if array.dtype.kind in "iuf":
        return NumberCells(array.astype(np.float64))
    if array.dtype.kind == "b":
        return TextCells(["false", "true"], array.astype(np.int64))
    if array.dtype.kind == "U":
        distinct, codes = np.unique(array, return_inverse=True)
        return TextCells(distinct.tolist(), codes)
    if array.dtype.kind in "mM":
        return UnusableCells("dates", array)
    return UnusableCells(f"values of type {array.dtype}", array)


def number_text(value: float) -> str:
    """Return a number as a person writes it: whole ones without a point."""
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


def _parsed(text: str) -> float:
    return float(text) if NUMBER.fullmatch(text) else math.nan
