"""A folder of parquet files with the same columns, read one after another as one table."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from nnframe.errors import DataError
from nnframe_table.numerals import TextRules
from nnframe_table.sources.parquet import ParquetSource
from nnframe_table.sources.source import Chunk, named


def parquet_files(folder: Path) -> list[Path]:
    """Return the parquet files of a folder, sorted by name.

    Raises
    ------
    DataError
        If there is none.
    """
    found = sorted(path for path in folder.glob("*.parquet") if path.is_file())
    if not found:
        raise DataError(f"{folder} is a folder without parquet files; expected files that end in .parquet")
    return found


class FolderSource:
    """The parquet files of a folder, or some of them.

    Parameters
    ----------
    folder : pathlib.Path
    rules : TextRules
    files : sequence of pathlib.Path
        The files to read, in this order; the first file of the folder says which columns there are.
    first_row : int, optional
        The number of the first row.

    Attributes
    ----------
    files : list of ParquetSource

    Raises
    ------
    DataError
        If one can't be read, or has other columns.
    """

    row_hint = "counted from row 1 of the first file on"

    def __init__(self, folder: Path, rules: TextRules, files: Sequence[Path], first_row: int = 1) -> None:
        self.name = str(folder)
        self.columns = ParquetSource(parquet_files(folder)[0], rules).columns
        self.files = [ParquetSource(path, rules) for path in files]
        self._first_row = first_row
        for each in self.files:
            if set(each.columns) != set(self.columns):
                raise DataError(
                    f"{each.name} has the columns {named(each.columns)}; expected those of the first file in the "
                    f"folder: {named(self.columns)}"
                )

    def chunks(self, columns: Collection[str]) -> Iterator[Chunk]:
        """Read some of the columns from the first row of the first file on."""
        first = self._first_row
        for each in self.files:
            for chunk in each.chunks(columns):
                yield Chunk(first, chunk.n_rows, chunk.cells)
                first += len(chunk)
