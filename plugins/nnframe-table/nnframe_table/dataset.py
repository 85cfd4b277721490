"""From a table to pairs that a net can be trained with."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from nnframe.arrays import Array, DType, whole_number
from nnframe.data import Pairs, pairs
from nnframe.errors import ArgumentError, ArgumentTypeError, DataError, with_type
from nnframe_table.columns import encoded
from nnframe_table.learn import Choices, Learned, learn
from nnframe_table.recognition import Fill
from nnframe_table.sources.numpy import TARGET, NumpySource
from nnframe_table.sources.opening import open_source
from nnframe_table.sources.source import Source, named
from nnframe_table.split import held_out
from nnframe_table.store import FileRows, MemoryRows

if TYPE_CHECKING:
    import numpy.typing as npt

DEFAULT_MEMORY = 1 << 29
COLUMN_NUMBER = re.compile(r"-?[0-9]{1,9}")


class Table:
    """A table ready to train with; what `read` returns.

    It holds a temporary file if there are more rows than fit into the memory granted. The file goes when the table is
    closed, ``with`` does that, or when the process ends.

    Attributes
    ----------
    train : Pairs
        The rows to train on.
    validation : Pairs or None
        The rows that were held out; None if none were.
    columns : Columns
        What the inputs are made from.
    task : Classification or Regression
        What is to be predicted.
    remarks : list of str
        What was left out or filled, a sentence each.
    name : str
        Where it comes from.
    folder : pathlib.Path or None
        Where the temporary file is; None if there is none.
    """

    def __init__(self, name: str, learned: Learned, parts: Sequence[_Part], folder: Path | None) -> None:
        self.name = name
        self.columns, self.task, self.remarks = learned.columns, learned.task, learned.remarks
        self.folder = folder
        self._parts = parts
        self.train, held_out = (part.pairs() for part in parts)
        self.validation = held_out if len(held_out) else None

    def sizes(self, hidden: Sequence[int] = ()) -> list[int]:
        """Return the sizes of a net for this table, for `nnframe.nNet.from_sizes`.

        Parameters
        ----------
        hidden : sequence of int, optional
            The sizes of the hidden layers.
        """
        return [self.columns.n_inputs, *hidden, self.task.n_outputs]

    def close(self) -> None:
        """Delete the temporary file, if there is one; the pairs can't be used any more then."""
        for part in self._parts:
            part.close()

    def __enter__(self) -> Table:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        held_out = len(self.validation) if self.validation else 0
        return (
            f"<table {self.name}: {len(self.train):,} rows to train on, {held_out:,} held out, "
            f"{len(self.columns.features)} columns as {self.columns.n_inputs} inputs, {self.task}>"
        )


class _Part:
    """Some of the rows, as inputs and targets."""

    def __init__(self, n_rows: int, learned: Learned, dtype: DType, folder: Path | None) -> None:
        shapes = (n_rows, learned.columns.n_inputs), (n_rows, learned.task.n_outputs)
        self._stores = [
            MemoryRows(shape, dtype) if folder is None else FileRows(shape, dtype, folder) for shape in shapes
        ]

    def add(self, *arrays: Array) -> None:
        for store, rows in zip(self._stores, arrays, strict=True):
            store.add(rows)

    def pairs(self) -> Pairs:
        return pairs(*(store.array() for store in self._stores))

    def close(self) -> None:
        for store in self._stores:
            store.close()


def read(
    table: Any,
    target: str | int | None = None,
    *,
    task: str | None = None,
    kinds: Mapping[str, str] | None = None,
    drop: Collection[str] = (),
    fill: Fill = None,
    validation: float = 0.2,
    seed: int = 0,
    dtype: npt.DTypeLike = np.float32,
    memory: int = DEFAULT_MEMORY,
    folder: str | os.PathLike[str] | None = None,
) -> Table:
    """Read a table, learn what its columns hold, and return it as pairs for a net.

    It is read twice, a chunk of rows at a time: to learn, and to convert. Numbers are scaled to mean 0 and standard
    deviation 1, both taken from the rows that are trained on; texts become a 1 in a column for each category. Columns
    that hold dates, names, one value only or the number of the row are left out, and `Table.remarks` says so.

    Parameters
    ----------
    table : path, data frame, or dict of arrays
        A .csv, .parquet, .npy or .npz file; a frame of pandas, polars or pyarrow; arrays by the names of columns.
    target : str, int or None, optional
        The column to predict. In a .npy file it is the number of a column, the last one by default; in a .npz file it
        is ``y`` by default.
    task : {"classification", "regression"}, optional
        By default recognised from the target: classes if it holds texts, or few different whole numbers.
    kinds : mapping of str to {"numeric", "category", "boolean"}, optional
        For columns that aren't what they seem, such as ``{"zip": "category"}``.
    drop : collection of str, optional
        Columns to leave out.
    fill : {"mean", "median", "most frequent"} or float, optional
        What stands in for missing values of numeric columns; other columns take the most frequent value then. Where it
        is left out, missing values are refused. Medians and frequencies are those of 100,000 rows at most.
    validation : float, optional
        The share of rows held out, from 0 to below 1.
    seed : int, optional
        What the rows held out are drawn from.
    dtype : float32 or float64, optional
        Of the pairs.
    memory : int, optional
        How many bytes of pairs are held in memory; more go into a temporary file.
    folder : path, optional
        Where that file goes; by default the folder for temporary files, which the environment's ``TMPDIR`` names.

    Returns
    -------
    Table

    Raises
    ------
    DataError
        If the file can't be read, or a cell can't be used; the row and the column are named.
    ArgumentError, ArgumentTypeError
        If an argument can't be used.
    MissingDependencyError
        If pyarrow is needed and missing.

    Examples
    --------
    >>> import nnframe.table
    >>> rooms, noise = [1, 2, 3, 4, 5, 6], [0.5, 0.1, 0.4, 0.3, 0.6, 0.2]
    >>> table = nnframe.table.read({"rooms": rooms, "noise": noise, "price": [100.5, 190, 310, 405, 480, 612]}, "price")
    >>> table
    <table the table: 5 rows to train on, 1 held out, 2 columns as 2 inputs, regression of 'price', ...>
    """
    if isinstance(validation, bool) or not isinstance(validation, (int, float, np.number)):
        raise ArgumentTypeError(f"validation is {with_type(validation)}; wanted a share such as 0.2")
    if not 0 <= validation < 1:
        raise ArgumentError(f"validation is {validation}; wanted a share from 0 to below 1, such as 0.2")
    if np.dtype(dtype) not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ArgumentTypeError(f"dtype is {np.dtype(dtype)}; wanted float32 or float64")
    if isinstance(drop, str):
        raise ArgumentTypeError(f"drop is {drop!r}; wanted a list of names: [{drop!r}]")
    source = open_source(table)
    choices = Choices(
        _target(source, target), task, kinds or {}, tuple(drop), fill, float(validation), whole_number(seed, "seed", 0)
    )
    learned = learn(source, choices)
    row_bytes = np.dtype(dtype).itemsize * (learned.columns.n_inputs + learned.task.n_outputs)
    in_memory = row_bytes * (learned.n_train + learned.n_held_out) <= whole_number(memory, "memory", 0)
    place = None if in_memory else Path(folder or tempfile.gettempdir())
    with ExitStack() as undo:
        parts = []
        for n_rows in (learned.n_train, learned.n_held_out):
            parts.append(_Part(n_rows, learned, np.dtype(dtype), place))
            undo.callback(parts[-1].close)
        _convert(source, learned, choices, np.dtype(dtype), *parts)
        ready = Table(source.name, learned, parts, place)
        undo.pop_all()
        return ready


def _convert(source: Source, learned: Learned, choices: Choices, dtype: DType, train: _Part, held: _Part) -> None:
    expected, n_rows = learned.n_train + learned.n_held_out, 0
    changed = DataError(f"{source.name} changed while it was read; wait until it is whole, or copy it first")
    for chunk in learned.columns.chunks(source, choices.target, n_outputs=learned.task.n_outputs):
        if n_rows + len(chunk) > expected:
            raise changed
        X = learned.columns.encode(source, chunk, dtype=dtype)
        Y = encoded(learned.task, chunk.cells[choices.target], source, chunk)
        chosen = held_out(n_rows, len(chunk), choices.validation, choices.seed)
        train.add(X[~chosen], Y[~chosen])
        held.add(X[chosen], Y[chosen])
        n_rows += len(chunk)
    if n_rows != expected:
        raise changed


def _target(source: Source, target: str | int | None) -> str:
    if isinstance(source, NumpySource):
        if target is None:
            return TARGET if TARGET in source.columns else source.columns[-1]
        if isinstance(target, str) and target in source.columns:
            return target
        if isinstance(target, (int, np.integer)) or (isinstance(target, str) and COLUMN_NUMBER.fullmatch(target)):
            count = len(source.columns)
            if not -count <= int(target) < count:
                raise DataError(f"target is {target}, but {source.name} has {count} columns, counted from 0")
            return source.columns[int(target)]
        raise ArgumentError(f"target is {with_type(target)}; wanted the number of a column of {source.name}, from 0 on")
    if target is None:
        raise ArgumentError(f"target is missing; wanted the name of a column of {source.name}: {named(source.columns)}")
    return str(target)
