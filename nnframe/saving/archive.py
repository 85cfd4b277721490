"""Archives: arrays and a manifest in one file, written whole or not at all, and read without trust.

Both sides rely on `layout`: what may be in a file, and where, follows from its manifest. Nothing in a file is executed
or unpickled, and memory for an array is taken only when the file has turned out to be as long as its arrays need.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nnframe.arrays import Array
from nnframe.saving.atomic import replacing
from nnframe.saving.failures import FOREIGN, DefectError, file_path, reading, require_file
from nnframe.saving.layout import (
    ArrayEntry,
    Member,
    archive_size,
    array_member,
    as_stored,
    directory,
    local_header,
    local_header_size,
    stated_crc,
)
from nnframe.saving.manifest import MOST_BYTES, array_entries, decode, encode, without_own_keys

if TYPE_CHECKING:
    from typing_extensions import Buffer

MANIFEST_NAME = "manifest.json"


def write_archive(path: str | os.PathLike[str], manifest: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Write arrays and what they are into a file, in place of the one that may be there.

    numpy.load opens such a file, and so does everything that unpacks zip files.

    Parameters
    ----------
    path : str or os.PathLike
        The file. It is written aside and moved over when it is whole: whatever happens on the way leaves the old file.
    manifest : mapping of str to JSON value
        What `read_archive` gives back: dicts, lists, text, numbers, bools and None. The keys format, format_version,
        nnframe_version and arrays are taken.
    arrays : mapping of str to ndarray
        Numbers of 8 to 64 bits, float16 excepted. A name may have parts with slashes between them.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument can't be stored.
    ModelFileError
        If the file can't be written.
    """
    place = file_path(path)
    text = encode(manifest, arrays)
    contents: list[Buffer] = [text]
    contents += [as_stored(array).data for array in arrays.values()]
    # Taken from the text, so that nothing is written that a reader would refuse.
    members = [_manifest_member(len(text)), *map(array_member, array_entries(decode(text)))]
    crcs = []
    with replacing(place) as temporary, temporary.open("wb") as file:
        for member, content in zip(members, contents, strict=True):
            crcs.append(zlib.crc32(content, zlib.crc32(member.header)))
            file.write(local_header(member, crcs[-1]) + member.header)
            file.write(content)
        file.write(directory(members, crcs))


def read_archive(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the manifest and the arrays that `write_archive` wrote.

    Parameters
    ----------
    path : str or os.PathLike
        The file.

    Returns
    -------
    manifest : dict
    arrays : dict of str to ndarray
        In the order in which they were written.

    Raises
    ------
    ModelFileError
        If it is no file that `write_archive` wrote, or is no longer as it wrote it.
    """
    place = file_path(path)
    with reading(place), _opened(place) as file:
        document, manifest, crc = _read_manifest(file)
        entries = array_entries(document)
        members = [manifest, *map(array_member, entries)]
        _require_size(file, archive_size(members))
        crcs, arrays = [crc], {}
        for entry, member in zip(entries, members[1:], strict=True):
            arrays[entry.name], crc = _read_array(file, entry, member)
            crcs.append(crc)
        if file.read() != directory(members, crcs):
            raise DefectError("its list of members is not what its manifest says")
        return without_own_keys(document), arrays


def read_document(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the manifest of a file with all that it says of itself, reading nothing else.

    Raises
    ------
    ModelFileError
        If it is no file that `write_archive` wrote, as far as its first bytes tell.
    """
    place = file_path(path)
    with reading(place), _opened(place) as file:
        return _read_manifest(file)[0]


def _opened(path: Path) -> BufferedReader:
    require_file(path)
    return path.open("rb")


def _read_manifest(file: BufferedReader) -> tuple[dict[str, Any], Member, int]:
    """Return the document, its member and its check sum; the file stands behind it then."""
    head = file.read(local_header_size(MANIFEST_NAME))
    size = int.from_bytes(head[-8:], "little")
    member, stated = _manifest_member(size), stated_crc(head)
    if head != local_header(member, stated):
        raise DefectError("it doesn't begin as nnframe's files do", FOREIGN)
    if size > MOST_BYTES:
        raise DefectError(f"its manifest has {size} bytes, and can have {MOST_BYTES}")
    text = file.read(size)
    if len(text) < size:
        raise DefectError("it ends within its manifest")
    if zlib.crc32(text) != stated:
        raise DefectError("the check sum of its manifest is wrong")
    return decode(text), member, stated


def _read_array(file: BufferedReader, entry: ArrayEntry, member: Member) -> tuple[Array, int]:
    """Return an array and its member's check sum."""
    head = file.read(local_header_size(member.name) + len(member.header))
    stated = stated_crc(head)
    if head != local_header(member, stated) + member.header:
        raise DefectError(f"what stands before array {entry.name!r} is not what its manifest says")
    array = np.empty(entry.shape, entry.dtype)
    file.readinto(array.data)
    if zlib.crc32(array.data, zlib.crc32(member.header)) != stated:
        raise DefectError(f"the check sum of array {entry.name!r} is wrong")
    return array.astype(entry.dtype.newbyteorder("="), copy=False), stated


def _require_size(file: BufferedReader, wanted: int) -> None:
    """Raise unless a file is as long as its manifest says, before memory is taken for any array."""
    size = os.fstat(file.fileno()).st_size
    if size != wanted:
        what = "cut short" if size < wanted else "too long"
        raise DefectError(f"it is {what}: it has {size} bytes, and its manifest tells of {wanted}")


def _manifest_member(size: int) -> Member:
    return Member(MANIFEST_NAME, b"", size)
