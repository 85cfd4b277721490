"""One kind of error for everything that can be wrong with a file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any

from nnframe.errors import ArgumentTypeError, ModelFileError, with_type

DAMAGED = "the file is damaged or was changed: use another copy, or save it again"
FOREIGN = "expected a file written by nnframe, as net.save(path) writes it"


class DefectError(Exception):
    """What is wrong with a file's content and what to do about it, raised where the file's name is not known."""

    def __init__(self, what: str, advice: str = DAMAGED) -> None:
        super().__init__(f"{what}; {advice}")
        self.what = what


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong while a file is read into a `ModelFileError` that names it."""
    try:
        yield
    except DefectError as defect:
        raise ModelFileError(f"{path} can't be loaded: {defect}") from defect.__cause__
    except FileNotFoundError as error:
        raise ModelFileError(f"{path} can't be loaded: there is no such file; check the path") from error
    except OSError as error:
        raise ModelFileError(
            f"{path} can't be loaded: {error.strerror or error}; check the path and the permissions"
        ) from error
    except MemoryError as error:
        raise ModelFileError(f"{path} can't be loaded: it doesn't fit into memory; close other programs") from error


def opened(path: Path) -> BufferedReader:
    """Return a regular file, opened for reading. Anything else is refused: a pipe would block, a device has no end.

    Raises
    ------
    DefectError
        If it is a folder, a pipe or a device.
    OSError
        If it can't be opened.
    """
    _require_regular(path.stat())
    # Without it, a pipe that took the file's place in the meantime would block.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    file = os.fdopen(descriptor, "rb")
    try:
        _require_regular(os.fstat(descriptor))
    except DefectError:
        file.close()
        raise
    return file


def file_path(path: Any) -> Path:
    """Return the path that a caller passed.

    Raises
    ------
    ArgumentTypeError
        If it is something else, such as an open file.
    ModelFileError
        If no file can have that name.
    """
    if not isinstance(path, (str, os.PathLike)) or not isinstance(os.fspath(path), str):
        raise ArgumentTypeError(f"path is {with_type(path)}; expected a str or pathlib.Path, such as 'm.nnf'")
    if "\0" in os.fspath(path):
        raise ModelFileError(f"path is {path!r}; expected a file name without null characters")
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        raise ModelFileError(f"path is {path!r}; expected a file name of valid Unicode") from None
    return Path(path)


def _require_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise DefectError("it is a folder, a pipe or a device", FOREIGN)
