"""Data that is sent to workers by reference: as the name of a file, or as the function that loads it."""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nnframe.arrays import Array
from nnframe.data import Pairs

# Arrays of fewer bytes are sent with each job: a file for them would cost more.
FEW_BYTES = 2**18
# Data sets that a worker keeps after a job, for the next one.
MOST_KEPT = 2


class MappedArray(NamedTuple):
    """A part of a file that is an array."""

    file: str
    dtype: str
    shape: tuple[int, ...]
    offset: int

    def load(self) -> Array:
        """Return the array, read from the file where it is used."""
        return np.memmap(self.file, np.dtype(self.dtype), "r", self.offset, self.shape)


@dataclass(frozen=True)
class PairsReference:
    """Pairs over arrays that are in files, or small."""

    X: MappedArray | Array
    Y: MappedArray | Array

    def load(self) -> Pairs:
        """Return the pairs."""
        return Pairs(*(each.load() if isinstance(each, MappedArray) else each for each in (self.X, self.Y)))


@dataclass(frozen=True)
class Loader:
    """A function that returns data."""

    function: Callable[[], Any]

    def load(self) -> Any:
        """Return the data; a worker loads the same data once."""
        return _kept(self.function)


@dataclass(frozen=True)
class Value:
    """Data that is sent as it is."""

    data: Any

    def load(self) -> Any:
        """Return the data."""
        return self.data


class References:
    """Makes references to data, the same one for the same data.

    Parameters
    ----------
    folder : pathlib.Path or None
        Where to write large arrays that are in memory, so that workers on this machine can read them; None to send them
        with each job.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._written: dict[Hashable, tuple[Array, MappedArray]] = {}

    def to(self, data: Any) -> Loader | PairsReference | Value:
        """Return a reference to data."""
        if callable(data):
            return Loader(data)
        if isinstance(data, Pairs):
            return PairsReference(self._array(data.X), self._array(data.Y))
        return Value(data)

    def _array(self, array: Array) -> MappedArray | Array:
        mapped = mapped_array(array)
        if mapped is not None:
            return mapped
        if self._folder is None or array.nbytes <= FEW_BYTES:
            return array
        key = (array.ctypes.data, array.shape, array.strides, array.dtype)
        if key not in self._written:
            file = self._folder / f"{len(self._written)}.npy"
            np.save(file, np.ascontiguousarray(array))
            mapped = mapped_array(np.load(file, mmap_mode="r"))
            assert mapped is not None
            # With the array itself, so that no other array can get its address.
            self._written[key] = array, mapped
        return self._written[key][1]


def mapped_array(array: Array) -> MappedArray | None:
    """Return where in a file an array is; None if it isn't in one, or not in one piece."""
    root: Any = array
    while isinstance(root, np.ndarray) and isinstance(root.base, np.ndarray):
        root = root.base
    # What was written to a copy-on-write map is not in the file.
    if not isinstance(root, np.memmap) or root.filename is None or root.mode == "c" or not array.flags.c_contiguous:
        return None
    if root.mode != "r":
        root.flush()
    offset = root.offset + array.ctypes.data - root.ctypes.data
    return MappedArray(str(Path(root.filename).resolve()), array.dtype.str, array.shape, offset)


# With the function itself: where its address is the key, no other function can get it.
_loaded: OrderedDict[Hashable, tuple[Callable[[], Any], Any]] = OrderedDict()
_lock = threading.Lock()


def forget_loaded() -> None:
    """Let go of the data that this process has loaded."""
    with _lock:
        _loaded.clear()


def _kept(function: Callable[[], Any]) -> Any:
    key = _identity(function)
    # Threads that need the same data wait for the first to load it.
    with _lock:
        if key not in _loaded:
            _loaded[key] = function, function()
            if len(_loaded) > MOST_KEPT:
                _loaded.popitem(last=False)
        _loaded.move_to_end(key)
        return _loaded[key][1]


def _identity(function: Callable[[], Any]) -> Hashable:
    """Return what is the same for the same function in another pickle."""
    if isinstance(function, functools.partial):
        key = (function.func, function.args, tuple(sorted(function.keywords.items())))
        try:
            hash(key)
        except TypeError:
            return id(function)
        return key
    return function if isinstance(function, Hashable) else id(function)
