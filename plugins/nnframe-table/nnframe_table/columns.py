"""The columns that a net reads, and the way from rows to its inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct

from nnframe.arrays import Array
from nnframe.errors import ArgumentError, DataError, shown
from nnframe_table.cells import Cells
from nnframe_table.column import LARGEST, Category, CellError, Column, Numeric, Unknown
from nnframe_table.sources.opening import open_source
from nnframe_table.sources.source import CHUNK_BYTES, Chunk, Source, named, place
from nnframe_table.target import Target

if TYPE_CHECKING:
    import numpy.typing as npt


class Columns(Struct, frozen=True):
    """The columns that a net reads, with what was learned about each.

    Parameters
    ----------
    features : tuple of Numeric, Category or Boolean
        In the order of the net's inputs.
    missing : tuple of str or None, optional
        The texts that stand for a missing value; None for those that the source's format has.
    decimal : {".", ","} or None, optional
        The decimal sign of texts; None to recognise it.

    Examples
    --------
    >>> from nnframe.table import Category, Columns, Numeric
    >>> columns = Columns((Numeric("age", mean=40.0, scale=10.0), Category("city", ("Bern", "Rome"))))
    >>> columns.transform({"city": ["Rome", "Bern"], "age": [30, 45]}).tolist()
    [[-1.0, 0.0, 1.0], [0.5, 1.0, 0.0]]
    """

    features: tuple[Column, ...]
    missing: tuple[str, ...] | None = None
    decimal: str | None = None

    def __post_init__(self) -> None:
        if not self.features:
            raise ArgumentError("features is empty; expected at least one column")
        if len(set(self.names)) < len(self.features):
            raise ArgumentError("features has two columns of one name")
        for column in self.features:
            labels = getattr(column, "categories", ())
            if len(set(labels)) < len(labels):
                raise ArgumentError("a column has two categories of one name")
            if labels and column.fill is not None and column.fill not in labels:
                raise ArgumentError("a column is filled with a text that is not one of its categories")
        if self.decimal not in (None, ".", ","):
            raise ArgumentError(f"decimal is {self.decimal!r}; expected '.', ',' or None")

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
        """The number of inputs that a row becomes."""
        return sum(len(getattr(column, "categories", "1")) for column in self.features)

    def open(self, table: Any) -> Source:
        """Return the source for a table, read with the same rules as the training data."""
        return open_source(table, self.missing, self.decimal)

    def transform(self, table: Any, unknown: Unknown = "refuse") -> Array:
        """Return the rows of a table as a net's inputs.

        Parameters
        ----------
        table : path, data frame, dict of arrays, dict of values, or list of dicts
            With these columns, in any order; others are ignored.
        unknown : {"refuse", "ignore"}, optional
            What to do about a category that was not seen in training: raise an error, or treat it as none of the
            known ones.

        Returns
        -------
        ndarray of float64, shape (N, n_inputs)
            One row a sample; ``net.forwardPass(X.T)`` takes it.

        Raises
        ------
        DataError
            If a column is missing, or a cell can't be used; the message names the row and the column.
        """
        source = self.open(table)
        parts = [self.encode(source, chunk, unknown) for chunk in self.chunks(source)]
        return np.concatenate(parts) if parts else np.empty((0, self.n_inputs))

    def encode_row(self, row: Mapping[str, Any]) -> list[float] | None:
        """Return the inputs for one row of plain values, or None if a value needs the checks of `transform`."""
        inputs: list[float] = []
        try:
            for column in self.features:
                value = row[column.name]
                entries = column.encode_value(value.item() if isinstance(value, np.generic) else value)
                if entries is None:
                    return None
                inputs += entries
        except (KeyError, OverflowError):
            return None
        return inputs

    def chunks(self, source: Source, *others: str, n_outputs: int = 0) -> Iterator[Chunk]:
        """Read these columns and others of a source, a few megabytes of a net's inputs at a time.

        Parameters
        ----------
        source : Source
        *others : str
            Further columns.
        n_outputs : int, optional
            How many numbers a row becomes beside the inputs.

        Raises
        ------
        DataError
            If the source lacks one of them.
        """
        wanted, held = [*self.names, *others], set(source.columns)
        absent = [name for name in wanted if name not in held]
        if absent:
            raise DataError(f"{source.name} has no column {named(absent)}; it has {named(source.columns)}")
        most = max(1, CHUNK_BYTES // (8 * (self.n_inputs + n_outputs)))
        return (part for chunk in source.chunks(wanted) for part in chunk.parts(most))

    def encode(
        self, source: Source, chunk: Chunk, unknown: Unknown = "refuse", dtype: npt.DTypeLike = np.float64
    ) -> Array:
        """Return the rows of a chunk as `transform` does, in a given dtype."""
        if not (isinstance(unknown, str) and unknown in ("refuse", "ignore")):
            raise ArgumentError(f"unknown is {shown(unknown)}; expected 'refuse' or 'ignore'")
        inputs = np.empty((len(chunk), self.n_inputs), dtype)
        plain = self._encode_numbers(chunk, inputs)
        for column, start in zip(self.features, self._starts(), strict=True):
            if column.name not in plain:
                block = encoded(column, chunk.cells[column.name], source, chunk, unknown)
                inputs[:, start : start + block.shape[1]] = block
        return inputs

    def _starts(self) -> list[int]:
        """Return the index of each column's first input."""
        widths = [len(column.categories) if isinstance(column, Category) else 1 for column in self.features]
        return [0, *np.cumsum(widths[:-1]).tolist()]

    def _encode_numbers(self, chunk: Chunk, inputs: Array) -> set[str]:
        """Encode the columns that hold numbers only, all at once, and return their names."""
        found = [
            (i, column) for i, column in zip(self._starts(), self.features, strict=True) if type(column) is Numeric
        ]
        values = np.empty((len(found), len(chunk)))
        clear = np.ones(len(found), bool)
        for i, (_, column) in enumerate(found):
            values[i], _, _, unclear = chunk.cells[column.name].numbers()
            clear[i] = not unclear.any()
        with np.errstate(over="ignore", invalid="ignore"):
            values -= np.array([column.mean for _, column in found])[:, np.newaxis]
            values /= np.array([column.scale for _, column in found])[:, np.newaxis]
        # NaN is not smaller than anything.
        plain = clear & (np.abs(values) <= LARGEST).all(axis=1)
        inputs[:, [start for (start, _), good in zip(found, plain, strict=True) if good]] = values[plain].T
        return {column.name for (_, column), good in zip(found, plain, strict=True) if good}


def encoded(column: Column | Target, cells: Cells, source: Source, chunk: Chunk, unknown: Unknown = "refuse") -> Array:
    """Return the cells of a column or of the target as numbers.

    Raises
    ------
    DataError
        If a cell can't be used; the message says which.
    """
    try:
        return column.encode(cells) if isinstance(column, Target) else column.encode(cells, unknown)
    except CellError as error:
        name = column.target if isinstance(column, Target) else column.name
        raise DataError(f"{place(source, chunk.row(error.index), name)} {error.problem}") from None
