"""How numbers, and cells without a value, are written as text.

Every pattern takes time linear in the length of the text: no two neighbouring parts can match the same characters.
"""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

# What spreadsheets and data-frame libraries write into a text file for a cell without a value.
MISSING_WORDS = ("", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "?")
# A source with types has its own way to say that there is no value.
TYPED_MISSING_WORDS = ("",)
# Words that often stand for a missing value, and may just as well be a category.
DOUBTFUL_WORDS = frozenset(
    ("-", "--", ".", "?", "na", "n/a", "<na>", "#n/a", "nan", "none", "null", "nil", "missing", "unknown")
)

# Both Python and RE2, which pyarrow uses, read these patterns the same way.
NUMBER_PATTERN = r"(?i)[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf(?:inity)?)"
COMMA_DECIMAL_PATTERN = r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?"
GROUPED_BY_POINTS_PATTERN = r"[+-]?[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]*)?"
GROUPED_BY_COMMAS_PATTERN = r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?"
# A thousand and something where points group digits, one and something where the point is the decimal sign.
UNCLEAR_PATTERN = r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}"

NUMBER = re.compile(NUMBER_PATTERN)
COMMA_DECIMAL = re.compile(COMMA_DECIMAL_PATTERN)
UNCLEAR = re.compile(UNCLEAR_PATTERN)
NUMBER_WITH_COMMAS = re.compile(r"[+-]?[0-9.]+(?:,[0-9]+)+(?:\.[0-9]*)?")
CURRENCY = "$\u20ac\u00a3\u00a5"
NUMBER_WITH_UNIT = re.compile(
    rf"(?:[{CURRENCY}] ?[+-]?[0-9][0-9.,]*|[+-]?[0-9][0-9.,]* ?(?:%|[{CURRENCY}]|[^\W\d_]{{1,8}}))"
)

Decimal: TypeAlias = Literal[".", ",", "either", "either, unclear refused"]


class TextRules(NamedTuple):
    """How texts are read.

    Attributes
    ----------
    missing : tuple of str
        Texts that stand for a cell without a value.
    decimal : str
        ``"."``: points are decimal signs. ``","``: commas are, and points group digits by three. ``"either"``: both are
        decimal signs; ``"either, unclear refused"``: likewise, but ``1.120`` is pointed out, as it may be 1120.
    grouped : bool
        Whether commas may group digits by three where points are decimal signs.
    """

    missing: tuple[str, ...] = TYPED_MISSING_WORDS
    decimal: Decimal = "."
    grouped: bool = False

    @classmethod
    def of_types(cls, missing: tuple[str, ...] | None, decimal: str | None) -> TextRules:
        """Return the rules for texts of a source whose columns have types; None stands for the default."""
        words = TYPED_MISSING_WORDS if missing is None else missing
        return cls(words, "," if decimal == "," else ".", decimal == ".")


TYPED = TextRules()


def number_text(value: Any) -> str:
    """Return a number as a person writes it: whole ones without a point."""
    whole = isinstance(value, (int, np.integer)) or (value.is_integer() and abs(value) < 2**53)
    return str(int(value)) if whole else str(value)
