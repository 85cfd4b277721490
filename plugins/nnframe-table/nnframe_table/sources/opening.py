"""From a path or a table in memory to a source."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nnframe.errors import ArgumentError, ArgumentTypeError, DataError, shown, with_type
from nnframe.saving.json_text import SURROGATE
from nnframe_table.numerals import MISSING_WORDS, TextRules
from nnframe_table.sources.csv import CsvSource
from nnframe_table.sources.folder import FolderSource, parquet_files
from nnframe_table.sources.memory import memory_source
from nnframe_table.sources.numpy_file import NumpySource
from nnframe_table.sources.parquet import ParquetSource
from nnframe_table.sources.source import Source

CSV_SUFFIXES = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
SUFFIXES = (*CSV_SUFFIXES, ".parquet", ".npy", ".npz")
EXPORTED = {".xlsx": "a spreadsheet", ".xls": "a spreadsheet", ".ods": "a spreadsheet", ".json": "JSON"}


def open_source(table: Any, missing: tuple[str, ...] | None = None, decimal: str | None = None) -> Source:
    """Return the source for a path or a table in memory; a source is returned unchanged.

    Parameters
    ----------
    table : path, data frame, dict of arrays, dict of values, list of dicts, or Source
    missing : tuple of str, optional
        The texts that stand for a missing value; an empty one always does. By default those that csv files usually
        have, and in sources with types no other.
    decimal : {".", ","}, optional
        The decimal sign of numbers in texts; the other sign groups digits. By default it is recognised.

    Raises
    ------
    DataError
        If there is no such file, or it has another format than its name says or than can be read.
    ArgumentTypeError
        If it is neither a path nor a table.
    """
    if isinstance(table, Source):
        return table
    rules = TextRules.of_types(missing, decimal)
    if not isinstance(table, (str, os.PathLike)):
        return memory_source(table, rules)
    path = Path(table)
    if path.is_dir():
        return FolderSource(path, rules, parquet_files(path))
    check_file(path)
    suffix = suffix_of(path)
    if suffix in CSV_SUFFIXES:
        return CsvSource(path, missing, decimal)
    if suffix == ".parquet":
        return ParquetSource(path, rules)
    if suffix in (".npy", ".npz"):
        return NumpySource(path, rules)
    what = EXPORTED.get(suffix)
    advice = f"export {what} as csv" if what else "rename or convert the file"
    ending = f"ends in {suffix!r}" if suffix else "has no ending"
    raise DataError(f"{path} {ending}; expected one of {', '.join(SUFFIXES)}: {advice}")


def suffix_of(path: Path) -> str:
    """Return the end of a file's name, in lowercase; of a compressed file both, as ``.csv.gz``."""
    return "".join(path.suffixes[-2:]).lower() if path.suffix.lower() == ".gz" else path.suffix.lower()


def check_file(path: Path) -> None:
    """Raise unless a path leads to a file: reading a pipe would wait, and a device has no end.

    Raises
    ------
    DataError
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        if isinstance(error, (FileNotFoundError, ValueError)):
            raise DataError(f"there is no file {path}; expected the path of a table, {', '.join(SUFFIXES)}") from None
        raise DataError(f"{path} can't be read: {error.strerror or error}") from error
    if stat.S_ISDIR(mode):
        raise DataError(f"{path} is a folder; expected the path of a file")
    if not stat.S_ISREG(mode):
        raise DataError(f"{path} is a pipe or a device; expected the path of a file: save the table to one first")


def checked_rules(missing: Any, decimal: Any) -> tuple[tuple[str, ...] | None, str | None]:
    """Return how a caller wants texts to be read.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the words for a missing value are not texts, or the decimal sign is neither a point nor a comma.
    """
    if not (decimal is None or (isinstance(decimal, str) and decimal in (".", ","))):
        raise ArgumentError(f"decimal is {shown(decimal)}; expected '.', ',' or None to recognise it")
    if isinstance(missing, str):
        missing = (missing,)
    if missing is None:
        return None, decimal
    words = tuple(missing) if isinstance(missing, Iterable) else (None,)
    if not all(isinstance(word, str) and not SURROGATE.search(word) for word in words):
        raise ArgumentTypeError(f"missing is {with_type(missing)}; expected texts, such as ['', '-', 'n/a']")
    return tuple(dict.fromkeys(("", *(word.strip() for word in words)))), decimal


__all__ = ["CSV_SUFFIXES", "MISSING_WORDS", "SUFFIXES", "check_file", "checked_rules", "open_source", "suffix_of"]
