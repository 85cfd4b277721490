"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nnframe.errors import ModelFileError

try:
    import fcntl
except ImportError:  # Windows
    LOCKS = False
else:
    LOCKS = True


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary file to write to, and replace `path` with it once everything is on the disk.

    A kill or a power failure at any moment leaves the old file or the new one, and an error leaves the old one. A
    kill may also leave the temporary file, ``.nnframe-*.tmp``, which the next writer of the same path removes.

    Raises
    ------
    ModelFileError
        If the file can't be written.
    """
    # A link stays a link, and the file it points to is replaced.
    target = Path(os.path.realpath(path))
    temporary: Path | None = None
    lock = None
    try:
        mode = _mode_of(target)
        _remove_leftovers(target)
        temporary, lock = _new_temporary(target)
        if mode is not None:
            temporary.chmod(mode)
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.replace(target)
        _flush_folder(target.parent)
    except OSError as error:
        # Path.is_file raises for a name that is too long.
        kept = "the existing file is unchanged" if os.path.isfile(target) else "nothing was written"  # noqa: PTH113
        raise ModelFileError(
            f"{path} can't be written: {error.strerror or error}; {kept}: choose a folder that exists, that you may "
            f"write to, and that has space left"
        ) from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()
        if lock is not None:
            os.close(lock)


def _prefix(target: Path) -> str:
    """Return how the names of a target's temporary files begin."""
    return f".nnframe-{zlib.crc32(os.fsencode(target.name)):08x}-"


def _new_temporary(target: Path) -> tuple[Path, int | None]:
    """Return a new file in the target's folder, and a descriptor that holds a lock on it where files can be locked.

    It is in the same folder because a move is a single step only within a file system. The kernel drops the lock when
    the process ends, however that happens.
    """
    while True:
        temporary = target.parent / f"{_prefix(target)}{os.urandom(8).hex()}.tmp"
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        if not LOCKS:
            # Windows replaces no open file.
            os.close(descriptor)
            return temporary, None
        # Another writer may have taken it for a leftover before it was locked.
        if _locked(descriptor) is not False and temporary.exists():
            return temporary, descriptor
        os.close(descriptor)


def _remove_leftovers(target: Path) -> None:
    """Remove the temporary files of writers of the same target that are dead."""
    if not LOCKS:
        return
    prefix = _prefix(target)
    with suppress(OSError), os.scandir(target.parent) as entries:
        leftovers = [entry.path for entry in entries if entry.name.startswith(prefix) and entry.name.endswith(".tmp")]
        for leftover in leftovers:
            with suppress(OSError):
                descriptor = os.open(leftover, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
                try:
                    if _locked(descriptor):
                        os.unlink(leftover)  # noqa: PTH108
                finally:
                    os.close(descriptor)


def _locked(descriptor: int) -> bool | None:
    """Lock a file, and return whether that worked; None on a file system without locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _mode_of(target: Path) -> int | None:
    """Return the permissions of the file that will be replaced, or None if there is none yet."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(mode):
        raise OSError("it is a folder" if stat.S_ISDIR(mode) else "it is not a regular file")
    return stat.S_IMODE(mode)


def _flush_folder(folder: Path) -> None:
    """Make a move survive a power failure, on systems where a folder can be flushed."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
