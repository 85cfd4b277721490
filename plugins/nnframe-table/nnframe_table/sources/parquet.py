"""parquet files, read by pyarrow some rows at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from nnframe.errors import DataError, one_line
from nnframe_table.arrow import cells_of, import_pyarrow
from nnframe_table.sources.source import Chunk, checked_names, rows_from

ROWS_AT_ONCE = 1 << 14


class ParquetSource:
    """A parquet file.

    Parameters
    ----------
    path : pathlib.Path

    Raises
    ------
    DataError
        If it is no parquet file, or is empty.
    MissingDependencyError
        If pyarrow is missing.
    """

    row_hint = "the first is row 1"

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        pa = import_pyarrow(self.name)
        from pyarrow import parquet

        try:
            self._file = parquet.ParquetFile(path)
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{self.name} can't be read as parquet: {one_line(error)}") from error
        self.columns = checked_names(self.name, self._file.schema_arrow.names)

    def chunks(self, columns: Collection[str]) -> Iterator[Chunk]:
        """Read some of the columns from the first row on."""
        import pyarrow as pa

        wanted = [name for name in self.columns if name in columns]
        first = 1
        try:
            for batch in self._file.iter_batches(ROWS_AT_ONCE, columns=wanted):
                yield Chunk(rows_from(first, len(batch)), {name: cells_of(batch.column(name)) for name in wanted})
                first += len(batch)
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{self.name} is damaged: {one_line(error)}") from error
