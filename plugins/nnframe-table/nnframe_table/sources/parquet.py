"""parquet files, read by pyarrow some rows at a time."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from nnframe.errors import DataError, shown
from nnframe_table.cells import Cells, TextCells, cells_of_arrow
from nnframe_table.numerals import TextRules
from nnframe_table.parsing import as_numpy
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
            opened = parquet.ParquetFile(path)
            schema, written = opened.schema_arrow, opened.metadata.metadata or {}
            texts = [field.name for field in schema if pa.types.is_string(field.type)]
            # Texts that repeat are unpacked only once, whatever size a small file claims them to be.
            self._file = parquet.ParquetFile(path, metadata=opened.metadata, read_dictionary=texts, pre_buffer=False)
            self._categories = _category_columns(written)
            index = _index_columns(written)
            held = [name for name in schema.names if name not in index]
        self._texts = set(texts)
        self.columns = checked_names(self.name, held)
        self._names = dict(zip(self.columns, held, strict=True))

    @property
    def n_rows(self) -> int:
        """The number of rows, which the file says by itself."""
        count: int = self._file.metadata.num_rows
        return count

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
        if name in self._categories and not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
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


def _index_columns(written: dict[bytes, bytes]) -> set[str]:
    """Return the columns that hold the index of the pandas frame that was written."""
    index = _pandas_metadata(written).get("index_columns")
    return {each for each in index if isinstance(each, str)} if isinstance(index, list) else set()


def _category_columns(written: dict[bytes, bytes]) -> set[str]:
    """Return the columns that were categorical before they were written.

    Parquet itself knows only dictionaries of texts. pyarrow keeps the schema that it wrote, and pandas its own dtypes.
    """
    found: set[str] = set()
    with suppress(pa.ArrowException, OSError, ValueError, KeyError):
        fields = pa.ipc.read_schema(pa.py_buffer(b64decode(written[b"ARROW:schema"])))
        found |= {field.name for field in fields if pa.types.is_dictionary(field.type)}
    columns = _pandas_metadata(written).get("columns")
    for each in columns if isinstance(columns, list) else ():
        if isinstance(each, dict) and each.get("pandas_type") == "categorical":
            found.add(str(each.get("field_name")))
    return found


def _pandas_metadata(written: dict[bytes, bytes]) -> dict[str, Any]:
    try:
        metadata = json.loads(written.get(b"pandas", b"{}"))
    except (ValueError, RecursionError):
        return {}
    return metadata if isinstance(metadata, dict) else {}
