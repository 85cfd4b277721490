"""One spelling for categories and classes, whatever they come from: 1 and 1.0 are the same, as are True and true."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from nnframe_table.cells import NUMBER, number_text

TRUTH = {"true": True, "yes": True, "false": False, "no": False}
WHOLE = re.compile(r"[+-]?\d{1,40}", re.ASCII)
# As of a postal code, which is no number.
LEADING_ZERO = re.compile(r"[+-]?0\d")


def spelling_of(texts: Collection[str]) -> Callable[[str], str]:
    """Return what turns a text into the spelling that all of a column's are known by.

    Parameters
    ----------
    texts : collection of str
        All that occur. If each is a number without leading zeros, numbers are written as `number_text` does; if each
        is a truth word, truth words are in small letters. Otherwise texts stay as they are.

    Examples
    --------
    >>> spelling_of(["1", "2"])("1.0"), spelling_of(["true"])("TRUE"), spelling_of(["01", "2"])("2.0")
    ('1', 'true', '2.0')
    """
    if all(text.lower() in TRUTH for text in texts):
        return str.lower
    if all(NUMBER.fullmatch(text) and not LEADING_ZERO.match(text) for text in texts):
        return _as_number
    return str


def merged(counts: Mapping[str, int]) -> dict[str, int]:
    """Return how often each text occurs, with those counted together that are spelled alike."""
    spelled, found = spelling_of(counts), dict[str, int]()
    for text, count in counts.items():
        found[spelled(text)] = found.get(spelled(text), 0) + count
    return found


def _as_number(text: str) -> str:
    if not NUMBER.fullmatch(text) or LEADING_ZERO.match(text):
        return text
    return str(int(text)) if WHOLE.fullmatch(text) else number_text(float(text))
