"""The manifest: the JSON document of a file that lists its arrays and says what they are."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn, TypeAlias

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import ArgumentError, ArgumentTypeError, NNFrameError, shown, with_type
from nnframe.saving.failures import FOREIGN, DefectError
from nnframe.saving.layout import ArrayEntry, little_endian
from nnframe.version import __version__

FORMAT = "nnframe"
FORMAT_VERSION = 1
# What write_archive says of itself, beside what the caller says.
OWN_KEYS = ("format", "format_version", "nnframe_version", "arrays")

DTYPES = {
    name: little_endian(np.dtype(name))
    for name in (
        "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    )
}  # fmt: skip
# Parts between slashes, none of which can start with a dot, so that an unpacked archive stays in its folder.
ARRAY_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")

SURROGATE = re.compile("[\ud800-\udfff]")
VERSION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.!+_-]{0,98}[A-Za-z0-9])?")

# Where a value stands: its name, or a place and a key or index there. Text is made of it only for an error.
Place: TypeAlias = "str | tuple[Place, str | int]"

MOST_BYTES = 8 * 2**20
MOST_LEVELS = 32
MOST_DIGITS = 100
LARGEST_INT = 10**MOST_DIGITS - 1
MOST_NAME_LETTERS = 200
MOST_DIMENSIONS = 8
# What numpy can count in bytes, with room for the widest number.
MOST_ELEMENTS = 2**59


def encode(manifest: Mapping[str, Any], arrays: Mapping[str, Array]) -> bytes:
    """Return the manifest of a file as JSON.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If JSON can't give something back as it is, or an array can't be stored.
    """
    taken = [key for key in OWN_KEYS if key in manifest]
    if taken:
        raise ArgumentError(f"manifest has the key {taken[0]!r}, which the file says of itself; rename it")
    require_json(dict(manifest), "manifest")
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "nnframe_version": __version__,
        **manifest,
        "arrays": [_array_item(name, array) for name, array in arrays.items()],
    }
    data = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    if len(data) > MOST_BYTES:
        raise ArgumentError(
            f"manifest makes {len(data)} bytes of JSON; wanted at most {MOST_BYTES}: store long lists as arrays, or in "
            f"a file of their own"
        )
    return data


def decode(data: bytes) -> dict[str, Any]:
    """Return the document that `encode` made.

    Raises
    ------
    DefectError
        If it is no JSON of an object, a number in it isn't finite or too long, a key is there twice, it is nested too
        deep, or another format or version of it.
    """
    try:
        document = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_int=_parse_int,
        )
        require_json(document, "it")
    except (ValueError, RecursionError, NNFrameError) as error:
        # Behind the semicolon stands what somebody who saves can do.
        reason = " ".join(str(error).partition(";")[0].split())
        raise DefectError(f"its manifest is no proper JSON ({reason:.200})") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise DefectError(f"its manifest doesn't say that its format is {FORMAT!r}", FOREIGN)
    version = document.get("format_version")
    if type(version) is not int or version < 1:
        raise DefectError(f"its format_version is {shown(version)}, which is no whole number of at least 1")
    if version > FORMAT_VERSION:
        raise DefectError(
            f"it is in version {version} of the format, and nnframe {__version__} knows {FORMAT_VERSION}, as it was "
            f"saved by nnframe {shown(document.get('nnframe_version'))}",
            "pip install --upgrade nnframe",
        )
    written_by = document.get("nnframe_version")
    if not isinstance(written_by, str) or not VERSION.fullmatch(written_by):
        raise DefectError(f"its nnframe_version is {shown(written_by)}, which is none")
    return document


def array_entries(document: Mapping[str, Any]) -> list[ArrayEntry]:
    """Return the arrays that a document lists.

    Raises
    ------
    DefectError
        If a name, dtype or shape is none that a file can have, or a name is there twice.
    """
    listed = document.get("arrays")
    if not isinstance(listed, list):
        raise DefectError("its manifest has no list of arrays")
    entries = [_array_entry(item) for item in listed]
    if len({entry.name for entry in entries}) < len(entries):
        raise DefectError("its manifest lists two arrays of one name")
    return entries


def without_own_keys(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the caller of `encode` gave."""
    return {key: value for key, value in document.items() if key not in OWN_KEYS}


def require_json(value: object, name: str) -> None:
    """Raise unless JSON gives a value back as it is.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        For a value that isn't None, a bool, int, float, str, list or dict with str keys, or for a dict or list that
        holds one; for numbers that aren't finite or have too many digits; for text that isn't Unicode; for lists and
        dicts nested too deep.
    """
    _require_json(value, name, 0)


def _require_json(value: object, place: Place, level: int) -> None:
    if level > MOST_LEVELS:
        raise ArgumentError(f"{_spelled(place)} is nested more than {MOST_LEVELS} levels deep; keep it flatter")
    if type(value) is dict:
        for key, item in value.items():
            if type(key) is not str:
                raise ArgumentTypeError(f"{_spelled(place)} has the key {with_type(key)}; wanted a str: use str(key)")
            _require_unicode(key, place)
            _require_json(item, (place, key), level + 1)
    elif type(value) is list:
        for i, item in enumerate(value):
            _require_json(item, (place, i), level + 1)
    elif type(value) is str:
        _require_unicode(value, place)
    elif type(value) is float:
        if not math.isfinite(value):
            raise ArgumentError(f"{_spelled(place)} is {value}; wanted a finite number, or None for a missing one")
    elif type(value) is int:
        if abs(value) > LARGEST_INT:
            raise ArgumentError(f"{_spelled(place)} is a number of more than {MOST_DIGITS} digits; store it as a str")
    elif value is not None and type(value) is not bool:
        raise ArgumentTypeError(
            f"{_spelled(place)} is {with_type(value)}; wanted what JSON gives back as it is: None, bool, int, float, "
            f"str, list, or dict with str keys"
        )


def _require_unicode(text: str, place: Place) -> None:
    if not text.isascii() and SURROGATE.search(text):
        raise ArgumentError(f"{_spelled(place)} has {shown(text)}, with half of a surrogate pair; wanted Unicode text")


def _spelled(place: Place) -> str:
    return place if isinstance(place, str) else f"{_spelled(place[0])}[{shown(place[1])}]"


def _array_item(name: object, array: object) -> dict[str, Any]:
    if not isinstance(name, str) or not _is_array_name(name):
        raise ArgumentError(
            f"arrays has the name {shown(name)}; wanted letters, digits, '_', '-' and '.', in parts with '/' between "
            f"them, and at most {MOST_NAME_LETTERS} characters"
        )
    if not isinstance(array, np.ndarray):
        raise ArgumentTypeError(f"arrays[{name!r}] is {with_type(array)}; wanted a numpy array")
    if array.dtype.name not in DTYPES:
        raise ArgumentTypeError(f"arrays[{name!r}] has dtype {array.dtype}; wanted one of {', '.join(DTYPES)}")
    if not _is_shape(list(array.shape)):
        raise ArgumentError(f"arrays[{name!r}] has {array.ndim} dimensions; wanted at most {MOST_DIMENSIONS}")
    return {"name": name, "dtype": array.dtype.name, "shape": list(array.shape)}


def _array_entry(item: object) -> ArrayEntry:
    if not isinstance(item, dict) or set(item) != {"name", "dtype", "shape"}:
        raise DefectError(f"its manifest lists {shown(item)} as an array, which isn't name, dtype and shape")
    name, dtype, shape = item["name"], item["dtype"], item["shape"]
    if not isinstance(name, str) or not _is_array_name(name):
        raise DefectError(f"its manifest lists an array of the name {shown(name)}, which none can have")
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise DefectError(f"array {name!r} has the dtype {shown(dtype)}, which is none of {', '.join(DTYPES)}")
    if not _is_shape(shape):
        raise DefectError(f"array {name!r} has the shape {shown(shape)}, which none can have")
    return ArrayEntry(name, DTYPES[dtype], tuple(shape))


def _is_array_name(name: str) -> bool:
    return len(name) <= MOST_NAME_LETTERS and ARRAY_NAME.fullmatch(name) is not None


def _is_shape(shape: object) -> bool:
    return (
        isinstance(shape, list)
        and len(shape) <= MOST_DIMENSIONS
        and all(type(length) is int and length >= 0 for length in shape)
        # numpy refuses lengths whose product is too large even where another length is 0.
        and math.prod(max(length, 1) for length in shape) <= MOST_ELEMENTS
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key is there twice")
    return made


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _parse_int(text: str) -> int:
    if len(text) > MOST_DIGITS + 1:
        raise ValueError(f"a number has more than {MOST_DIGITS} digits")
    return int(text)
