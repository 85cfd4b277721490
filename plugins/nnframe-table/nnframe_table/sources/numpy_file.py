"""numpy's files, .npy and .npz, read some rows at a time; neither is loaded or mapped as a whole."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.lib import format as npy

from nnframe.arrays import Array, DType
from nnframe.errors import DataError
from nnframe_table.numerals import TextRules
from nnframe_table.sources.source import CHUNK_BYTES, CHUNK_CELLS, Chunk, reading
from nnframe_table.sources.values import cells_of_array

FEATURES, TARGET = "X", "y"
NPY_MAGIC, ZIP_MAGIC = b"\x93NUMPY", b"PK"
# The rows of an array that is stored column by column in a .npz file can only be had from all of it.
MOST_COLUMN_MAJOR_BYTES = 1 << 30


class NumpySource:
    """An array whose rows are samples, with columns called by their index from 0, and perhaps a column ``y``.

    Parameters
    ----------
    path : pathlib.Path
        A .npy file with an array of shape (N, columns), or a .npz file with X of that shape and, to train or to
        evaluate with, y of shape (N,) or (N, 1).
    rules : TextRules
        For arrays of texts.

    Raises
    ------
    DataError
        If the file holds something else.
    """

    row_hint = "the first is row 1"

    def __init__(self, path: Path, rules: TextRules) -> None:
        self.name, self._path, self._rules = str(path), path, rules
        with reading(self.name, f"can't be read as {path.suffix}"):
            self._members = _members(path)
        self._features, self._target = self._members[0], self._members[-1] if len(self._members) > 1 else None
        self._check()
        self.columns = tuple(str(i) for i in range(self._features.shape[1]))
        if self._target is not None:
            self.columns += (TARGET,)

    def chunks(self, columns: Collection[str]) -> Iterator[Chunk]:
        """Read some of the columns from the first row on."""
        n_rows, width = self._features.shape
        asked = set(columns)
        places = [i for i in range(width) if str(i) in asked]
        count = max(1, min(CHUNK_BYTES // (self._features.dtype.itemsize * width), CHUNK_CELLS // width))
        with reading(self.name), ExitStack() as files:
            members = [_Reader(files, self._path, member) for member in self._members]
            for start in range(0, n_rows, count):
                stop = min(start + count, n_rows)
                block = members[0].rows(start, stop)
                # Making all columns contiguous at once is several times faster than one by one.
                by_column = np.ascontiguousarray((block if len(places) == width else block[:, places]).T)
                cells = {str(i): cells_of_array(by_column[k], self._rules) for k, i in enumerate(places)}
                if self._target is not None:
                    target = members[-1].rows(start, stop).reshape(-1)
                    if TARGET in asked:
                        cells[TARGET] = cells_of_array(target, self._rules)
                yield Chunk(start + 1, stop - start, cells)

    def _check(self) -> None:
        shape = self._features.shape
        if len(shape) != 2 or shape[1] == 0:
            raise DataError(f"{self.name} holds an array of shape {shape}; expected (N, columns), one row a sample")
        if self._target is not None and self._target.shape not in ((shape[0],), (shape[0], 1)):
            raise DataError(
                f"y in {self.name} has shape {self._target.shape}; expected ({shape[0]},), one target for each row of "
                f"X: give classes by name or number, y.argmax(axis=1) for one-hot rows"
            )


class _Member(NamedTuple):
    """An array in a file: in the zip archive under a name, or the file itself."""

    key: str | None
    shape: tuple[int, ...]
    by_columns: bool
    dtype: DType
    header_bytes: int

    @property
    def n_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def _members(path: Path) -> list[_Member]:
    name = str(path)
    with path.open("rb") as file:
        magic = file.read(len(NPY_MAGIC))
        if path.suffix.lower() == ".npy":
            if magic.startswith(ZIP_MAGIC):
                raise DataError(f"{name} is a .npz file by its content; rename it")
            file.seek(0)
            return [_read_header(file, None, "the array", name, path.stat().st_size)]
    if magic == NPY_MAGIC:
        raise DataError(f"{name} is a .npy file by its content; rename it")
    with zipfile.ZipFile(path) as archive:
        held = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        if FEATURES not in held:
            names = ", ".join(map(repr, list(held)[:20])) or "nothing"
            raise DataError(f"{name} holds {names}; expected an array X, one row a sample, and y with the targets")
        found = []
        # The other arrays may be of any type.
        for key in (FEATURES, TARGET):
            if key in held:
                with archive.open(held[key]) as file:
                    found.append(_read_header(file, held[key].filename, key, name, held[key].file_size))
        return found


def _read_header(file: IO[bytes], key: str | None, label: str, name: str, size: int) -> _Member:
    """Read the header of an array and hold what it declares against the bytes that there are."""
    version = npy.read_magic(file)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
    if read is None:
        raise DataError(
            f"{label} in {name} is in version {version} of the format; expected numbers, as numpy saves them"
        )
    shape, by_columns, dtype = read(file)
    if dtype.hasobject:
        raise DataError(f"{label} in {name} holds Python objects, which are not loaded; expected numbers or texts")
    if dtype.kind not in "iufbU" or dtype.itemsize == 0:
        raise DataError(f"{label} in {name} has dtype {dtype}; expected numbers, booleans or texts")
    member = _Member(key, shape, by_columns and len(shape) == 2, dtype, file.tell())
    if member.header_bytes + member.n_bytes != size:
        raise DataError(
            f"{label} in {name} has shape {shape} and dtype {dtype}, which takes {member.n_bytes:,} bytes; the file "
            f"has {size - member.header_bytes:,}: it is damaged, or not fully written"
        )
    if member.by_columns and key is not None and member.n_bytes > MOST_COLUMN_MAJOR_BYTES:
        raise DataError(
            f"{label} in {name} takes {member.n_bytes:,} bytes and is stored column by column, so it can't be read in "
            f"parts; save np.ascontiguousarray({label}), or a .npy file"
        )
    return member


class _Reader:
    """Reads the rows of an array in the order in which they stand."""

    def __init__(self, files: ExitStack, path: Path, member: _Member) -> None:
        self._member = member
        if member.key is None:
            self._file: IO[bytes] = files.enter_context(path.open("rb"))
        else:
            self._file = files.enter_context(files.enter_context(zipfile.ZipFile(path)).open(member.key))
        self._read(member.header_bytes)
        self._whole: Array | None = None

    def rows(self, start: int, stop: int) -> Array:
        """Return the next rows."""
        shape, dtype = self._member.shape, self._member.dtype
        if not self._member.by_columns:
            content = self._read((stop - start) * math.prod(shape[1:]) * dtype.itemsize)
            return np.frombuffer(content, dtype).reshape(-1, *shape[1:])
        if self._member.key is None:
            return np.stack([self._column(i, start, stop) for i in range(shape[1])], axis=1)
        if self._whole is None:
            self._whole = np.frombuffer(self._read(self._member.n_bytes), dtype).reshape(shape, order="F")
        return self._whole[start:stop]

    def _column(self, index: int, start: int, stop: int) -> Array:
        itemsize = self._member.dtype.itemsize
        self._file.seek(self._member.header_bytes + (index * self._member.shape[0] + start) * itemsize)
        return np.frombuffer(self._read((stop - start) * itemsize), self._member.dtype)

    def _read(self, count: int) -> bytes:
        content = self._file.read(count)
        if len(content) < count:
            raise DataError("the file ends early: it is damaged, or was changed while it was read")
        return content
