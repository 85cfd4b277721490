"""Reading what a model file says of its columns, one checked value after the other.

All raise `DefectError` for what nnframe would not have written.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from nnframe.errors import shown, with_type
from nnframe.saving.failures import DefectError

T = TypeVar("T")


def entry(notes: Mapping[str, Any], key: str) -> Any:
    """Return what a key leads to."""
    if not isinstance(notes, Mapping):
        raise DefectError(f"found {with_type(notes)}; wanted an object with {key!r}")
    if key not in notes:
        raise DefectError(f"{key} is missing")
    return notes[key]


def text(notes: Mapping[str, Any], key: str) -> str:
    """Return a text."""
    value = entry(notes, key)
    if not isinstance(value, str):
        raise DefectError(f"{key} is {with_type(value)}; wanted a text")
    return value


def finite(notes: Mapping[str, Any], key: str) -> float:
    """Return a finite number."""
    value = entry(notes, key)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise DefectError(f"{key} is {with_type(value)}; wanted a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise DefectError(f"{key} is {shown(value)}; wanted a finite number")
    return number


def texts(notes: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Return texts, at least one, no two alike."""
    values = entry(notes, key)
    if not isinstance(values, Sequence) or isinstance(values, str) or not values:
        raise DefectError(f"{key} is {with_type(values)}; wanted a list of texts")
    if not all(isinstance(value, str) for value in values) or len(set(values)) < len(values):
        raise DefectError(f"{key} is {shown(values)}; wanted texts, no two alike")
    return tuple(values)


def one_of(notes: Mapping[str, Any], key: str, allowed: Sequence[str]) -> str:
    """Return one of some words."""
    value = text(notes, key)
    if value not in allowed:
        raise DefectError(f"{key} is {value!r}; wanted one of {', '.join(allowed)}")
    return value


def optional(read: Callable[[Mapping[str, Any], str], T], notes: Mapping[str, Any], key: str) -> T | None:
    """Return a value that may be null."""
    return None if entry(notes, key) is None else read(notes, key)
