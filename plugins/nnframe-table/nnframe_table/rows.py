"""Arrays for converted rows: in memory, or in a temporary file that numpy maps."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np

from nnframe.arrays import Array, DType
from nnframe.errors import DataError

# What a temporary file leaves free, because a full disk harms every program.
RESERVE_BYTES = 1 << 28


def empty_rows(shape: tuple[int, int], dtype: DType, folder: Path | None) -> Array:
    """Return an array to be filled.

    Parameters
    ----------
    shape : tuple of int
    dtype : numpy.dtype
    folder : pathlib.Path or None
        Where a temporary file is made for it; None for memory. The file has no name where the system allows that, so it
        is gone however the process ends, and its space is free once the array is.

    Raises
    ------
    DataError
        If the folder can't be written to or does not have enough space.
    """
    if folder is None or 0 in shape:
        return np.empty(shape, dtype)
    needed = shape[0] * shape[1] * dtype.itemsize
    try:
        free = shutil.disk_usage(folder).free
        if free < needed + RESERVE_BYTES:
            raise DataError(
                f"a temporary file of {needed:,} bytes doesn't fit into {folder}, where {free:,} are free; free some, "
                f"or choose another folder"
            )
        with tempfile.TemporaryFile(dir=folder, prefix="nnframe-") as file:
            if hasattr(os, "posix_fallocate"):
                # Writing to a map of a file with holes would end the process once the disk is full.
                os.posix_fallocate(file.fileno(), 0, needed)
            return np.memmap(file, dtype, "r+" if hasattr(os, "posix_fallocate") else "w+", shape=shape)
    except OSError as error:
        raise DataError(
            f"no temporary file can be written in {folder}: {error.strerror or error}; choose another folder"
        ) from error
