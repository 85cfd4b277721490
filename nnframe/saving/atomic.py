"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nnframe.errors import ModelFileError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary file to write to, and move what was written over `path` when all is on the disk.

    A kill or a power failure at any moment leaves the old file or the new one, and an error leaves the old one. What a
    kill may leave beside it is a file whose name starts with ``.nnframe-``, which is of no use.

    Raises
    ------
    ModelFileError
        If the file can't be written.
    """
    # A link stays a link, and the file it points to is replaced.
    target = Path(os.path.realpath(path))
    # In the same folder, for only within a file system is a move one step.
    temporary = target.parent / f".nnframe-{os.urandom(8).hex()}.tmp"
    try:
        mode = _mode_of(target)
        temporary.touch(exist_ok=False)
        if mode is not None:
            temporary.chmod(mode)
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.replace(target)
        _flush_folder(target.parent)
    except OSError as error:
        # Path.is_file raises for a name that is too long.
        kept = "the file that was there is as it was" if os.path.isfile(target) else "nothing was written"  # noqa: PTH113
        raise ModelFileError(
            f"{path} can't be written: {error.strerror or error}; {kept}: give a file in a folder that exists, that "
            "you may write to, and that has room"
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _mode_of(target: Path) -> int | None:
    """Return the access rights of the file that will be replaced, or None where there is none yet."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(mode):
        raise OSError("it is a folder" if stat.S_ISDIR(mode) else "it is no regular file")
    return stat.S_IMODE(mode)


def _flush_folder(folder: Path) -> None:
    """Make a move last beyond a power failure, on systems where a folder can be flushed."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
