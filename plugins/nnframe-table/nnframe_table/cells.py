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
from nnframe_table.numerals import (
    COMMA_DECIMAL_PATTERN,
    GROUPED_BY_COMMAS_PATTERN,
    GROUPED_BY_POINTS_PATTERN,
    NUMBER_PATTERN,
    TYPED,
    UNCLEAR_PATTERN,
    TextRules,
    number_text,
)

ABSENT = -1
FLOAT64 = pa.float64()


class Numbers(NamedTuple):
    """Cells as numbers.

    Attributes
    ----------
    values : ndarray of float64, shape (N,)
        NaN where there is no number.
    missing : ndarray of bool, shape (N,)
        Where a cell has no value.
    words : ndarray of bool, shape (N,)
        Where a cell is a text that is not a number.
    unclear : ndarray of bool, shape (N,)
        Where a number may mean a thousand times as much.
    """

    values: Array
    missing: Array
    words: Array
    unclear: Array


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
            found = _read_numbers(self._values, self._rules)
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


def as_numpy(array: Any) -> Array:
    """Return a pyarrow.Array of numbers as an ndarray, with NaN for nulls."""
    values: Array = array.to_numpy(zero_copy_only=False)
    return values


def _read_numbers(texts: Any, rules: TextRules) -> Numbers:
    """Read a pyarrow.StringArray as numbers."""
    none = np.zeros(len(texts), bool)
    if rules.decimal == "." and not rules.grouped and not texts.null_count:
        # Most columns hold plain numbers only, which one cast reads several times faster than what follows. Arrow
        # takes words such as "NAN" and "nan(x)" for numbers too, which the pattern below does not.
        try:
            values = as_numpy(pc.cast(texts, FLOAT64))
        except pa.ArrowInvalid:
            values = None
        if values is not None and not np.isnan(values).any():
            return Numbers(values, none, none, none)
    trimmed = pc.utf8_trim_whitespace(texts)
    missing = pc.fill_null(pc.is_in(trimmed, pa.array(rules.missing, pa.string())), True)
    missing = pc.or_(missing, pc.is_null(texts))
    unclear = _matches(trimmed, UNCLEAR_PATTERN) if rules.decimal == "either, unclear refused" else None
    plain = _with_decimal_point(trimmed, rules)
    is_number = pc.and_(_matches(plain, NUMBER_PATTERN), pc.invert(missing))
    # Not every version of Arrow reads a plus sign.
    values = as_numpy(pc.cast(pc.if_else(is_number, pc.ascii_ltrim(plain, "+"), None), pa.float64()))
    words = pc.and_(pc.invert(is_number), pc.invert(missing))
    unclear = none if unclear is None else as_numpy(pc.and_(unclear, is_number))
    return Numbers(values, as_numpy(missing), as_numpy(words), unclear)


def _with_decimal_point(texts: Any, rules: TextRules) -> Any:
    """Return texts that are numbers in another notation with a decimal point and no groups."""
    if rules.decimal == ",":
        grouped = _matches(texts, GROUPED_BY_POINTS_PATTERN)
        texts = pc.if_else(grouped, pc.replace_substring(texts, ".", ""), pc.replace_substring(texts, ".", " "))
        return pc.replace_substring(texts, ",", ".", max_replacements=1)
    if rules.decimal == ".":
        grouped = _matches(texts, GROUPED_BY_COMMAS_PATTERN) if rules.grouped else False
        return pc.if_else(grouped, pc.replace_substring(texts, ",", ""), texts) if rules.grouped else texts
    comma = _matches(texts, COMMA_DECIMAL_PATTERN)
    return pc.if_else(comma, pc.replace_substring(texts, ",", "."), texts)


def _matches(texts: Any, pattern: str) -> Any:
    return pc.fill_null(pc.match_substring_regex(texts, f"^(?:{pattern})$"), False)
