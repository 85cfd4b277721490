"""JSON that comes back exactly as it was written, within limits that keep a hostile text cheap to read."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn, TypeAlias

from nnframe.errors import ArgumentError, ArgumentTypeError, NNFrameError, shown, with_type
from nnframe.saving.failures import DefectError

MOST_BYTES = 64 * 2**20
# Each value costs up to about 100 bytes of memory, however few bytes of text it takes.
MOST_VALUES = 4_000_000
MOST_LEVELS = 32
MOST_DIGITS = 100
LARGEST_INT = 10**MOST_DIGITS - 1

SURROGATE = re.compile("[\ud800-\udfff]")

# Where a value is: a name, or a parent and the key or index in it. It is turned into text only for an error.
Place: TypeAlias = "str | tuple[Place, str | int]"


def encode(value: dict[str, Any], sort_keys: bool = False) -> bytes:
    """Return a dict for which `require_json` and `require_short` pass as JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=sort_keys).encode(
        "utf-8"
    )


def decode(data: bytes, name: str) -> dict[str, Any]:
    """Return the dict of a JSON text, checked.

    Parameters
    ----------
    data : bytes
    name : str
        What to call it in messages, such as "manifest".

    Raises
    ------
    DefectError
        If the text is not the JSON of a dict, a number is not finite or too long, a key occurs twice, or a limit on
        length, number of values or nesting is exceeded.
    """
    excess = _excess(data)
    if excess:
        raise DefectError(f"its {name} has {excess}")
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse_constant, parse_int=_parse_int
        )
        require_json(value, "it")
    except (ValueError, RecursionError, NNFrameError) as error:
        # The text after the semicolon is advice for someone who saves.
        reason = " ".join(str(error).partition(";")[0].split())
        raise DefectError(f"its {name} is not valid JSON ({reason:.200})") from error
    if not isinstance(value, dict):
        raise DefectError(f"its {name} is {shown(value)}, expected a JSON object")
    return value


def require_json(value: object, name: str) -> None:
    """Raise unless JSON gives a value back exactly.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        For anything but None, bool, int, float, str, and lists and dicts (with str keys) of these; for numbers that are
        not finite or have too many digits; for text that is not Unicode; for lists and dicts nested too deep.
    """
    _require_json(value, name, 0)


def require_short(data: bytes, name: str) -> None:
    """Raise if a text is too long for `decode`.

    Raises
    ------
    ArgumentError
        With the length and the limit.
    """
    excess = _excess(data)
    if excess:
        raise ArgumentError(
            f"{name} as JSON has {excess}: store long lists of numbers as numpy arrays, or in a file of their own"
        )


def _excess(data: bytes) -> str:
    """Return by how much a text exceeds the limits, or "". The separators bound the number of values from above."""
    if len(data) > MOST_BYTES:
        return f"{len(data):,} bytes, expected at most {MOST_BYTES:,}"
    values = sum(map(data.count, (b",", b":", b"[", b"{")))
    return f"{values:,} values, expected at most {MOST_VALUES:,}" if values > MOST_VALUES else ""


def _require_json(value: object, place: Place, level: int) -> None:
    if level > MOST_LEVELS:
        raise ArgumentError(f"{_spelled(place)} is nested more than {MOST_LEVELS} levels deep; make it flatter")
    if type(value) is dict:
        for key, item in value.items():
            if type(key) is not str:
                raise ArgumentTypeError(f"{_spelled(place)} has the key {with_type(key)}; expected a str: use str(key)")
            _require_unicode(key, place)
            _require_json(item, (place, key), level + 1)
    elif type(value) is list:
        for i, item in enumerate(value):
            _require_json(item, (place, i), level + 1)
    elif type(value) is str:
        _require_unicode(value, place)
    elif type(value) is float:
        if not math.isfinite(value):
            raise ArgumentError(f"{_spelled(place)} is {value}; expected a finite number, or None for a missing one")
    elif type(value) is int:
        if abs(value) > LARGEST_INT:
            raise ArgumentError(f"{_spelled(place)} has more than {MOST_DIGITS} digits; store it as a str")
    elif value is not None and type(value) is not bool:
        raise ArgumentTypeError(
            f"{_spelled(place)} is {with_type(value)}; expected None, a bool, int, float, str or numpy array, or a "
            f"list or dict (with str keys) of these"
        )


def _require_unicode(text: str, place: Place) -> None:
    if not text.isascii() and SURROGATE.search(text):
        raise ArgumentError(
            f"{_spelled(place)} has {shown(text)}, with half of a surrogate pair; expected valid Unicode"
        )


def _spelled(place: Place) -> str:
    return place if isinstance(place, str) else f"{_spelled(place[0])}[{shown(place[1])}]"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key occurs twice")
    return made


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")


def _parse_int(text: str) -> int:
    if len(text) > MOST_DIGITS + 1:
        raise ValueError(f"a number has more than {MOST_DIGITS} digits")
    return int(text)
