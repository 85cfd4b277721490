"""Tables in memory: the data frames of pandas, polars and others, and mappings of arrays."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import ArgumentTypeError, DataError, one_line
from nnframe_table.arrow import cells_of, import_pyarrow
from nnframe_table.cells import cells_of_array
from nnframe_table.sources.source import Chunk, checked_names, rows_from

ROWS_AT_ONCE = 1 << 16


class FrameSource:
    """A data frame of any library that speaks Arrow's C stream interface, as pandas, polars and pyarrow do.

    Parameters
    ----------
    frame : data frame

    Raises
    ------
    DataError
        If it can't be taken over, or has no columns.
    MissingDependencyError
        If pyarrow is missing.
    """

    name = "the data frame"
    row_hint = "the first is row 1"

    def __init__(self, frame: Any) -> None:
        pa = import_pyarrow(self.name)
        try:
            self._table = pa.table(frame)
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise DataError(f"{self.name} can't be taken over by pyarrow: {one_line(error)}") from error
        names = [name for name in self._table.column_names if not name.startswith("__index_level_")]
        self._table = self._table.select(names)
        self.columns = checked_names(self.name, names)

    def chunks(self, columns: Collection[str]) -> Iterator[Chunk]:
        """Read some of the columns from the first row on."""
        wanted = [name for name in self.columns if name in columns]
        first = 1
        for batch in self._table.select(wanted).to_batches(ROWS_AT_ONCE):
            yield Chunk(rows_from(first, len(batch)), {name: cells_of(batch.column(name)) for name in wanted})
            first += len(batch)


class MappingSource:
    """Arrays or lists by the names of columns; needs numpy alone.

    Parameters
    ----------
    arrays : mapping of str to array_like, each of shape (N,)

    Raises
    ------
    DataError
        If they differ in length or aren't one-dimensional.
    """

    name = "the table"
    row_hint = "the first is row 1"

    def __init__(self, arrays: Mapping[str, Any]) -> None:
        self.columns = checked_names(self.name, [str(name) for name in arrays])
        self._arrays = {name: _as_array(name, each) for name, each in zip(self.columns, arrays.values(), strict=True)}
        lengths = {name: array.shape for name, array in self._arrays.items()}
        if len({*lengths.values()}) > 1 or any(len(shape) != 1 for shape in lengths.values()):
            raise DataError(f"{self.name} has columns of shapes {lengths}; wanted each of shape (N,) with the same N")

    def chunks(self, columns: Collection[str]) -> Iterator[Chunk]:
        """Read some of the columns, all rows at once: they are in memory anyway."""
        wanted = {name: cells_of_array(self._arrays[name]) for name in self.columns if name in columns}
        count = len(self._arrays[self.columns[0]])
        if count:
            yield Chunk(rows_from(1, count), wanted)


def _as_array(name: str, values: Any) -> Array:
    if isinstance(values, np.ma.MaskedArray):
        return values
    try:
        return np.asarray(values)
    except ValueError as error:
        raise DataError(f"column {name!r} of the table can't be made an array: {error}; wanted shape (N,)") from None


def frame_source(frame: Any) -> FrameSource | MappingSource:
    """Return a table in memory as a source.

    Raises
    ------
    ArgumentTypeError
        If it is none.
    """
    if hasattr(frame, "__arrow_c_stream__"):
        return FrameSource(frame)
    if isinstance(frame, Mapping):
        return MappingSource(frame)
    raise ArgumentTypeError(
        f"the table is of type {type(frame).__name__}; wanted the path of a file, a data frame, or a dict of arrays by "
        f"the names of columns"
    )
