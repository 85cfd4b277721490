"""One way to write each category and class: 1 and 1.0 are the same, and so are True and true."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from nnframe_table.numerals import NUMBER, number_text

TRUTH = {"true": True, "yes": True, "false": False, "no": False}
WHOLE = re.compile(r"[+-]?[0-9]{1,40}")
# As in a postal code, which is not a number.
LEADING_ZERO = re.compile(r"[+-]?0[0-9]")


def normalizer(labels: Collection[str]) -> Callable[[str], str]:
    """Return a function that turns a text into the form in which a column's labels are compared.

    Parameters
    ----------
    labels : collection of str
        All labels. If each is a number without leading zeros, numbers are written as `number_text` does; if each is a
        word for true or false, such words become lowercase. Otherwise texts stay as they are.

    Examples
    --------
    >>> normalizer(["1", "2"])("1.0"), normalizer(["true"])("TRUE"), normalizer(["01", "2"])("2.0")
    ('1', 'true', '2.0')
    """
    if all(label.lower() in TRUTH for label in labels):
        return str.lower
    if all(NUMBER.fullmatch(label) and not LEADING_ZERO.match(label) for label in labels):
        return _as_number
    return str


def merged(counts: Mapping[str, int]) -> dict[str, int]:
    """Return how often each label occurs, with those added up that are the same label written differently."""
    normal, found = normalizer(counts), dict[str, int]()
    for label, count in counts.items():
        found[normal(label)] = found.get(normal(label), 0) + count
    return found


def _as_number(label: str) -> str:
    if not NUMBER.fullmatch(label) or LEADING_ZERO.match(label):
        return label
    return str(int(label)) if WHOLE.fullmatch(label) else number_text(float(label))
