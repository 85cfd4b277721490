"""numpy's files: .npy, which is mapped and never read as a whole, and .npz."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import DataError, one_line
from nnframe_table.cells import cells_of_array
from nnframe_table.sources.source import CHUNK_BYTES, Chunk, rows_from

FEATURES, TARGET = "X", "y"


class NumpySource:
    """An array whose rows are samples, with columns called by their places from 0 on, and perhaps a column ``y``.

    Parameters
    ----------
    path : pathlib.Path
        A .npy file with an array of shape (N, columns), or a .npz file with X of that shape and, if it is to train or
        to evaluate with, y of shape (N,) or (N, 1).

    Raises
    ------
    DataError
        If the file is none of these.
    """

    row_hint = "the first is row 1"

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        self._target: Array | None = None
        loaded = _load(path)
        if isinstance(loaded, dict):
            self._features = loaded[FEATURES]
            self._target = loaded.get(TARGET)
        else:
            self._features = loaded
        self._check()
        self.columns = tuple(str(i) for i in range(self._features.shape[1]))
        if self._target is not None:
            self.columns += (TARGET,)

    def chunks(self, columns: Collection[str]) -> Iterator[Chunk]:
        """Read some of the columns from the first row on."""
        places = [i for i in range(self._features.shape[1]) if str(i) in columns]
        every = len(places) == self._features.shape[1]
        count = max(1, CHUNK_BYTES // (8 * self._features.shape[1]))
        for start in range(0, len(self._features), count):
            block = self._mapped_anew()[start : start + count]
            # Columns become contiguous in one go, which is several times faster than one by one.
            by_column = np.ascontiguousarray((block if every else block[:, places]).T)
            cells = {str(i): cells_of_array(by_column[k]) for k, i in enumerate(places)}
            if self._target is not None and TARGET in columns:
                cells[TARGET] = cells_of_array(self._target[start : start + count])
            yield Chunk(rows_from(start + 1, len(block)), cells)

    def _mapped_anew(self) -> Array:
        """Return the inputs; if they are in a file, such that what was read of it before takes up no memory."""
        if not isinstance(self._features, np.memmap):
            return self._features
        try:
            self._features = np.load(self._path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise DataError(f"{self.name} can't be read any more: {one_line(error)}") from error
        return self._features

    def _check(self) -> None:
        if self._features.ndim != 2 or self._features.shape[1] == 0:
            raise DataError(
                f"{self.name} holds an array of shape {self._features.shape}; wanted (N, columns), one row a sample"
            )
        if self._target is None:
            return
        shape, wanted = self._target.shape, len(self._features)
        if shape not in ((wanted,), (wanted, 1)):
            raise DataError(
                f"y in {self.name} has shape {shape}; wanted ({wanted},), one target for each row of X: classes are "
                f"given by name or number, y.argmax(axis=1) for one-hot rows"
            )
        self._target = self._target.reshape(-1)


def _load(path: Path) -> Array | dict[str, Array]:
    name = str(path)
    try:
        if path.suffix.lower() == ".npz":
            with np.load(path, allow_pickle=False) as file:
                if not hasattr(file, "files"):
                    raise DataError(f"{name} is a .npy file by its content; rename it")
                if FEATURES not in file.files:
                    held = ", ".join(file.files) or "nothing"
                    raise DataError(f"{name} holds {held}; wanted an array X, one row a sample, and y with the targets")
                # Whatever else is in it may be of any type.
                return {key: _plain(file[key], key, name) for key in (FEATURES, TARGET) if key in file.files}
        return _plain(np.load(path, mmap_mode="r", allow_pickle=False), "the array", name)
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, DataError):
            raise
        # numpy takes whatever it doesn't know for pickled objects, and advises to run what is in them.
        odd = "pickle" in str(error) or "Python objects" in str(error)
        why = "it is damaged, of another format, or holds Python objects" if odd else one_line(error)
        raise DataError(f"{name} can't be read as {path.suffix}: {why}") from error


def _plain(array: Any, key: str, name: str) -> Array:
    if not isinstance(array, np.ndarray):
        raise DataError(f"{name} is a .npz file by its content; rename it")
    if array.dtype.kind not in "iufbU":
        raise DataError(f"{key} in {name} has dtype {array.dtype}; wanted numbers, booleans or texts")
    return array
