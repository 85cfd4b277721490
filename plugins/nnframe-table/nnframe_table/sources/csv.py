"""csv files, read by pyarrow a block at a time."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import DataError, one_line, shown
from nnframe_table.arrow import ArrowTextCells, as_numpy, import_pyarrow
from nnframe_table.cells import NUMBER
from nnframe_table.sources.source import Chunk, checked_names, rows_from

DELIMITERS = ",;\t|"
UNEVEN = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")
FIRST_ROW = 2
SIGNATURE_BYTES = 1 << 16
# pyarrow reads several ahead, and the texts of a block take up a multiple of it.
BLOCK_BYTES = 1 << 21


class CsvSource:
    """A csv file in UTF-8 whose first row names the columns.

    Fields are divided by what divides the header into the most: a comma, a semicolon, a tab or a bar. Where it is a
    semicolon, as in countries where the comma is in the numbers, 3,5 is three and a half. A column without a name is
    called by its place. Blank rows at the end are passed over; elsewhere they are rows of missing values.

    Parameters
    ----------
    path : pathlib.Path

    Raises
    ------
    DataError
        If it is empty, no text, or has no header.
    MissingDependencyError
        If pyarrow is missing.
    """

    row_hint = "the header is row 1"

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        import_pyarrow(self.name)
        self._path = path
        self._delimiter, header, self._has_rows = _read_start(path)
        names = [name.strip() or f"column {i}" for i, name in enumerate(header, start=1)]
        self.columns = checked_names(self.name, names)
        if all(NUMBER.fullmatch(name) for name in self.columns):
            raise DataError(
                f"{self.name} has no header: its first row is {shown(', '.join(self.columns))}; wanted the names of "
                f"the columns in the first row"
            )

    def chunks(self, columns: Collection[str]) -> Iterator[Chunk]:
        """Read some of the columns from the first row on."""
        import pyarrow as pa

        if not self._has_rows:
            return
        wanted = [name for name in self.columns if name in columns]
        first, decimal_comma = FIRST_ROW, self._delimiter == ";"
        try:
            for batch in _without_blank_end(self._open()):
                cells = {name: ArrowTextCells(batch.column(name), decimal_comma) for name in wanted}
                yield Chunk(rows_from(first, len(batch)), cells)
                first += len(batch)
        except (pa.ArrowException, OSError) as error:
            raise DataError(self._explained(one_line(error))) from error

    def _open(self) -> Any:
        from pyarrow import csv as arrow_csv
        from pyarrow import string

        # Blank lines are kept until they have been counted, and all columns are read to know which rows are blank.
        return arrow_csv.open_csv(
            self._path,
            read_options=arrow_csv.ReadOptions(
                column_names=list(self.columns), skip_rows_after_names=1, use_threads=False, block_size=BLOCK_BYTES
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self._delimiter, newlines_in_values=True, ignore_empty_lines=False
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(self.columns, string()), strings_can_be_null=False
            ),
        )

    def _explained(self, message: str) -> str:
        uneven = UNEVEN.search(message)
        if uneven:
            row, wanted, came = uneven.groups()
            return (
                f"{self.name}, row {row} ({self.row_hint}) has fields: {came}, the header {wanted}; a field that "
                f"holds {self._delimiter!r} belongs in double quotes"
            )
        if "straddling" in message:
            return (
                f"{self.name} has a row of more than {BLOCK_BYTES:,} bytes; a double quote that opens and never closes "
                f"makes such a row"
            )
        if "UTF8" in message or "utf8" in message:
            return _no_utf8(self.name)
        return f"{self.name} can't be read as csv: {message}"


def _read_start(path: Path) -> tuple[str, list[str], bool]:
    """Return what divides the fields, the first row, and whether anything follows it."""
    name = str(path)
    with path.open("rb") as binary:
        if b"\0" in binary.read(SIGNATURE_BYTES):
            raise DataError(f"{name} is no text, so no csv file; wanted rows of values with commas between them")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            start = file.read(BLOCK_BYTES)
    except UnicodeDecodeError:
        raise DataError(_no_utf8(name)) from None
    if not start.strip():
        raise DataError(f"{name} is empty; wanted a row with the names of the columns, and rows of values below it")
    try:
        headers = {each: next(csv.reader(StringIO(start, newline=""), delimiter=each)) for each in DELIMITERS}
    except csv.Error as error:
        raise DataError(
            f"the first row of {name} can't be read ({error}); a double quote that opens and never closes makes a row "
            f"very long"
        ) from None
    delimiter = max(DELIMITERS, key=lambda each: len(headers[each]))
    header = headers[delimiter]
    if not any(field.strip() for field in header):
        raise DataError(f"the first row of {name} is blank; wanted the names of the columns there")
    return delimiter, header, _goes_on(start, delimiter)


def _goes_on(start: str, delimiter: str) -> bool:
    rows = csv.reader(StringIO(start, newline=""), delimiter=delimiter)
    next(rows)
    try:
        return next(rows, None) is not None
    except csv.Error:
        # What is wrong with the second row is told by whoever reads it.
        return True


def _no_utf8(name: str) -> str:
    return (
        f"{name} is no text in UTF-8, so it can't be read as csv; spreadsheets save one as 'CSV UTF-8', and "
        f"'iconv -f latin1 -t utf8' converts one from Western European text"
    )


def _without_blank_end(batches: Iterable[Any]) -> Iterator[Any]:
    """Give batches without the blank rows behind the last that has something in it."""
    held: list[Any] = []
    for batch in batches:
        filled = np.flatnonzero(~_blank_rows(batch))
        end = int(filled[-1]) + 1 if len(filled) else 0
        if end:
            yield from held
            yield batch.slice(0, end)
            held = []
        if end < len(batch):
            held.append(batch.slice(end))


def _blank_rows(batch: Any) -> Array:
    import pyarrow.compute as pc

    blank = np.ones(len(batch), bool)
    for column in batch.columns:
        if not blank.any():
            break
        blank &= as_numpy(pc.equal(pc.utf8_trim_whitespace(column), ""))
    return blank
