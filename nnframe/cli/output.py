"""How the command line prints."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from nnframe.errors import ArgumentError


def say(text: str) -> None:
    """Print, flushed, so that a pipe shows a line when it is there; nothing more once its reader has gone."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # The reader, such as head, has seen enough, but what is being done may still end in a file.
        silence()


def silence() -> None:
    """Let all that is printed from now on go nowhere, also what Python flushes when it exits."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def check_place(option: str, path: Path, *inputs: str | Path) -> None:
    """Raise if a file can't be meant to be written there.

    Parameters
    ----------
    option : str
        What the path was given by, for the error.
    path : pathlib.Path
    *inputs : str or path
        Files that are read, and must not be lost.

    Raises
    ------
    ArgumentError
        If its folder doesn't exist or can't be written to, or it is a folder itself or one of the inputs.
    """
    if not path.absolute().parent.is_dir():
        raise ArgumentError(f"{option} is {path}, in a folder that doesn't exist; make it first")
    if path.is_dir():
        raise ArgumentError(f"{option} is {path}, which is a folder; give a file in it")
    if not os.access(path.absolute().parent, os.W_OK):
        raise ArgumentError(f"{option} is {path}, in a folder that you may not write to; give another")
    if path.exists() and any(Path(each).exists() and path.samefile(each) for each in inputs):
        raise ArgumentError(f"{option} is {path}, which is read and would be lost; give another file")


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells, the first of which may be a header, in columns as wide as their longest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
