"""Chooses the reader for the data that the user named."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
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
    for suffix in _suffixes(source):
        if registry.is_claimed("reader", suffix[1:]):
            reader = registry.resolve(Reader, suffix[1:])
            if suffix in reader.suffixes:
                return reader
    # Readers whose entry points say that they are readers are enough in most cases, and the others cost imports.
    found = _by_suffix(source, registry.declared("reader")) if _suffixes(source) else None
    if found is not None:
        return found
    for suffix in _suffixes(source):
        refuse_missing("reader", suffix, f"the reader for {suffix}")
    if not _suffixes(source) and NAME_PATTERN.fullmatch(source):
        refuse_missing("reader", source.lower(), f"the data set {source}")
        with suppress(UnknownNameError):
            reader = registry.resolve(Reader, source)
            if not reader.suffixes:
                return reader
    return _by_suffix(source, registry.names("reader")) or _fail(source)


def _suffixes(source: str) -> list[str]:
    """Return the suffixes of a path, the longest first: ``[".csv.gz", ".gz"]``."""
    suffixes = Path(source.lower()).suffixes[-2:]
    return ["".join(suffixes[i:]) for i in range(len(suffixes))]


def _by_suffix(source: str, names: Iterable[str]) -> Reader | None:
    """Return the reader, among those of some names, that lists the longest suffix of a path; None if none does."""
    readers = [registry.resolve(Reader, each) for each in names]
    for suffix in _suffixes(source):
        found = [reader for reader in readers if suffix in reader.suffixes]
        if len(found) > 1:
            options = " or ".join(f"--reader {reader.name}" for reader in found)
            raise ArgumentError(f"several plugins read {suffix} files; choose one with {options}")
        if found:
            return found[0]
    return None


def _fail(source: str) -> NoReturn:
    readers = [registry.resolve(Reader, each) for each in registry.names("reader")]
    files = sorted(suffix for reader in readers for suffix in reader.suffixes)
    usable = f"expected a {', '.join(files)} file, or a data set such as digits"
    if source and Path(source).exists():
        suffix = Path(source).suffix
        kind = f"ends in {suffix!r}" if suffix else "has no suffix"
        raise ArgumentError(f"{shown(source)} {kind}, which no reader reads; {usable}, or choose with --reader")
    raise ArgumentError(f"there is no file or data set {shown(source)}; {usable}")


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
    ArgumentError
        If no reader reads it.
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
    if not readers:
        _refuse_unreadable(arguments, add_generic)
    return readers[0] if readers else None


def _refuse_unreadable(arguments: Sequence[str], add_generic: Callable[[argparse.ArgumentParser], None]) -> None:
    """Raise for data that no reader reads, before its options are reported as unknown."""
    parser = _QuietParser()
    add_generic(parser)
    if {"-h", "--help"}.isdisjoint(arguments):
        with suppress(_RefusedError):
            reader_for(parser.parse_known_args(arguments)[0].data)


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
    try:
        if reader.add_arguments is not None:
            reader.add_arguments(parser)
        data: str = parser.parse_args(arguments).data
    except (_RefusedError, argparse.ArgumentError):
        return None
    return data


class _RefusedError(Exception):
    """The arguments can't be parsed."""


class _QuietParser(argparse.ArgumentParser):
    """A parser for a trial, whose errors nobody sees."""

    def error(self, message: str) -> NoReturn:
        raise _RefusedError(message)
