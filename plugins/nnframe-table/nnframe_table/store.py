"""Rows that are written once, one after the other, into memory or into a temporary file, and then read in any order."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from nnframe.arrays import Array, DType
from nnframe.errors import DataError

# What a file must leave free, for a full disk is everybody's trouble.
RESERVE_BYTES = 1 << 28


class MemoryRows:
    """Rows in memory.

    Parameters
    ----------
    shape : tuple of int
    dtype : numpy.dtype
    """

    def __init__(self, shape: tuple[int, int], dtype: DType) -> None:
        self._rows = np.empty(shape, dtype)
        self._count = 0

    def add(self, rows: Array) -> None:
        """Write rows, shape (N, width), after those that are there."""
        self._rows[self._count : self._count + len(rows)] = rows
        self._count += len(rows)

    def array(self) -> Array:
        """Return all rows."""
        return self._rows

    def close(self) -> None:
        """Do nothing: memory goes with its last user."""


class FileRows:
    """Rows in a temporary file.

    It has no name where the system allows that, so that it is gone whatever ends the process; elsewhere it is deleted
    when it is closed.

    Parameters
    ----------
    shape : tuple of int
    dtype : numpy.dtype
    folder : pathlib.Path

    Raises
    ------
    DataError
        If the folder can't be written to or has no room.
    """

    def __init__(self, shape: tuple[int, int], dtype: DType, folder: Path) -> None:
        self._shape, self._dtype, self._folder = shape, dtype, folder
        needed = shape[0] * shape[1] * dtype.itemsize
        try:
            free = shutil.disk_usage(folder).free
            if free < needed + RESERVE_BYTES:
                raise DataError(
                    f"a temporary file of {needed:,} bytes doesn't fit into {folder}, where {free:,} are free; free "
                    f"some, or choose another folder"
                )
            self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder, prefix="nnframe-")  # noqa: SIM115 - it stays open
        except OSError as error:
            raise self._failed(error) from error

    def add(self, rows: Array) -> None:
        """Write rows, shape (N, width), after those that are there.

        Raises
        ------
        DataError
            If the disk has no room for them.
        """
        try:
            self._file.write(np.ascontiguousarray(rows, self._dtype).data)
        except OSError as error:
            raise self._failed(error) from error

    def array(self) -> Array:
        """Return all rows, as a map of the file that reads what is asked for."""
        if 0 in self._shape:
            return np.empty(self._shape, self._dtype)
        try:
            self._file.flush()
        except OSError as error:
            raise self._failed(error) from error
        mapped: Any = np.memmap(self._file, self._dtype, "r", shape=self._shape)
        return np.asarray(mapped)

    def close(self) -> None:
        """Delete the file. A map of it stays usable where the system allows that."""
        self._file.close()

    def _failed(self, error: OSError) -> DataError:
        return DataError(
            f"no temporary file can be written in {self._folder}: {error.strerror or error}; choose another folder"
        )
