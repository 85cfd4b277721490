"""Types for options that are numbers, for `argparse`; each raises `argparse.ArgumentTypeError` for other text."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable


def sizes(text: str) -> list[int]:
    """Return the sizes of hidden layers: ``"64,32"``, or ``"0"`` for none."""
    return [] if text.strip() == "0" else [count(part) for part in text.split(",")]


def count(text: str) -> int:
    """Return a whole number of at least 1."""
    return int(_number(text, int, "a whole number of at least 1", 1))


def count_or_zero(text: str) -> int:
    """Return a whole number of at least 0."""
    return int(_number(text, int, "a whole number of at least 0", 0))


def rate(text: str) -> float:
    """Return a finite number of at least 0."""
    return _number(text, float, "a finite number of at least 0", 0)


def share(text: str) -> float:
    """Return a number from 0 to below 1."""
    expected = "a share from 0 to below 1, such as 0.2"
    number = _number(text, float, expected, 0)
    if number >= 1:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected {expected}")
    return number


def _number(text: str, convert: Callable[[str], float], expected: str, minimum: float) -> float:
    try:
        number = convert(text)
    except ValueError:
        number = math.nan
    if not minimum <= number < math.inf:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected {expected}")
    return number
