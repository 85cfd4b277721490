"""What every source of cells has."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import DataError
from nnframe_table.cells import Cells

# Large enough that the work a chunk costs is spread thin, small enough to be nothing beside what Python needs anyway.
CHUNK_BYTES = 1 << 24
MOST_NAMED = 20


class Chunk(NamedTuple):
    """Some rows that follow each other.

    Attributes
    ----------
    rows : ndarray of int64, shape (N,)
        What a person who looks into the source calls them.
    cells : mapping of str to Cells
        For each column that was asked for, N cells.
    """

    rows: Array
    cells: Mapping[str, Cells]

    def __len__(self) -> int:
        return len(self.rows)

    def parts(self, most: int) -> Iterator[Chunk]:
        """Give the rows in chunks of at most so many."""
        for start in range(0, len(self), most):
            rows = self.rows[start : start + most]
            yield Chunk(rows, {name: cells.part(start, start + most) for name, cells in self.cells.items()})


@runtime_checkable
class Source(Protocol):
    """A table that can be read more than once.

    Attributes
    ----------
    name : str
        What it is called in messages.
    columns : tuple of str
        Their names, no two alike.
    row_hint : str
        How rows are counted, for messages.
    """

    name: str
    columns: tuple[str, ...]
    row_hint: str

    def chunks(self, columns: Collection[str]) -> Iterator[Chunk]:
        """Read some of the columns from the first row on.

        Raises
        ------
        DataError
            If a row can't be read.
        """


def place(source: Source, row: int, column: str | None = None) -> str:
    """Return the words that say where something is."""
    where = f"{source.name}, row {row} ({source.row_hint})"
    return where if column is None else f"{where}, column {column!r}"


def checked_names(name: str, columns: list[str]) -> tuple[str, ...]:
    """Return the names of columns.

    Raises
    ------
    DataError
        If two are alike, or there are none.
    """
    if not columns:
        raise DataError(f"{name} has no columns")
    if len(set(columns)) < len(columns):
        twice = next(column for i, column in enumerate(columns) if column in columns[:i])
        places = [i for i, column in enumerate(columns, start=1) if column == twice]
        raise DataError(
            f"{name} has several columns called {twice!r}, the {' and '.join(map(_ordinal, places))}; "
            f"wanted names that differ: rename or remove all but one"
        )
    return tuple(columns)


def named(columns: Sequence[str]) -> str:
    """Return names for a message, each in quotes; of very many, the first."""
    more = f" and {len(columns) - MOST_NAMED:,} more" if len(columns) > MOST_NAMED else ""
    return ", ".join(map(repr, columns[:MOST_NAMED])) + more


def rows_from(first: int, count: int) -> Array:
    """Return the numbers of rows that follow each other."""
    return np.arange(first, first + count)


def _ordinal(place: int) -> str:
    return f"{place}{'th' if place % 100 in (11, 12, 13) else {1: 'st', 2: 'nd', 3: 'rd'}.get(place % 10, 'th')}"
