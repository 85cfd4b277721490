"""The folder where machine code and small notes are kept for later processes.

Machine code is loaded without a second look, so a file is only read if it was written by this user (or by root) and
nobody else can write to it. Whatever is missing, damaged or can't be written is made anew; a warning says so once.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import tempfile
import time
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

import nnframe
from nnframe.version import __version__
from nnframe_numba.engine_warnings import warn_once

DIRECTORY_VARIABLE = "NNFRAME_NUMBA_CACHE"
ADVICE = f"set {DIRECTORY_VARIABLE} to a folder of your own"

# When all versions together take more than this, the files that were used the longest time ago make room.
MOST_BYTES = 2**29
SECONDS_PER_DAY = 86_400

# What a file begins with, followed by the SHA-256 of its name and content.
MAGIC = b"nnframe-numba 1\n"
DIGEST_BYTES = 32
TEMPORARY = ".tmp-"


class _ForeignError(Exception):
    """A file or folder that someone else could have written."""


def folder() -> Path | None:
    """Return the folder of this version of all packages involved, or None where there is none.

    It lies in the folder that ``NNFRAME_NUMBA_CACHE`` names, or in the user's cache. It need not exist yet.
    """
    chosen = os.environ.get(DIRECTORY_VARIABLE)
    base = Path(chosen) if chosen else _user_cache()
    return None if base is None else base / _version()


def _user_cache() -> Path | None:
    try:
        if sys.platform == "win32":
            parent = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        elif sys.platform == "darwin":
            parent = Path.home() / "Library" / "Caches"
        else:
            parent = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        # Neither HOME nor the system says where this user is at home.
        return None
    return parent / "nnframe-numba"


@cache
def _version() -> str:
    """Return a name for this version of the package, whose loops are part of what is kept, and of its dependencies.

    What nnframe records and derives from formulas is compiled too.
    """
    folders = (Path(__file__).parent, Path(nnframe.__file__).parent / "formula")
    sources = (path.read_text(encoding="utf-8") for parent in folders for path in sorted(parent.glob("*.py")))
    package = digest(__version__, *sources)[:12]
    python = f"{sys.implementation.name}{sys.version_info.major}.{sys.version_info.minor}"
    # Importing numba for it would take longer than all that a predictor has to load.
    return f"{package}-numba{version('numba')}-numpy{np.__version__}-{python}"


def digest(*texts: str) -> str:
    """Return a name for some texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:32]


def read(name: str) -> bytes | None:
    """Return what was kept under a name, or None if it has to be made anew.

    Parameters
    ----------
    name : str
        The file's name.
    """
    parent = folder()
    if parent is None:
        return None
    try:
        _require_own(parent.stat(), parent)
        whole = _read_own(parent / name)
    except _ForeignError as error:
        warn_once("foreign", f"{error}, so its machine code is not used and everything is compiled anew: {ADVICE}")
        return None
    except OSError:
        # There is none, or none that can be read; what is made anew is written in its place, if it can be.
        return None
    start = len(MAGIC) + DIGEST_BYTES
    content = whole[start:]
    if whole[:start] != _header(name, content):
        warn_once("damaged", f"{parent / name} is damaged; its content is made anew")
        return None
    return content


def write(name: str, content: bytes) -> None:
    """Keep a whole file under a name, in place of the one that may be there; do without where that fails."""
    parent = folder()
    if parent is None:
        warn_once("unwritable", f"there is no folder to keep machine code in, so each process compiles anew: {ADVICE}")
        return
    try:
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _require_own(parent.stat(), parent)
        _make_room_for(len(content))
        handle, temporary = tempfile.mkstemp(prefix=TEMPORARY, dir=parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_header(name, content) + content)
            Path(temporary).replace(parent / name)
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink()
            raise
    except _ForeignError as error:
        warn_once("foreign", f"{error}, so its machine code is not used and everything is compiled anew: {ADVICE}")
    except OSError as error:
        what = f"can't keep machine code in {parent} ({error.strerror})"
        warn_once("unwritable", f"{what}, so each process compiles anew: {ADVICE}")


def make_room() -> None:
    """Remove the files of all versions that were used the longest time ago, if they take too much room together."""
    parent = folder()
    if parent is None:
        return
    found: list[tuple[float, int, Path]] = []
    with suppress(OSError):
        for path in parent.parent.glob("*/*"):
            status = path.stat()
            if path.name.startswith(TEMPORARY) and status.st_mtime < time.time() - SECONDS_PER_DAY:
                # Of a process that was killed while it wrote.
                path.unlink()
            else:
                found.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in found)
        if total <= MOST_BYTES:
            return
        for _, size, path in sorted(found):
            if total <= MOST_BYTES // 2:
                break
            path.unlink()
            total -= size


# Bytes written since the last look. Looking at all files takes a moment, so a process does it when it first writes one,
# and whenever it has written so much that the limit could be near.
_written: float = inf


def _make_room_for(n_bytes: int) -> None:
    global _written
    if _written > MOST_BYTES / 8:
        make_room()
        _written = 0
    _written += n_bytes


def read_note(name: str) -> Any:
    """Return the JSON value kept under a name, or None if there is none."""
    content = read(f"{name}.json")
    if content is not None:
        with suppress(ValueError):
            return json.loads(content)
    return None


def keep_note(name: str, note: Any) -> Any:
    """Keep a JSON value unless there is one already, and return the one that is kept: the first process decides."""
    kept = read_note(name)
    if kept is not None:
        return kept
    write(f"{name}.json", json.dumps(note).encode())
    kept = read_note(name)
    return note if kept is None else kept


def _header(name: str, content: bytes) -> bytes:
    return MAGIC + hashlib.sha256(name.encode() + b"\0" + content).digest()


def _read_own(path: Path) -> bytes:
    """Return the content of a file that nobody else could have written."""
    # A pipe of that name must not make anyone wait.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise _ForeignError(f"{path} is not a regular file")
        _require_own(status, path)
        if status.st_mtime < time.time() - SECONDS_PER_DAY:
            # Used again: files make room by their dates.
            with suppress(OSError):
                os.utime(path)
        return file.read()


def _require_own(status: os.stat_result, path: Path) -> None:
    # On Windows, who may write is not in the mode; the folder there is the user's own by default.
    if os.name != "posix":
        return
    if status.st_uid not in (os.geteuid(), 0):
        raise _ForeignError(f"{path} belongs to another user")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _ForeignError(f"other users can write to {path}")
