"""Which reader reads what the user named."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from nnframe import registry
from nnframe.cli.missing import refuse_missing
from nnframe.contracts.plugin import NAME_PATTERN
from nnframe.contracts.reader import Reader
from nnframe.errors import ArgumentError, UnknownNameError, shown


def reader_for(source: str, name: str | None = None) -> Reader:
    """Return the reader of a file or data set.

    A file's reader is the one that is named like its suffix, or else any that lists the suffix.

    Parameters
    ----------
    source : str
        A path, or the name of a data set.
    name : str, optional
        The reader that the user chose.

    Raises
    ------
    MissingDependencyError
        If a distribution of this project has one, and isn't installed.
    ArgumentError
        If there is none.
    UnknownNameError, NameConflictError, PluginError
        If the chosen one doesn't exist, if there are several, or if it is broken.
    """
    if name is not None:
        refuse_missing("reader", name.lower(), f"--reader {name}")
        return registry.resolve(Reader, name)
    suffix = Path(source).suffix.lower()
    key = suffix[1:] or source
    if not NAME_PATTERN.fullmatch(key):
        raise _no_reader(source, suffix)
    refuse_missing("reader", suffix or key.lower(), f"the reader for {suffix or key}")
    try:
        reader = registry.resolve(Reader, key)
        if suffix in reader.suffixes or (not suffix and not reader.suffixes):
            return reader
    except UnknownNameError:
        pass
    readers = [registry.resolve(Reader, each) for each in registry.names("reader")]
    found = [reader for reader in readers if suffix and suffix in reader.suffixes]
    if len(found) > 1:
        names = " or ".join(f"--reader {reader.name}" for reader in found)
        raise ArgumentError(f"several plugins read {suffix} files; choose one with {names}")
    if not found:
        raise _no_reader(source, suffix)
    return found[0]


def _no_reader(source: str, suffix: str) -> ArgumentError:
    readers = [registry.resolve(Reader, each) for each in registry.names("reader")]
    data_sets = [reader.name for reader in readers if not reader.suffixes]
    files = sorted(suffix for reader in readers for suffix in reader.suffixes)
    usable = f"expected a {', '.join(files)} file or a data set ({', '.join(data_sets)})"
    if source and Path(source).exists():
        kind = f"ends in {suffix!r}" if suffix else "has no suffix"
        raise ArgumentError(f"{shown(source)} {kind}, which no reader reads; {usable}, or choose with --reader")
    return ArgumentError(f"there is no file or data set {shown(source)}; {usable}")


def reader_in(arguments: Sequence[str], add_generic: Callable[[argparse.ArgumentParser], None]) -> Reader | None:
    """Return the reader of the data among what the user typed, or None if no data is found there.

    Which argument is the data shows only once the reader's options are known: in ``--target a b.csv`` it is ``b.csv``
    because the csv reader has an option ``--target`` that takes a value.

    Parameters
    ----------
    arguments : sequence of str
    add_generic : callable
        Adds the options that are there for any data.

    Raises
    ------
    MissingDependencyError
        If the data can be read only with a distribution that isn't installed.
    """
    chosen = _option_reader(arguments)
    if chosen is not None:
        return reader_for("", chosen)
    readers = []
    for argument in arguments:
        if argument.startswith("-"):
            continue
        try:
            reader = reader_for(argument)
        except (ArgumentError, UnknownNameError):
            continue
        if _parsed_data(arguments, add_generic, reader) == argument:
            return reader
        readers.append(reader)
    return readers[0] if readers else None


def _option_reader(arguments: Sequence[str]) -> str | None:
    parser = _QuietParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--reader")
    try:
        name: str | None = parser.parse_known_args(arguments)[0].reader
    except _RefusedError:
        return None
    return name


def _parsed_data(
    arguments: Sequence[str], add_generic: Callable[[argparse.ArgumentParser], None], reader: Reader
) -> str | None:
    """Return which argument is the data if a reader's options are added; None if they don't fit."""
    parser = _QuietParser(add_help=False)
    parser.add_argument("-h", "--help", action="store_true")
    add_generic(parser)
    if reader.add_arguments is not None:
        reader.add_arguments(parser)
    try:
        data: str = parser.parse_args(arguments).data
    except _RefusedError:
        return None
    return data


class _RefusedError(Exception):
    """The arguments can't be parsed."""


class _QuietParser(argparse.ArgumentParser):
    """A parser for a trial, whose errors nobody sees."""

    def error(self, message: str) -> NoReturn:
        raise _RefusedError(message)
