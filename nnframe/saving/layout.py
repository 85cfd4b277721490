"""The bytes of an archive: a zip file of numpy's .npy members, in the one form that nnframe writes.

Members are stored one after another, without compression, gaps, comments or times, the manifest first. So the manifest
determines every byte of a file but the numbers and their check sums, and a reader need not trust what a file says of
itself: it compares.

Sources: PKWARE, "APPNOTE.TXT - .ZIP File Format Specification", 6.3.10, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16 and
4.5.3; "A Simple File Format for NumPy Arrays", NumPy Enhancement Proposal 1.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from nnframe.arrays import Array, DType

LOCAL = struct.Struct("<4s5H3L2H")
LOCAL_CRC_AT = 14
CENTRAL = struct.Struct("<4s6H3L5H2L")
END_64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR = struct.Struct("<4sLQL")
END = struct.Struct("<4s4H2LH")
SIZES = struct.Struct("<2H2Q")
SIZES_AND_OFFSET = struct.Struct("<2H3Q")

# Sizes and offsets stand in 64-bit fields always: these mark the 32-bit and 16-bit fields that they replace.
SEE_64 = 0xFFFFFFFF
SEE_64_SHORT = 0xFFFF
ZIP64 = 1
NEEDS_ZIP64 = 45
MADE_ON_UNIX = 3 << 8 | NEEDS_ZIP64
STORED = NO_FLAGS = 0
# The earliest that the format can say, 1980-01-01 00:00, so that equal nets make equal files.
NO_TIME, NO_DATE = 0, 1 << 5 | 1
READABLE = 0o100644 << 16

NPY_MAGIC = b"\x93NUMPY\x01\x00"
NPY_ALIGNMENT = 64


class ArrayEntry(NamedTuple):
    """An array as the manifest lists it.

    Attributes
    ----------
    name : str
    dtype : numpy.dtype
        Little-endian.
    shape : tuple of int
    """

    name: str
    dtype: DType
    shape: tuple[int, ...]


class Member(NamedTuple):
    """A file within the zip file.

    Attributes
    ----------
    name : str
    header : bytes
        What stands before the numbers.
    size : int
        The bytes of it all.
    """

    name: str
    header: bytes
    size: int


def array_member(entry: ArrayEntry) -> Member:
    """Return the member that holds an array, in version 1.0 of numpy's format and in C order."""
    text = f"{{'descr': '{entry.dtype.str}', 'fortran_order': False, 'shape': {entry.shape}, }}"
    before = len(NPY_MAGIC) + 2
    text += " " * (-(before + len(text) + 1) % NPY_ALIGNMENT) + "\n"
    header = NPY_MAGIC + struct.pack("<H", len(text)) + text.encode("ascii")
    return Member(f"{entry.name}.npy", header, len(header) + math.prod(entry.shape) * entry.dtype.itemsize)


def local_header(member: Member, crc: int) -> bytes:
    """Return what stands before a member's content."""
    name = member.name.encode("ascii")
    return (
        LOCAL.pack(
            b"PK\3\4", NEEDS_ZIP64, NO_FLAGS, STORED, NO_TIME, NO_DATE, crc, SEE_64, SEE_64, len(name), SIZES.size
        )
        + name
        + SIZES.pack(ZIP64, SIZES.size - 4, member.size, member.size)
    )


def local_header_size(name: str) -> int:
    """Return the length of what stands before a member's content."""
    return LOCAL.size + len(name) + SIZES.size


def stated_crc(head: bytes) -> int:
    """Return the check sum that stands in a local header."""
    return int.from_bytes(head[LOCAL_CRC_AT : LOCAL_CRC_AT + 4], "little")


def archive_size(members: Iterable[Member]) -> int:
    """Return the length of a whole archive."""
    total = END_64.size + LOCATOR.size + END.size
    for member in members:
        total += local_header_size(member.name) + member.size
        total += CENTRAL.size + len(member.name) + SIZES_AND_OFFSET.size
    return total


def directory(members: Sequence[Member], crcs: Iterable[int]) -> bytes:
    """Return what stands behind the last member: the list of all members, and where it begins."""
    entries = b"".join(_directory_entries(members, crcs))
    start = sum(local_header_size(member.name) + member.size for member in members)
    return (
        entries
        + END_64.pack(
            b"PK\6\6",
            END_64.size - 12,
            MADE_ON_UNIX,
            NEEDS_ZIP64,
            0,
            0,
            len(members),
            len(members),
            len(entries),
            start,
        )
        + LOCATOR.pack(b"PK\6\7", 0, start + len(entries), 1)
        + END.pack(b"PK\5\6", 0, 0, SEE_64_SHORT, SEE_64_SHORT, SEE_64, SEE_64, 0)
    )


def _directory_entries(members: Iterable[Member], crcs: Iterable[int]) -> Iterator[bytes]:
    offset = 0
    for member, crc in zip(members, crcs, strict=True):
        name = member.name.encode("ascii")
        yield CENTRAL.pack(
            b"PK\1\2", MADE_ON_UNIX, NEEDS_ZIP64, NO_FLAGS, STORED, NO_TIME, NO_DATE, crc, SEE_64, SEE_64,
            len(name), SIZES_AND_OFFSET.size, 0, 0, 0, READABLE, SEE_64,
        )  # fmt: skip
        yield name
        yield SIZES_AND_OFFSET.pack(ZIP64, SIZES_AND_OFFSET.size - 4, member.size, member.size, offset)
        offset += local_header_size(member.name) + member.size


def little_endian(dtype: DType) -> DType:
    """Return a dtype in the order of bytes that files have."""
    ordered: DType = dtype.newbyteorder("<")
    return ordered


def as_stored(array: Array) -> Array:
    """Return an array as its bytes stand in a file: little-endian and in C order; itself where it is so already."""
    return np.asarray(array, dtype=little_endian(array.dtype), order="C")
