"""From a path or a data frame to a source."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nnframe.errors import DataError
from nnframe_table.sources.csv import CsvSource
from nnframe_table.sources.frame import frame_source
from nnframe_table.sources.numpy import NumpySource
from nnframe_table.sources.parquet import ParquetSource
from nnframe_table.sources.source import Source

FORMATS: dict[str, Callable[[Path], Source]] = {
    ".csv": CsvSource,
    ".tsv": CsvSource,
    ".txt": CsvSource,
    ".parquet": ParquetSource,
    ".npy": NumpySource,
    ".npz": NumpySource,
}
EXPORTED = {".xlsx": "a spreadsheet", ".xls": "a spreadsheet", ".ods": "a spreadsheet", ".json": "JSON"}


def open_source(table: Any) -> Source:
    """Return the source for a path or a table in memory; a source is returned as it is.

    Raises
    ------
    DataError
        If there is no such file, or it is of another format than its name says or than can be read.
    ArgumentTypeError
        If it is neither a path nor a table.
    MissingDependencyError
        If pyarrow is needed and missing.
    """
    if isinstance(table, Source):
        return table
    if not isinstance(table, (str, os.PathLike)):
        return frame_source(table)
    path = Path(table)
    opener = FORMATS.get(path.suffix.lower())
    if not path.exists():
        raise DataError(f"there is no file {path}; wanted the path of a table, one of {', '.join(FORMATS)}")
    if path.is_dir():
        raise DataError(f"{path} is a folder; wanted the path of a file")
    if opener is None:
        what = EXPORTED.get(path.suffix.lower())
        advice = f"export {what} as csv" if what else "rename or convert the file"
        ending = f"ends in {path.suffix!r}" if path.suffix else "has no ending"
        raise DataError(f"{path} {ending}; wanted one of {', '.join(FORMATS)}: {advice}")
    try:
        return opener(path)
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror or error}") from error
