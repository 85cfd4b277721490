"""Texts read as numbers, a column at a time, by pyarrow."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nnframe.arrays import Array
from nnframe_table.numerals import (
    COMMA_DECIMAL_PATTERN,
    GROUPED_BY_COMMAS_PATTERN,
    GROUPED_BY_POINTS_PATTERN,
    NUMBER_PATTERN,
    UNCLEAR_PATTERN,
    TextRules,
)

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


def read_numbers(texts: Any, rules: TextRules) -> Numbers:
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


def as_numpy(array: Any) -> Array:
    """Return a pyarrow.Array of numbers as an ndarray, with NaN for nulls."""
    values: Array = array.to_numpy(zero_copy_only=False)
    return values
