"""What is kept on disk between processes: generated source beside numba's machine code, and small notes as JSON."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np

from nnframe.version import __version__

DIRECTORY_VARIABLE = "NNFRAME_NUMBA_CACHE"


@cache
def directory() -> Path | None:
    """Return where things are kept, or None where nothing can be written.

    That is what ``NNFRAME_NUMBA_CACHE`` says, or a folder in the user's cache, with one of its own for every version of
    all that takes part.
    """
    chosen = os.environ.get(DIRECTORY_VARIABLE)
    base = Path(chosen) if chosen else _user_cache() / "nnframe-numba"
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = base / f"{_package_digest()}-numba{numba.__version__}-numpy{np.__version__}-python{python}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return None


def _package_digest() -> str:
    """Return what tells this version of the package from all others, for its loops are part of what is kept."""
    return digest(__version__, *(path.read_text() for path in sorted(Path(__file__).parent.glob("*.py"))))[:12]


def _user_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))


def digest(*texts: str) -> str:
    """Return a name for some texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:32]


def source_file(name: str, source: str) -> Path | None:
    """Return a file that holds the source, which stays as it is once it is there; numba looks at its date.

    Several processes may ask for it at once.
    """
    folder = directory()
    if folder is None:
        return None
    path = folder / f"{name}.py"
    if not path.exists():
        _write(path, source)
    return path


def read_note(name: str) -> Any:
    """Return a note, or None if there is none that can be read."""
    folder = directory()
    if folder is not None:
        with suppress(OSError, ValueError):
            return json.loads((folder / f"{name}.json").read_text())
    return None


def keep_note(name: str, note: Any) -> Any:
    """Keep a note if there is none yet, and return the one that is kept: the first process decides for all."""
    folder = directory()
    if folder is None:
        return note
    _write(folder / f"{name}.json", json.dumps(note))
    kept = read_note(name)
    return note if kept is None else kept


def _write(path: Path, text: str) -> None:
    """Write a whole file or none; one that is there stays."""
    with suppress(OSError):
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(text)
            # A link can't replace a file, as a rename would.
            os.link(temporary, path)
        finally:
            Path(temporary).unlink()
