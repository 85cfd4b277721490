"""parquet files, read by pyarrow some rows at a time."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from nnframe.errors import DataError, shown
from nnframe_table.cells import Cells, TextCells, as_numpy, cells_of_arrow
from nnframe_table.numerals import TextRules
from nnframe_table.sources.source import CHUNK_CELLS, Chunk, checked_names, reading

MOST_ROWS, FEWEST_ROWS = 1 << 14, 1 << 6
# pyarrow unpacks a page at once, and a page may be as large as its column chunk.
MOST_CHUNK_BYTES = 1 << 28


class ParquetSource:
    """A parquet file. An index that pandas stored in it is not a column.

    Parameters
    ----------
    path : pathlib.Path
    rules : TextRules

    Raises
    ------
    DataError
        If it is not a parquet file, or has no columns.
    """

    row_hint = "the first is row 1"

    def __init__(self, path: Path, rules: TextRules) -> None:
        self.name, self._rules = str(path), rules
        with reading(self.name, "can't be read as parquet"):
            schema = parquet.read_schema(path)
            texts = [field.name for field in schema if pa.types.is_string(field.type)]
            # Texts that repeat are unpacked only once, whatever size a small file claims them to be.
            self._file = parquet.ParquetFile(path, read_dictionary=texts, memory_map=False, pre_buffer=False)
            index = _index_columns(schema.metadata or {})
            held = [name for name in schema.names if name not in index]
        self._texts = set(texts)
        self.columns = checked_names(self.name, held)
        self._names = dict(zip(self.columns, held, strict=True))

    def chunks(self, columns: Collection[str]) -> Iterator[Chunk]:
        """Read some of the columns from the first row on."""
        asked = set(columns)
        wanted = {self._names[name]: name for name in self.columns if name in asked}
        rows = max(FEWEST_ROWS, min(MOST_ROWS, CHUNK_CELLS // max(1, len(wanted))))
        first = 1
        with reading(self.name, "is damaged"):
            self._check_sizes(wanted)
            for batch in self._file.iter_batches(rows, columns=list(wanted)):
                batch.validate(full=True)
                cells = {
                    wanted[name]: self._cells(name, column)
                    for name, column in zip(batch.schema.names, batch.columns, strict=True)
                    # Parquet takes a name for the prefix of others, "a" for that of "a.b".
                    if name in wanted
                }
                yield Chunk(first, len(batch), cells)
                first += len(batch)

    def _cells(self, name: str, column: Any) -> Cells:
        if name in self._texts and pa.types.is_dictionary(column.type):
            return TextCells(column.dictionary.cast(pa.string()), as_numpy(column.indices.fill_null(-1)), self._rules)
        return cells_of_arrow(column, self._rules)

    def _check_sizes(self, wanted: Collection[str]) -> None:
        metadata = self._file.metadata
        for i in range(metadata.num_row_groups):
            group = metadata.row_group(i)
            if group.total_byte_size <= MOST_CHUNK_BYTES:
                continue
            for j in range(group.num_columns):
                column = group.column(j)
                if column.total_uncompressed_size > MOST_CHUNK_BYTES and column.path_in_schema.split(".")[0] in wanted:
                    raise DataError(
                        f"{self.name}, column {shown(column.path_in_schema)} takes "
                        f"{column.total_uncompressed_size:,} bytes in one row group; expected {MOST_CHUNK_BYTES:,} at "
                        f"most: drop the column, or write the file with smaller row groups"
                    )


def _index_columns(metadata: dict[bytes, bytes]) -> set[str]:
    """Return the columns that hold the index of the pandas frame that was written."""
    try:
        index = json.loads(metadata.get(b"pandas", b"{}"))["index_columns"]
        return {each for each in index if isinstance(each, str)}
    except (ValueError, KeyError, TypeError, RecursionError):
        return set()
