"""Tables in memory: data frames, dicts of columns, and rows as dicts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from nnframe.errors import ArgumentTypeError, DataError, with_type
from nnframe_table.cells import Cells, UnusableCells
from nnframe_table.numerals import TYPED, TextRules
from nnframe_table.sources.source import CHUNK_CELLS, CHUNK_ROWS, Chunk, Source, checked_names, reading
from nnframe_table.sources.values import cells_of_values

SCALARS = (str, int, float, bool, type(None), np.generic)


class MemorySource:
    """Columns in memory.

    Parameters
    ----------
    name : str
    columns : mapping of str to column
        Anything that `cells_of_values` takes. A column is looked at only when it is read.
    rules : TextRules, optional

    Raises
    ------
    DataError
        If columns differ in length or are not one-dimensional.
    """

    row_hint = "the first is row 1"

    def __init__(self, name: str, columns: Mapping[str, Any], rules: TextRules = TYPED) -> None:
        self.name, self._rules = name, rules
        self.columns = checked_names(name, list(columns))
        self._values = dict(zip(self.columns, columns.values(), strict=True))
        self._cells: dict[str, Cells] = {}
        shapes = {name: _shape(name, values) for name, values in self._values.items()}
        if len(set(shapes.values())) > 1:
            listed = dict(list(shapes.items())[:20])
            raise DataError(f"{name} has columns of shapes {listed}; expected each of shape (N,) with the same N")
        self._count = next(iter(shapes.values()))[0]

    def chunks(self, columns: Collection[str]) -> Iterator[Chunk]:
        """Read some of the columns from the first row on."""
        asked = set(columns)
        wanted = [name for name in self.columns if name in asked]
        rows = max(1, min(CHUNK_ROWS, CHUNK_CELLS // max(1, len(wanted))))
        if self._count:
            whole = Chunk(1, self._count, {name: self._column(name) for name in wanted})
            yield from whole.parts(rows)

    def _column(self, name: str) -> Cells:
        if name not in self._cells:
            found = cells_of_values(name, self._values[name], self._rules)
            if found.unusable is not None and len(found) != self._count:
                found = UnusableCells(found.unusable, [""] * self._count)
            self._cells[name] = found
        return self._cells[name]


class TargetSource:
    """A table together with a target that is not one of its columns.

    Parameters
    ----------
    table, target : Source
        The latter has one column.

    Raises
    ------
    DataError
        If the table has a column of that name.
    """

    def __init__(self, table: Source, target: MemorySource) -> None:
        self.name, self.row_hint = table.name, table.row_hint
        self._table, self._target = table, target
        [self._name] = target.columns
        if self._name in table.columns:
            raise DataError(
                f"target is called {self._name!r}, and {table.name} has a column of that name; drop one, or give the "
                f"name alone: target={self._name!r}"
            )
        self.columns = (*table.columns, self._name)

    def chunks(self, columns: Collection[str]) -> Iterator[Chunk]:
        """Read some of the columns from the first row on."""
        [*parts] = self._target.chunks([self._name])
        cells = parts[0].cells[self._name] if len(parts) == 1 else self._target._column(self._name)
        count = 0
        for chunk in self._table.chunks([name for name in columns if name != self._name]):
            part = cells.part(count, count + len(chunk))
            count += len(chunk)
            if len(part) == len(chunk):
                yield Chunk(chunk.first, chunk.n_rows, {**chunk.cells, self._name: part})
        if count != len(cells):
            raise DataError(f"target has {len(cells):,} values, and {self.name} has {count:,} rows; expected as many")


def memory_source(table: Any, rules: TextRules = TYPED) -> MemorySource:
    """Return a table in memory as a source.

    Raises
    ------
    ArgumentTypeError
        If it is not a table.
    DataError
        If it can't be read.
    """
    if isinstance(table, Mapping):
        columns = {str(name): values for name, values in table.items()}
        if len(columns) < len(table):
            checked_names("the table", [str(name) for name in table])
        if columns and all(isinstance(values, SCALARS) for values in columns.values()):
            columns = {name: [value] for name, value in columns.items()}
        return MemorySource("the table", columns, rules)
    if isinstance(table, (list, tuple)) and all(isinstance(row, Mapping) for row in table):
        keys = dict.fromkeys(str(name) for row in table for name in row)
        rows = [{str(name): value for name, value in row.items()} for row in table]
        return MemorySource("the list of rows", {name: [row.get(name) for row in rows] for name in keys}, rules)
    if is_pandas_frame(table):
        names = checked_names("the data frame", [str(name) for name in table.columns])
        return MemorySource(
            "the data frame", dict(zip(names, (column for _, column in table.items()), strict=True)), rules
        )
    if hasattr(table, "__arrow_c_stream__"):
        return MemorySource("the data frame", _arrow_columns(table), rules)
    raise ArgumentTypeError(
        f"the table is {with_type(table)}; expected the path of a file, a data frame, a dict of arrays by the names of "
        f"columns, or a list of dicts, one a row; arrays without names go to nnframe.pairs(X, Y)"
    )


def is_pandas_frame(table: Any) -> bool:
    """Return whether a table is a DataFrame of pandas, without importing pandas."""
    return type(table).__name__ == "DataFrame" and type(table).__module__.partition(".")[0] == "pandas"


def _arrow_columns(frame: Any) -> dict[str, Any]:
    """Return the columns of a frame that speaks Arrow; those that Arrow can't take are left for a remark."""
    try:
        table = pa.table(frame)
        names, columns = table.column_names, table.columns
    except Exception:  # one column of a type that Arrow doesn't know; the others may be fine
        with reading("the data frame"):
            names = list(frame.columns)
            columns = [frame[name] for name in names]
    return dict(zip(checked_names("the data frame", names), columns, strict=True))


def _shape(name: str, values: Any) -> tuple[int, ...]:
    if hasattr(values, "shape") and isinstance(values.shape, tuple):
        shape: tuple[int, ...] = values.shape
    elif isinstance(values, (str, bytes)) or (not isinstance(values, Sequence) and not hasattr(values, "__len__")):
        # Of no length; what it is instead is told when it is read.
        cells_of_values(name, values)
        shape = ()
    else:
        shape = (len(values),)
        if isinstance(values, Sequence) and len(values) and isinstance(values[0], (list, tuple, np.ndarray)):
            raise DataError(f"column {name!r} of the table holds lists; expected one value a row, shape (N,)")
    if len(shape) != 1:
        raise DataError(f"column {name!r} of the table has shape {shape}; expected (N,), one value a row")
    return shape


__all__ = ["MemorySource", "TargetSource", "is_pandas_frame", "memory_source"]
