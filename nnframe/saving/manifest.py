"""The manifest: the JSON in every file that says which arrays it holds, what they are, and who wrote it."""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from nnframe.arrays import Array, DType
from nnframe.errors import ArgumentError, ArgumentTypeError, shown, with_type
from nnframe.saving.failures import FOREIGN, DefectError
from nnframe.saving.json_text import encode, require_json, require_short
from nnframe.version import __version__

FORMAT = "nnframe"
FORMAT_VERSION = 1
CHECKSUM = "crc32"
# What every manifest says about its file, beside what the caller says.
OWN_KEYS = ("format", "format_version", "nnframe_version", "arrays", CHECKSUM)

DTYPES = {
    name: np.dtype(name)
    for name in (
        "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    )
}  # fmt: skip
# Parts separated by slashes. None may start with a dot, so that unpacking the arrays into files stays in one folder.
ARRAY_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
VERSION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.!+_-]{0,98}[A-Za-z0-9])?")

MOST_NAME_LETTERS = 200
MOST_DIMENSIONS = 8
# What numpy can count in bytes for the widest dtype.
MOST_ELEMENTS = 2**59


class ArrayEntry(NamedTuple):
    """An array as the manifest lists it.

    Attributes
    ----------
    name : str
    dtype : numpy.dtype
    shape : tuple of int
    """

    name: str
    dtype: DType
    shape: tuple[int, ...]


def full_manifest(manifest: Mapping[str, Any], arrays: Mapping[str, Array]) -> dict[str, Any]:
    """Return a caller's manifest with what it must say about its file: version, list of arrays, checksum.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If it is not JSON, uses one of these keys itself, or an array can't be stored.
    """
    taken = [key for key in OWN_KEYS if key in manifest]
    if taken:
        raise ArgumentError(f"manifest has the key {taken[0]!r}, which is reserved; rename it")
    full = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "nnframe_version": __version__,
        **manifest,
        "arrays": [_array_item(name, array) for name, array in arrays.items()],
    }
    require_json(full, "manifest")
    text = encode(full, sort_keys=True)
    require_short(text, "manifest")
    return full | {CHECKSUM: _checksum(text, arrays)}


def check_version(manifest: Mapping[str, Any]) -> None:
    """Raise unless a file's manifest is one that this version of nnframe reads.

    Raises
    ------
    DefectError
        If it isn't, with what to do.
    """
    if manifest.get("format") != FORMAT:
        raise DefectError(f"its manifest doesn't say that its format is {FORMAT!r}", FOREIGN)
    version, written_by = manifest.get("format_version"), manifest.get("nnframe_version")
    if type(version) is not int or version < 1:
        raise DefectError(f"its format_version is {shown(version)}, expected a whole number of at least 1")
    if version > FORMAT_VERSION:
        raise DefectError(
            f"it has version {version} of the format and was saved by nnframe {shown(written_by)}; nnframe "
            f"{__version__} reads versions up to {FORMAT_VERSION}",
            "pip install --upgrade nnframe",
        )
    if not isinstance(written_by, str) or not VERSION.fullmatch(written_by):
        raise DefectError(f"its nnframe_version is {shown(written_by)}, which is not a version")


def check_arrays(manifest: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Raise unless the arrays of a file are those that its manifest lists, with the checksum that it states.

    Raises
    ------
    DefectError
        If they aren't.
    """
    listed = {entry.name: entry for entry in array_entries(manifest)}
    if set(listed) != set(arrays):
        raise DefectError("its arrays are not those that its manifest lists")
    for name, array in arrays.items():
        if (array.dtype, array.shape) != (listed[name].dtype, listed[name].shape):
            raise DefectError(f"array {name!r} is not what its manifest says")
    stated = manifest.get(CHECKSUM)
    text = encode({key: value for key, value in manifest.items() if key != CHECKSUM}, sort_keys=True)
    if stated != _checksum(text, {name: arrays[name] for name in listed}):
        raise DefectError("its checksum is wrong")


def array_entries(manifest: Mapping[str, Any]) -> list[ArrayEntry]:
    """Return the arrays that a manifest lists.

    Raises
    ------
    DefectError
        If a name, dtype or shape is impossible, or a name occurs twice.
    """
    listed = manifest.get("arrays")
    if not isinstance(listed, list):
        raise DefectError("its manifest has no list of arrays")
    entries = [_array_entry(item) for item in listed]
    if len({entry.name for entry in entries}) < len(entries):
        raise DefectError("its manifest lists two arrays of the same name")
    return entries


def without_own_keys(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the caller of `full_manifest` passed."""
    return {key: value for key, value in manifest.items() if key not in OWN_KEYS}


def is_shape(shape: object) -> bool:
    """Return whether a value from a file is the shape of an array that numpy can make."""
    return (
        isinstance(shape, list)
        and len(shape) <= MOST_DIMENSIONS
        and all(type(length) is int and length >= 0 for length in shape)
        # numpy refuses lengths whose product is too large even where another length is 0.
        and math.prod(max(length, 1) for length in shape) <= MOST_ELEMENTS
    )


def little_endian(array: Array) -> Array:
    """Return an array as it is stored: little-endian and in C order; the same array if it already is."""
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


def _checksum(text: bytes, arrays: Mapping[str, Array]) -> str:
    """Return the CRC-32 of a manifest's text, with its keys sorted, and of the arrays' numbers."""
    crc = zlib.crc32(text)
    for array in arrays.values():
        crc = zlib.crc32(little_endian(array).data, crc)
    return f"{crc:08x}"


def _array_item(name: object, array: object) -> dict[str, Any]:
    if not isinstance(name, str) or not _is_array_name(name):
        raise ArgumentError(
            f"arrays has the name {shown(name)}; expected letters, digits, '_', '-' and '.', in parts separated by '/',"
            f" and at most {MOST_NAME_LETTERS} characters"
        )
    if not isinstance(array, np.ndarray):
        raise ArgumentTypeError(f"arrays[{name!r}] is {with_type(array)}; expected a numpy array")
    if array.dtype.name not in DTYPES:
        raise ArgumentTypeError(f"arrays[{name!r}] has dtype {array.dtype}; expected one of {', '.join(DTYPES)}")
    if not is_shape(list(array.shape)):
        raise ArgumentError(f"arrays[{name!r}] has {array.ndim} dimensions; expected at most {MOST_DIMENSIONS}")
    return {"name": name, "dtype": array.dtype.name, "shape": list(array.shape)}


def _array_entry(item: object) -> ArrayEntry:
    if not isinstance(item, dict) or set(item) != {"name", "dtype", "shape"}:
        raise DefectError(f"its manifest lists {shown(item)} as an array, expected name, dtype and shape")
    name, dtype, shape = item["name"], item["dtype"], item["shape"]
    if not isinstance(name, str) or not _is_array_name(name):
        raise DefectError(f"its manifest lists an array of the name {shown(name)}, which is not allowed")
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise DefectError(f"array {name!r} has the dtype {shown(dtype)}, expected one of {', '.join(DTYPES)}")
    if not is_shape(shape):
        raise DefectError(f"array {name!r} has the shape {shown(shape)}, which is impossible")
    return ArrayEntry(name, DTYPES[dtype], tuple(shape))


def _is_array_name(name: str) -> bool:
    return len(name) <= MOST_NAME_LETTERS and ARRAY_NAME.fullmatch(name) is not None
