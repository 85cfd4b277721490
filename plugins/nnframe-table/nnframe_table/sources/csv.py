"""csv files, read by pyarrow one block at a time."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Collection, Iterator
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from nnframe.arrays import Array
from nnframe.errors import DataError, one_line, shown
from nnframe_table.cells import TextCells
from nnframe_table.numerals import COMMA_DECIMAL, MISSING_WORDS, NUMBER, UNCLEAR, Decimal, TextRules
from nnframe_table.parsing import as_numpy
from nnframe_table.sources.source import CHUNK_CELLS, Chunk, checked_names, reading
from nnframe_table.sources.text_blocks import TextFile, row_blocks

DELIMITERS = ",;\t|"
UNEVEN = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")
WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")
FIRST_ROW = 2
# The texts of a block take up a multiple of it.
BLOCK_BYTES, LARGEST_BLOCK, BLOCK_BYTES_A_COLUMN = 1 << 21, 1 << 24, 1 << 13
FEWEST_ROWS = 1000
SNIFFED_BYTES = 1 << 16


class CsvSource:
    """A csv file whose first row names the columns: UTF-8, or UTF-16 with a byte order mark; perhaps gzipped.

    The delimiter is the one that splits the header into most fields: comma, semicolon, tab or bar. With semicolons, as
    in countries that write decimal commas, 3,5 is three and a half. A column without a name is called by its place.
    Blank rows at the end are ignored; elsewhere they are rows of missing values.

    Parameters
    ----------
    path : pathlib.Path
    missing : tuple of str, optional
        The texts that stand for a missing value.
    decimal : {".", ","}, optional
        The decimal sign; the other one then groups digits. By default it is recognised.

    Raises
    ------
    DataError
        If the file is empty, not text, or has no header.
    """

    row_hint = "the header is row 1"

    def __init__(self, path: Path, missing: tuple[str, ...] | None = None, decimal: str | None = None) -> None:
        self.name, self._path = str(path), path
        with reading(self.name, "can't be read as csv"):
            self._start = _read_start(path)
        header = self._start.header
        self.columns = checked_names(self.name, [name.strip() or f"column {i}" for i, name in enumerate(header, 1)])
        numbers = all(NUMBER.fullmatch(name) for name in self.columns)
        if numbers and not all(WHOLE_NUMBER.fullmatch(name) for name in self.columns):
            first_row = shown(", ".join(self.columns[:10]))
            raise DataError(
                f"{self.name} has no header: its first row is {first_row}; expected the names of the columns in the "
                f"first row"
            )
        self.remarks = (
            [f"used the first row as the names of the columns: {shown(', '.join(self.columns[:10]))[1:-1]}"]
            if numbers
            else []
        )
        style: Decimal = _recognised_decimal(self._start) if decimal is None else "," if decimal == "," else "."
        words = MISSING_WORDS if missing is None else missing
        self._rules = TextRules(words, style, grouped=decimal == ".")
        self._block_bytes = min(max(BLOCK_BYTES, BLOCK_BYTES_A_COLUMN * len(header)), max(BLOCK_BYTES, LARGEST_BLOCK))

    def chunks(self, columns: Collection[str]) -> Iterator[Chunk]:
        """Read some of the columns from the first row on."""
        if not self._start.rest:
            return
        wanted = set(columns)
        places = [i for i, name in enumerate(self.columns) if name in wanted]
        most_rows = max(FEWEST_ROWS, CHUNK_CELLS // len(self.columns))
        # No more than a block has of the shortest values, though blank rows take no bytes of a block.
        most_blank = max(FEWEST_ROWS, self._block_bytes // (2 * len(self.columns)))
        first, blank = FIRST_ROW, 0
        for block, n_rows in self._blocks(most_rows):
            if not block.strip(b"\r\n"):
                blank += n_rows
                continue
            batch = self._parse(block, first + blank)
            n_rows = len(batch)
            filled = np.flatnonzero(~_blank_rows(batch))
            if not len(filled):
                blank += n_rows
                continue
            # Blank rows are rows of missing values once another row follows.
            for start in range(0, blank, most_blank):
                empty = TextCells(pa.nulls(min(most_blank, blank - start), pa.string()), None, self._rules)
                yield Chunk(first + start, len(empty), dict.fromkeys((self.columns[i] for i in places), empty))
            first += blank
            end = int(filled[-1]) + 1
            cells = {self.columns[i]: TextCells(batch.column(i).slice(0, end), None, self._rules) for i in places}
            yield Chunk(first, end, cells)
            first, blank = first + end, n_rows - end

    def _blocks(self, most_rows: int) -> Iterator[tuple[bytes, int]]:
        """Yield the rows below the header in blocks."""
        with reading(self.name), TextFile(self._path) as file:
            yield from row_blocks(file, self._start.delimiter, self._block_bytes, most_rows)

    def _parse(self, block: bytes, first: int) -> Any:
        """Return the columns of a block as texts, whose first row has a number."""
        names = [str(i) for i in range(len(self.columns))]
        try:
            # Arrow counts blank lines as rows, and reads all columns to tell which rows are blank.
            table = arrow_csv.read_csv(
                pa.BufferReader(block),
                arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(block)),
                arrow_csv.ParseOptions(
                    delimiter=self._start.delimiter, newlines_in_values=True, ignore_empty_lines=False
                ),
                arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=True
                ),
            )
            return table.combine_chunks().to_batches()[0]
        except pa.ArrowException as error:
            raise DataError(self._explained(one_line(error), first)) from error

    def _explained(self, message: str, first: int) -> str:
        uneven = UNEVEN.search(message)
        if uneven:
            row, expected, got = map(int, uneven.groups())
            why = (
                "values are missing at its end: an empty value keeps its delimiter"
                if got < expected
                else f"a value that holds {self._start.delimiter!r} belongs in double quotes"
            )
            return (
                f"{self.name}, row {first + row - 1} ({self.row_hint}) has {_fields(got)}, the header "
                f"{_fields(expected)}; {why}"
            )
        if "utf8" in message.lower():
            return _not_utf8(self.name)
        return f"{self.name} can't be read as csv: {shown(message, 300)[1:-1]}"


class Start(NamedTuple):
    """What the beginning of a file shows.

    Attributes
    ----------
    delimiter : str
    header : list of str
    rest : str
        What follows the header, as far as it was read.
    """

    delimiter: str
    header: list[str]
    rest: str


def _read_start(path: Path) -> Start:
    name = str(path)
    with TextFile(path) as stream:
        content = stream.read(BLOCK_BYTES)
        if not (b"\n" in content or b"\r" in content):
            content += stream.read(LARGEST_BLOCK)
    if b"\0" in content[:SNIFFED_BYTES]:
        raise DataError(f"{name} is not text, so not a csv file; expected rows of values with commas between them")
    try:
        # The last character may be cut in two.
        text = codecs.getincrementaldecoder("utf-8")().decode(content, final=len(content) < BLOCK_BYTES)
    except UnicodeDecodeError:
        raise DataError(_not_utf8(name)) from None
    if not text.strip():
        raise DataError(f"{name} is empty; expected a row with the names of the columns, and rows of values below it")
    found = [_split_header(text, delimiter) for delimiter in DELIMITERS]
    start = max((each for each in found if each is not None), key=lambda each: len(each.header), default=None)
    if start is None or (len(start.header) == 1 and None in found):
        raise DataError(
            f"the first row of {name} is too long to be a header; a double quote that opens and never closes makes a "
            f"row very long"
        )
    if not any(field.strip() for field in start.header):
        raise DataError(f"the first row of {name} is blank; expected the names of the columns there")
    return start


def _split_header(text: str, delimiter: str) -> Start | None:
    """Return the header split by a delimiter, or None if a field is longer than Python's csv module allows."""
    lines = StringIO(text, newline="")
    try:
        header = next(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return None
    return Start(delimiter, header, text[lines.tell() :])


def _recognised_decimal(start: Start) -> Decimal:
    """Return the decimal signs of a file, judged by the first rows."""
    if start.delimiter != ";":
        return "."
    values = [value.strip().strip('"') for value in re.split(r"[;\r\n]", start.rest[:SNIFFED_BYTES])]
    points = any(NUMBER.fullmatch(value) and "." in value and not UNCLEAR.fullmatch(value) for value in values)
    commas = any(COMMA_DECIMAL.fullmatch(value) for value in values)
    return "either" if points and not commas else "either, unclear refused"


def _fields(count: int) -> str:
    return f"{count} field{'' if count == 1 else 's'}"


def _not_utf8(name: str) -> str:
    return (
        f"{name} is not text in UTF-8, so it can't be read as csv; spreadsheets save such a file as 'CSV UTF-8', and "
        f"'iconv -f latin1 -t utf8' converts one from Western European text"
    )


def _blank_rows(batch: Any) -> Array:
    blank = np.ones(len(batch), bool)
    for column in batch.columns:
        if not blank.any():
            break
        blank &= as_numpy(pc.equal(pc.utf8_trim_whitespace(column), ""))
    return blank
