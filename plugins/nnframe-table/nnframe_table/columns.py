"""The columns that a net reads, and the way from rows to its inputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import ArgumentError, DataError, shown
from nnframe.saving.failures import DefectError
from nnframe_table.cells import Cells
from nnframe_table.column import CellError, Column, Unknown, column_from_notes, column_notes
from nnframe_table.sources.opening import open_source
from nnframe_table.sources.source import CHUNK_BYTES, Chunk, Source, named, place
from nnframe_table.target import Task

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True)
class Columns:
    """The columns that a net reads, with what was learned of each.

    Parameters
    ----------
    features : tuple of Numeric, Category or Boolean
        In the order of the net's inputs.

    Examples
    --------
    >>> from nnframe.table import Category, Columns, Numeric
    >>> columns = Columns((Numeric("age", mean=40.0, scale=10.0), Category("city", ("Bern", "Rome"))))
    >>> columns.transform({"city": ["Rome", "Bern"], "age": [30, 45]}).tolist()
    [[-1.0, 0.0, 1.0], [0.5, 1.0, 0.0]]
    """

    features: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.features)

    @property
    def input_names(self) -> tuple[str, ...]:
        """What each of the net's inputs stands for, such as ``"age"`` or ``"city=Rome"``."""
        return tuple(name for column in self.features for name in column.outputs)

    @property
    def n_inputs(self) -> int:
        """How many numbers a row becomes."""
        return len(self.input_names)

    def transform(self, table: Any, unknown: Unknown = "refuse") -> Array:
        """Return the rows of a table as inputs of a net.

        Parameters
        ----------
        table : path, data frame, or dict of arrays
            With these columns, in any order; others are passed over.
        unknown : {"refuse", "ignore"}, optional
            What is done about a category that wasn't there in training: an error, or none of the known ones.

        Returns
        -------
        ndarray of float64, shape (N, n_inputs)
            One row a sample; ``net.forwardPass(X.T)`` takes it.

        Raises
        ------
        DataError
            If a column isn't there, or a cell can't be used; the row and the column are named.
        MissingDependencyError
            If pyarrow is needed and missing.
        """
        source = open_source(table)
        parts = [self.encode(source, chunk, unknown) for chunk in self.chunks(source)]
        return np.concatenate(parts) if parts else np.empty((0, self.n_inputs))

    def chunks(self, source: Source, *others: str, n_outputs: int = 0) -> Iterator[Chunk]:
        """Read these columns and others of a source, as many rows at a time as are a few megabytes for a net.

        Parameters
        ----------
        source : Source
        *others : str
            Columns.
        n_outputs : int, optional
            How many numbers are made of a row beside the inputs.

        Raises
        ------
        DataError
            If one isn't there.
        """
        wanted = [*self.names, *others]
        absent = [name for name in wanted if name not in source.columns]
        if absent:
            held = named(source.columns)
            raise DataError(f"{source.name} has no column {', '.join(map(repr, absent))}; it has {held}")
        most = max(1, CHUNK_BYTES // (8 * (self.n_inputs + n_outputs)))
        return (part for chunk in source.chunks(wanted) for part in chunk.parts(most))

    def encode(
        self, source: Source, chunk: Chunk, unknown: Unknown = "refuse", dtype: npt.DTypeLike = np.float64
    ) -> Array:
        """Return the rows of a chunk as `transform` does, in a dtype of one's own."""
        if unknown not in ("refuse", "ignore"):
            raise ArgumentError(f"unknown is {unknown!r}; wanted 'refuse' or 'ignore'")
        inputs = np.empty((len(chunk), self.n_inputs), dtype)
        start = 0
        for column in self.features:
            stop = start + len(column.outputs)
            inputs[:, start:stop] = encoded(column, chunk.cells[column.name], source, chunk, unknown)
            start = stop
        return inputs

    def to_notes(self) -> list[dict[str, Any]]:
        """Return the columns as JSON has them."""
        return [column_notes(column) for column in self.features]

    @classmethod
    def from_notes(cls, notes: Any) -> Columns:
        """Return columns from what `to_notes` gave, after any time in a file.

        Raises
        ------
        DefectError
            If it is anything else.
        """
        if not isinstance(notes, list) or not notes:
            raise DefectError(f"columns is {shown(notes)}; wanted a list of columns")
        found = cls(tuple(column_from_notes(each) for each in notes))
        if len(set(found.names)) < len(found.names):
            raise DefectError("columns has two of one name")
        return found


def encoded(column: Column | Task, cells: Cells, source: Source, chunk: Chunk, unknown: Unknown = "refuse") -> Array:
    """Return a column's or a target's cells as numbers.

    Raises
    ------
    DataError
        If a cell can't be used; it is named.
    """
    try:
        return column.encode(cells) if isinstance(column, Task) else column.encode(cells, unknown)
    except CellError as error:
        name = column.target if isinstance(column, Task) else column.name
        raise DataError(f"{place(source, int(chunk.rows[error.index]), name)} {error.problem}") from None
