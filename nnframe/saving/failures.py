"""What is wrong with a file, said once and in one form."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nnframe.errors import ArgumentTypeError, ModelFileError, with_type

DAMAGED = "the file is damaged or was changed: take another copy, or save it again"
FOREIGN = "wanted a file that nnframe saved, as net.save(path) does"


class DefectError(Exception):
    """What is wrong with a file's content and what to do about it, before it is known which file it is."""

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
            f"{path} can't be loaded: {error.strerror or error}; check the path and its rights"
        ) from error
    except MemoryError as error:
        raise ModelFileError(
            f"{path} can't be loaded: its arrays don't fit into memory; close other programs"
        ) from error


def require_file(path: Path) -> None:
    """Raise unless a path leads to a file: a pipe would be waited for, and a device has no end."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise DefectError("it is a folder or a device", FOREIGN)


def file_path(path: Any) -> Path:
    """Return the path that a caller gave.

    Raises
    ------
    ArgumentTypeError
        If it is something else, such as an open file.
    ModelFileError
        If no file can have it.
    """
    if not isinstance(path, (str, os.PathLike)) or not isinstance(os.fspath(path), str):
        raise ArgumentTypeError(f"path is {with_type(path)}; wanted a str or pathlib.Path, such as 'm.nnf'")
    if "\0" in os.fspath(path):
        raise ModelFileError(f"path is {path!r}; wanted the name of a file, which has no null character")
    return Path(path)
