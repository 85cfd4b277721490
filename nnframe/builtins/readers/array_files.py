"""Opening .npy and .npz files: nothing in them is executed, and sizes are checked before memory is allocated."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import DataError, one_line

INPUTS, TARGETS = "X", "y"
NUMERIC = "biuf"
# A compressed file may unpack to this many bytes, or to this many times its own size: more is refused.
UNPACKED_BYTES, UNPACKED_TIMES = 1 << 30, 20
# deflate, the one compression that numpy writes, makes nothing smaller than that.
MOST_DEFLATED = 1032
MOST_HEADER_BYTES = 10_000


class Samples(NamedTuple):
    """The arrays of a file.

    Attributes
    ----------
    name : str
        The file's.
    X : ndarray, shape (N, n_inputs)
    Y : ndarray, shape (N, n_outputs)
    x_name, y_name : str
        What the two are called in messages.
    """

    name: str
    X: Array
    Y: Array
    x_name: str
    y_name: str


def open_file(source: str) -> Samples:
    """Return the arrays in a .npy or .npz file; a .npy file is memory-mapped.

    Raises
    ------
    DataError
        If it isn't such a file, or holds other arrays.
    """
    path = Path(source)
    if not path.exists():
        raise DataError(f"there is no file {source}")
    if not path.is_file():
        raise DataError(f"{source} is not a regular file; expected a .npy or .npz file")
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == b"PK"
        return _from_npz(source, path) if zipped else _from_npy(source, path)
    except DataError:
        raise
    # numpy, zipfile and zlib raise a dozen kinds of errors for damaged files, tokenize.TokenError among them.
    except Exception as error:
        raise DataError(
            f"{source} can't be read: {one_line(error)}; it is damaged, or not a .npy or .npz file"
        ) from error


def _from_npy(name: str, path: Path) -> Samples:
    with path.open("rb") as file:
        _checked_header(file, name, "the array")
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if array.ndim != 2 or array.shape[1] < 2:
        raise DataError(
            f"{name} holds an array of shape {array.shape}; expected (N, n_inputs + 1): one sample in each row, with "
            f"its target in the last column"
        )
    return _checked(Samples(name, array[:, :-1], array[:, -1:], "the array", "the last column"))


def _from_npz(name: str, path: Path) -> Samples:
    with zipfile.ZipFile(path) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        keys = (
            (INPUTS, TARGETS)
            if INPUTS in members and TARGETS in members
            else (*list(members)[:1], *list(members)[1:][-1:])
        )
        if len(keys) < 2:
            raise DataError(
                f"{name} holds {', '.join(members) or 'no arrays'}; expected two arrays, X with one sample in each row "
                f"and y with the targets"
            )
        X, y = (_member(archive, members[key], name, key, path.stat().st_size) for key in keys)
    if X.ndim != 2 or 0 in X.shape:
        raise DataError(f"{keys[0]} in {name} has shape {X.shape}; expected (N, n_inputs), one sample in each row")
    if y.ndim not in (1, 2) or len(y) != len(X) or 0 in y.shape:
        raise DataError(
            f"{keys[1]} in {name} has shape {y.shape}; expected ({len(X)},) or ({len(X)}, n_outputs), one target for "
            f"each row of {keys[0]}"
        )
    return _checked(Samples(name, X, y.reshape(len(y), -1), *keys))


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, key: str, size: int) -> Array:
    most = max(UNPACKED_BYTES, UNPACKED_TIMES * size)
    if info.file_size > most:
        raise DataError(
            f"{key} in {name} unpacks to {info.file_size:,} bytes, from a file of {size:,}; save large arrays as .npy, "
            f"which is not compressed and is read in parts"
        )
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(f"{key} in {name} is compressed in a way that numpy doesn't write; save it with numpy.savez")
    packed = min(info.compress_size, size)
    if info.file_size > packed * (MOST_DEFLATED if info.compress_type == zipfile.ZIP_DEFLATED else 1):
        raise DataError(f"{key} in {name} says that {packed:,} bytes unpack to {info.file_size:,}; the file is damaged")
    with archive.open(info) as file:
        declared = _checked_header(file, name, key)
        if declared > info.file_size:
            raise DataError(f"{key} in {name} says that it has {declared:,} bytes, but there are {info.file_size:,}")
    with archive.open(info) as file:
        return np.asarray(np.lib.format.read_array(file, allow_pickle=False))


def _checked_header(file: IO[bytes], name: str, key: str) -> int:
    """Return how many bytes an array has by its header; raise if it doesn't hold numbers."""
    start = file.tell()
    major, _ = np.lib.format.read_magic(file)
    length = int.from_bytes(file.read(2 if major == 1 else 4), "little")
    # numpy would ask for as much memory first.
    if length > MOST_HEADER_BYTES:
        raise DataError(f"{key} in {name} has a header of {length:,} bytes; expected at most {MOST_HEADER_BYTES:,}")
    file.seek(start)
    np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    if dtype.kind not in NUMERIC:
        what = "Python objects" if dtype.hasobject else f"dtype {dtype}"
        advice = ": give classes as whole numbers, or texts in a .csv file" if dtype.kind in "US" else ""
        raise DataError(f"{key} in {name} holds {what}; expected numbers{advice}")
    count: Any = 1
    for length in shape:
        count *= length
    return int(count) * dtype.itemsize


def _checked(samples: Samples) -> Samples:
    if len(samples.X) < 2:
        raise DataError(f"{samples.name} has {len(samples.X)} samples; expected at least two, better hundreds")
    return samples
