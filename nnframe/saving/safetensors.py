"""The safetensors format, written and read with numpy alone: the formats "nnf" and "safetensors".

A file is: 8 bytes with the length of the header, little-endian; the header, which is JSON; the numbers of all arrays,
one after another. The header has an entry for each array (dtype, shape, and where its numbers begin and end) and
``__metadata__``, a dict of texts. The manifest is one of these texts; a long one is stored as an array of bytes.

Source: https://github.com/huggingface/safetensors, README, "Format".
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Mapping
from io import BufferedReader
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nnframe.arrays import Array, DType
from nnframe.contracts.format import Format
from nnframe.contracts.markers import hookimpl
from nnframe.errors import shown
from nnframe.saving.failures import FOREIGN, DefectError, opened
from nnframe.saving.json_text import decode, encode
from nnframe.saving.manifest import is_shape, little_endian

LENGTH = struct.Struct("<Q")
# The library's limit.
MOST_HEADER_BYTES = 100_000_000
# The library pads headers to this, so that the numbers of every dtype are aligned.
ALIGNMENT = 8
METADATA = "__metadata__"
MANIFEST = "nnframe"
# No name that a caller may give to an array starts with a dot.
MANIFEST_ARRAY = ".nnframe"
LONGEST_IN_HEADER = 2**20

DTYPES: dict[str, DType] = {
    "F32": np.dtype("<f4"), "F64": np.dtype("<f8"), "I8": np.dtype("i1"), "I16": np.dtype("<i2"),
    "I32": np.dtype("<i4"), "I64": np.dtype("<i8"), "U8": np.dtype("u1"), "U16": np.dtype("<u2"),
    "U32": np.dtype("<u4"), "U64": np.dtype("<u8"),
}  # fmt: skip
NAMES = {dtype: name for name, dtype in DTYPES.items()}


class Entry(NamedTuple):
    """An array as the header has it: `start` and `end` count bytes from the end of the header."""

    dtype: DType
    shape: tuple[int, ...]
    start: int
    end: int


class Header(NamedTuple):
    """A header, checked; `size` is the place in the file where it ends."""

    metadata: dict[str, str]
    entries: dict[str, Entry]
    size: int


def write(path: Path, manifest: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Write a manifest and arrays; see `Format`."""
    text = encode(dict(manifest))
    stored = {name: little_endian(array) for name, array in arrays.items()}
    header: dict[str, Any] = {METADATA: {}}
    if len(text) <= LONGEST_IN_HEADER:
        header[METADATA] = {MANIFEST: text.decode("utf-8")}
    else:
        stored[MANIFEST_ARRAY] = np.frombuffer(text, np.uint8)
    # Wide numbers first, as the library orders them, keeps all aligned.
    stored = dict(sorted(stored.items(), key=lambda item: -item[1].dtype.itemsize))
    end = 0
    for name, array in stored.items():
        start, end = end, end + array.nbytes
        header[name] = {"dtype": NAMES[array.dtype], "shape": list(array.shape), "data_offsets": [start, end]}
    head = encode(header)
    head += b" " * (-len(head) % ALIGNMENT)
    with path.open("wb") as file:
        file.write(LENGTH.pack(len(head)) + head)
        for array in stored.values():
            file.write(array.data)


def read(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the manifest and the arrays; see `Format`."""
    with opened(path) as file:
        header = _read_header(file)
        manifest = _read_manifest(file, header)
        file.seek(header.size)
        arrays = {
            name: _read_array(file, name, entry)
            for name, entry in sorted(header.entries.items(), key=lambda item: item[1].start)
        }
    arrays.pop(MANIFEST_ARRAY, None)
    return manifest, arrays


def read_manifest(path: Path) -> dict[str, Any]:
    """Return the manifest alone; see `Format`."""
    with opened(path) as file:
        return _read_manifest(file, _read_header(file))


def _read_header(file: BufferedReader) -> Header:
    """Return the header, in which all arrays together are exactly as long as the rest of the file."""
    file_size = os.fstat(file.fileno()).st_size
    start = file.read(LENGTH.size)
    length = int.from_bytes(start, "little")
    if len(start) < LENGTH.size or length > MOST_HEADER_BYTES:
        raise DefectError("it doesn't begin as a safetensors file does", FOREIGN)
    size = LENGTH.size + length
    if size > file_size:
        raise DefectError(f"it is cut short: its header has {length:,} bytes, but the file has {file_size:,}")
    text = file.read(length)
    if not text.startswith(b"{"):
        raise DefectError("it doesn't begin as a safetensors file does", FOREIGN)
    content = decode(text, "header")
    metadata = content.pop(METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise DefectError(f"its metadata is {shown(metadata)}, expected texts by name")
    entries = {name: _entry(name, item) for name, item in content.items()}
    end = 0
    for name, entry in sorted(entries.items(), key=lambda item: item[1][2:]):
        if entry.start != end:
            raise DefectError(f"array {name!r} begins at byte {entry.start}, expected {end}")
        end = entry.end
    if size + end != file_size:
        what = "cut short" if file_size < size + end else "too long"
        raise DefectError(f"it is {what}: it has {file_size:,} bytes, expected {size + end:,}")
    return Header(metadata, entries, size)


def _entry(name: str, item: object) -> Entry:
    if not isinstance(item, dict) or set(item) != {"dtype", "shape", "data_offsets"}:
        raise DefectError(f"array {shown(name)} is {shown(item)}, expected dtype, shape and data_offsets")
    dtype, shape, offsets = item["dtype"], item["shape"], item["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise DefectError(f"array {shown(name)} has the dtype {shown(dtype)}, expected one of {', '.join(DTYPES)}")
    if not is_shape(shape):
        raise DefectError(f"array {shown(name)} has the shape {shown(shape)}, which is impossible")
    size = math.prod(shape) * DTYPES[dtype].itemsize
    if (
        not isinstance(offsets, list)
        or len(offsets) != 2
        or not all(type(offset) is int and offset >= 0 for offset in offsets)
        or offsets[1] - offsets[0] != size
    ):
        raise DefectError(f"array {shown(name)} has the data_offsets {shown(offsets)}, expected {size} bytes")
    return Entry(DTYPES[dtype], tuple(shape), *offsets)


def _read_manifest(file: BufferedReader, header: Header) -> dict[str, Any]:
    if MANIFEST in header.metadata:
        return decode(header.metadata[MANIFEST].encode("utf-8"), "manifest")
    entry = header.entries.get(MANIFEST_ARRAY)
    if entry is None:
        raise DefectError("it has no manifest of nnframe in its metadata", FOREIGN)
    file.seek(header.size + entry.start)
    return decode(_read_array(file, MANIFEST_ARRAY, entry).tobytes(), "manifest")


def _read_array(file: BufferedReader, name: str, entry: Entry) -> Array:
    array = np.empty(entry.shape, entry.dtype)
    if file.readinto(array.data) < array.nbytes:
        raise DefectError(f"it became shorter while array {shown(name)} was read")
    return array.astype(entry.dtype.newbyteorder("="), copy=False)


NNF = Format("nnf", write, read, read_manifest, suffixes=(".nnf",), doc=__doc__)
SAFETENSORS = Format("safetensors", write, read, read_manifest, suffixes=(".safetensors",), doc=__doc__)


@hookimpl
def nnframe_formats() -> list[Format]:
    """Return one format under two names: nnframe's own, and the one that other libraries know."""
    return [NNF, SAFETENSORS]
