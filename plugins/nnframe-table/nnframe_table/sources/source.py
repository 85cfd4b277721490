"""What every source of cells has."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Protocol, runtime_checkable

from nnframe.errors import DataError, NNFrameError, one_line, shown
from nnframe_table.cells import Cells

# Large enough to spread what each chunk costs, small beside the memory that Python and pyarrow need anyway.
CHUNK_BYTES = 1 << 24
# All columns of a chunk together have about this many cells at most, however short the rows of a file are.
CHUNK_CELLS = 1 << 22
CHUNK_ROWS = 1 << 16
MOST_NAMED = 20


class Chunk(NamedTuple):
    """Consecutive rows.

    Attributes
    ----------
    first : int
        The number of the first row, as a person who looks into the source counts.
    n_rows : int
    cells : mapping of str to Cells
        The cells of each requested column.
    """

    first: int
    n_rows: int
    cells: Mapping[str, Cells]

    def __len__(self) -> int:
        return self.n_rows

    def row(self, index: int) -> int:
        """Return the number of a row, given its index in the chunk."""
        return self.first + index

    def parts(self, most: int) -> Iterator[Chunk]:
        """Yield the rows in chunks of at most so many."""
        if self.n_rows <= most:
            yield self
            return
        for start in range(0, self.n_rows, most):
            stop = min(start + most, self.n_rows)
            cells = {name: each.part(start, stop) for name, each in self.cells.items()}
            yield Chunk(self.first + start, stop - start, cells)


@runtime_checkable
class Source(Protocol):
    """A table that can be read more than once.

    Attributes
    ----------
    name : str
        What messages call it.
    columns : tuple of str
        The names of its columns, all different.
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
    """Return the words that say where a cell is."""
    where = f"{source.name}, row {row} ({source.row_hint})"
    return where if column is None else f"{where}, column {shown(column)}"


def checked_names(name: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the names of columns without the blanks around them.

    Raises
    ------
    DataError
        If two are equal, or there are none.
    """
    if not columns:
        raise DataError(f"{name} has no columns; expected at least two, one of them to predict")
    seen: dict[str, int] = {}
    stripped = tuple(column.strip() for column in columns)
    for i, column in enumerate(stripped, start=1):
        first = seen.setdefault(column, i)
        if first != i:
            raise DataError(
                f"{name} has several columns called {shown(column)}, the {_ordinal(first)} and {_ordinal(i)}; "
                f"expected different names: rename or remove all but one"
            )
    return stripped


def named(columns: Sequence[str]) -> str:
    """Return names for a message, each in quotes; the first few of very many."""
    more = f" and {len(columns) - MOST_NAMED:,} more" if len(columns) > MOST_NAMED else ""
    return ", ".join(map(shown, columns[:MOST_NAMED])) + more


@contextmanager
def reading(name: str, action: str = "can't be read") -> Iterator[None]:
    """Turn whatever a library raises about the content of a file into a `DataError` that names the file.

    Libraries raise errors of many types for damaged files: zlib.error, UnicodeDecodeError, NotImplementedError,
    tokenize.TokenError and more.
    """
    try:
        yield
    except NNFrameError:
        raise
    except OSError as error:
        raise DataError(f"{name} {action}: {error.strerror or one_line(error)}") from error
    except MemoryError as error:
        raise DataError(f"{name} {action}: it does not fit into memory; close other programs") from error
    except Exception as error:
        raise DataError(f"{name} {action}: {shown(one_line(error), 300)[1:-1]}") from error


def _ordinal(place: int) -> str:
    return f"{place}{'th' if place % 100 in (11, 12, 13) else {1: 'st', 2: 'nd', 3: 'rd'}.get(place % 10, 'th')}"
