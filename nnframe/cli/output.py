"""Printing: text from files and plugins can't control the terminal, and a failed report never stops the work."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from nnframe.errors import ArgumentError

if TYPE_CHECKING:
    from pathlib import Path

# What the command is called in what it prints.
PROGRAM = "nnframe"
# Control characters; marks that change the direction of text, which can show one name as
# another; separators of lines, lone surrogates, and invisible tags.
STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\U000e0000-\U000e007f]"
)
STEERING_OR_LAYOUT = re.compile(f"[\t\n{STEERING.pattern[1:-1]}]")


def say(text: str) -> None:
    """Print a report of the work, flushed so that a pipe shows it at once. Never raises.

    If stdout can't be written, because the disk is full or a reader such as head has exited, this report and all later
    ones are dropped.
    """
    try:
        show(text)
    except OSError:
        silence()


def show(text: str) -> None:
    """Print what the command was asked for.

    Characters that could control a terminal, or that the output's encoding doesn't have, are printed as escapes.

    Raises
    ------
    OSError
        If stdout can't be written, unless its reader has exited.
    """
    try:
        _write(text, sys.stdout)
    except BrokenPipeError:
        # The reader, such as head, has exited, but the work may still write a file.
        silence()


def show_json(value: object) -> None:
    """Print a value as JSON, in ASCII; see `show`."""
    import json

    # All other control characters are escaped by JSON itself.
    show(json.dumps(value, indent=2).replace("\x7f", "\\u007f"))


def complain(text: str) -> None:
    """Print an error or a warning to stderr, in the same way as `say`."""
    with suppress(OSError):
        _write(text, sys.stderr)


def harmless(text: str) -> str:
    """Return text with escapes for characters that could control a terminal; tabs and newlines are kept."""
    return STEERING.sub(_escape, text)


def harmless_line(text: str) -> str:
    """Return text with escapes for characters that could control a terminal or fake another line."""
    return STEERING_OR_LAYOUT.sub(_escape, text)


def silence() -> None:
    """Discard everything that is printed from now on, including what Python flushes when it exits."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells, the first of which may be a header, in columns as wide as their longest cell."""
    cells = [[harmless_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)


def check_place(option: str, path: Path, *inputs: str | Path) -> None:
    """Raise unless a file can be written to a path without losing an input.

    Parameters
    ----------
    option : str
        The option that set the path, for the error.
    path : pathlib.Path
    *inputs : str or path
        Files that are read, and must not be overwritten.

    Raises
    ------
    ArgumentError
        If its folder doesn't exist or can't be written to, or it is a folder itself or one of the inputs.
    """
    if not path.absolute().parent.is_dir():
        raise ArgumentError(f"{option} is {path}, in a folder that doesn't exist; create the folder first")
    if path.is_dir():
        raise ArgumentError(f"{option} is {path}, which is a folder; choose a file in it")
    if not os.access(path.absolute().parent, os.W_OK):
        raise ArgumentError(f"{option} is {path}, in a folder that you may not write to; choose another")
    if path.exists() and any(_is_same_file(path, each) for each in inputs):
        raise ArgumentError(f"{option} is {path}, which is read and would be lost; choose another file")


def _is_same_file(path: Path, other: str | Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        # There is no such file.
        return False


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def _write(text: str, stream: TextIO | None) -> None:
    # Programs without a console, such as those of pythonw, have no stdout.
    if stream is None:
        return
    line = harmless(text) + "\n"
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        stream.write(line.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except ValueError as error:
        # A closed stream; as an OSError, it is handled like a full disk.
        raise OSError(str(error)) from error
