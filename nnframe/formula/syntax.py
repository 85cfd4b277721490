"""The text of formulas: operators and their precedence, numbers, and names for parts."""

from __future__ import annotations

import math

# Precedence in Python.
ATOM, POWER, UNARY, PRODUCT, SUM, AND, OR, COMPARISON = 9, 8, 7, 6, 5, 4, 3, 2

OPERATORS: dict[str, tuple[str, int]] = {
    "add": ("+", SUM),
    "subtract": ("-", SUM),
    "multiply": ("*", PRODUCT),
    "divide": ("/", PRODUCT),
    "remainder": ("%", PRODUCT),
    "floor_divide": ("//", PRODUCT),
    "power": ("**", POWER),
    "logical_and": ("&", AND),
    "logical_or": ("|", OR),
    "greater": (">", COMPARISON),
    "greater_equal": (">=", COMPARISON),
    "less": ("<", COMPARISON),
    "less_equal": ("<=", COMPARISON),
    "equal": ("==", COMPARISON),
    "not_equal": ("!=", COMPARISON),
}

NAMES = {
    "exp": "e",
    "sum": "total",
    "mean": "mean",
    "max": "top",
    "min": "bottom",
    "argmax": "top",
    "where": "chosen",
    "absolute": "size",
    "tanh": "t",
    "sqrt": "root",
    "log": "log",
    "log1p": "log",
    "maximum": "raised",
    "minimum": "capped",
    "clip": "clipped",
    "subtract": "d",
    "multiply": "p",
    "divide": "q",
    "add": "s",
}


def wrapped(text: str, strength: int, least: int) -> str:
    """Return a text, in parentheses where it binds less strongly than it must."""
    return text if strength >= least else f"({text})"


def number_text(value: float | bool) -> tuple[str, int]:
    """Return a number's text, and how strongly that binds."""
    if isinstance(value, bool):
        return str(value), ATOM
    if not math.isfinite(value):
        return f"{'-' if value < 0 else ''}np.{'inf' if abs(value) == math.inf else 'nan'}", UNARY
    is_whole = value == round(value) and abs(value) < 1e15 and str(value) != "-0.0"
    return str(int(value)) if is_whole else repr(value), UNARY if value < 0 else ATOM
