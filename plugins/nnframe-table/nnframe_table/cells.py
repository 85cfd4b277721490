"""Some cells of one column, which can be read as numbers or as texts.

The type of a source decides little: a csv file holds texts that may be numbers, and an array of whole numbers may hold
classes. So the caller asks for what it needs, and learns which cells are something else.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nnframe.arrays import Array
from nnframe_table.numerals import TYPED, TextRules, number_text
from nnframe_table.parsing import Numbers, as_numpy, read_numbers

ABSENT = -1


class Texts(NamedTuple):
    """Cells as texts.

    Attributes
    ----------
    distinct : list of str
        The texts that occur, without the blanks around them.
    codes : ndarray of int64, shape (N,)
        For each cell the index of its text in `distinct`, or ABSENT if it has no value.
    """

    distinct: list[str]
    codes: Array


class Cells(Protocol):
    """What a run of cells can be asked.

    Attributes
    ----------
    of_numbers : bool
        Whether they are numbers by type.
    category : bool
        Whether the source declares them to be categories.
    unusable : str or None
        What they are if neither numbers nor texts, in the plural, such as ``"dates"``.
    n_bytes : int
        About how much memory they take.
    """

    @property
    def of_numbers(self) -> bool: ...  # noqa: D102

    @property
    def category(self) -> bool: ...  # noqa: D102

    @property
    def unusable(self) -> str | None: ...  # noqa: D102

    @property
    def n_bytes(self) -> int: ...  # noqa: D102

    def __len__(self) -> int: ...

    def numbers(self) -> Numbers:
        """Return the cells as numbers."""

    def texts(self, known: Collection[str] = ()) -> Texts:
        """Return the cells as texts. A text in `known` is never a missing value."""

    def longest(self) -> int:
        """Return the length of the longest text, in bytes; 0 for numbers."""

    def text_at(self, index: int) -> str:
        """Return one cell as it is written."""

    def part(self, start: int, stop: int) -> Cells:
        """Return consecutive cells."""


class NumberCells:
    """Cells of a column of numbers.

    Parameters
    ----------
    values : ndarray of int or float, shape (N,)
        NaN is a missing value. The dtype is kept: float64 can't hold all digits of a long id.
    missing : ndarray of bool, shape (N,), optional
        Which other values are missing.
    """

    of_numbers = True
    category = False
    unusable = None

    def __init__(self, values: Array, missing: Array | None = None) -> None:
        self._values = values
        self._missing = missing
        self.n_bytes = values.nbytes

    def __len__(self) -> int:
        return len(self._values)

    def numbers(self) -> Numbers:
        """Return the values as float64."""
        values = self._values.astype(np.float64)
        if self._missing is not None:
            values[self._missing] = math.nan
        none = np.zeros(len(values), bool)
        return Numbers(values, np.isnan(values), none, none)

    def texts(self, known: Collection[str] = ()) -> Texts:
        """Return the numbers as texts, whole ones without a point."""
        there = ~self.numbers().missing
        distinct, places = np.unique(self._values[there], return_inverse=True)
        codes = np.full(len(self), ABSENT)
        codes[there] = places
        return Texts([number_text(value) for value in distinct], codes)

    def longest(self) -> int:
        """Return 0: numbers have no length."""
        return 0

    def text_at(self, index: int) -> str:
        """Return a number as text, or an empty text for a missing one."""
        value = self._values[index]
        absent = np.isnan(value) or (self._missing is not None and self._missing[index])
        return "" if absent else number_text(value)

    def part(self, start: int, stop: int) -> NumberCells:
        """Return consecutive cells."""
        return NumberCells(self._values[start:stop], None if self._missing is None else self._missing[start:stop])


class TextCells:
    """Cells of a column of texts.

    Parameters
    ----------
    values : pyarrow.StringArray
        The cells, or the distinct texts if there are `codes`.
    codes : ndarray of int, shape (N,), optional
        For each cell the index of its text in `values`, or ABSENT.
    rules : TextRules, optional
    category : bool, optional
        Whether the source declares a categorical type.
    """

    of_numbers = False
    unusable = None

    def __init__(
        self, values: Any, codes: Array | None = None, rules: TextRules = TYPED, category: bool = False
    ) -> None:
        self._values, self._codes, self._rules = values, codes, rules
        self.category = category
        self._numbers: Numbers | None = None

    @property
    def n_bytes(self) -> int:
        """The size of the texts, and of the numbers that they may be read as."""
        return int(self._values.nbytes) + 8 * len(self)

    def __len__(self) -> int:
        return len(self._values) if self._codes is None else len(self._codes)

    def numbers(self) -> Numbers:
        """Return the texts read as numbers."""
        if self._numbers is None:
            found = read_numbers(self._values, self._rules)
            if self._codes is not None:
                # A last entry for ABSENT, which is index -1.
                ends = math.nan, True, False, False
                found = Numbers(*(np.append(part, end)[self._codes] for part, end in zip(found, ends, strict=True)))
            self._numbers = found
        return self._numbers

    def texts(self, known: Collection[str] = ()) -> Texts:
        """Return the texts without the blanks around them."""
        trimmed = pc.utf8_trim_whitespace(self._values)
        if self._codes is None:
            encoded = trimmed.dictionary_encode()
            distinct, codes = encoded.dictionary.to_pylist(), as_numpy(encoded.indices.fill_null(ABSENT))
        else:
            distinct, codes = [text or "" for text in trimmed.to_pylist()], self._codes
        words = set(self._rules.missing).difference(known)
        absent = np.array([text in words for text in distinct] + [True])
        return Texts(distinct, np.where(absent[codes], ABSENT, codes) if absent[:-1].any() else codes)

    def longest(self) -> int:
        """Return the length of the longest text in bytes."""
        return pc.max(pc.binary_length(self._values)).as_py() or 0

    def text_at(self, index: int) -> str:
        """Return a text as it is written, or an empty one for a missing cell."""
        place = index if self._codes is None else int(self._codes[index])
        return "" if place == ABSENT else self._values[place].as_py() or ""

    def part(self, start: int, stop: int) -> TextCells:
        """Return consecutive cells."""
        if self._codes is None:
            return TextCells(self._values[start:stop], None, self._rules, self.category)
        return TextCells(self._values, self._codes[start:stop], self._rules, self.category)


class UnusableCells:
    """Cells that are neither numbers nor texts.

    Parameters
    ----------
    what : str
        What they are, in the plural.
    values : sequence
    """

    of_numbers = False
    category = False

    def __init__(self, what: str, values: Sequence[Any]) -> None:
        self.unusable = what
        self._values = values
        self.n_bytes = 64 * len(values)

    def __len__(self) -> int:
        return len(self._values)

    def numbers(self) -> Numbers:
        """Return no numbers: each cell counts as a word."""
        none, every = np.zeros(len(self), bool), np.ones(len(self), bool)
        return Numbers(np.full(len(self), math.nan), none, every, none)

    def texts(self, known: Collection[str] = ()) -> Texts:
        """Return one text for all cells."""
        return Texts([self.unusable], np.zeros(len(self), np.int64))

    def longest(self) -> int:
        """Return 0: they are not read as texts."""
        return 0

    def text_at(self, index: int) -> str:
        """Return Python's text for a cell."""
        return str(self._values[index])

    def part(self, start: int, stop: int) -> UnusableCells:
        """Return consecutive cells."""
        return UnusableCells(self.unusable, self._values[start:stop])


def cells_of_arrow(array: Any, rules: TextRules = TYPED) -> Cells:
    """Return the cells of a pyarrow.Array of any type."""
    of, kind = array.type, pa.types
    if kind.is_dictionary(of):
        return _cells_of_dictionary(array, rules)
    if kind.is_string(of):
        return TextCells(array, None, rules)
    if kind.is_large_string(of) or str(of) == "string_view" or kind.is_null(of):
        return TextCells(array.cast(pa.string()), None, rules)
    if kind.is_boolean(of):
        return TextCells(pa.array(["false", "true"]), as_numpy(array.cast(pa.int8()).fill_null(ABSENT)), rules)
    if kind.is_integer(of):
        return NumberCells(as_numpy(array.fill_null(0)), as_numpy(array.is_null()) if array.null_count else None)
    if kind.is_floating(of):
        return NumberCells(as_numpy(array))
    if kind.is_decimal(of):
        return NumberCells(as_numpy(array.cast(pa.float64(), safe=False)))
    if kind.is_temporal(of):
        return UnusableCells("dates", array)
    return UnusableCells(f"values of type {of}", array)


def _cells_of_dictionary(array: Any, rules: TextRules) -> Cells:
    values = cells_of_arrow(array.dictionary, rules)
    codes = as_numpy(array.indices.fill_null(0).cast(pa.int64()))
    if values.unusable is not None:
        return UnusableCells(values.unusable, array)
    texts = pa.array([values.text_at(i) for i in range(len(values))], pa.string())
    return TextCells(texts, np.where(as_numpy(array.is_null()), ABSENT, codes), rules, category=True)
