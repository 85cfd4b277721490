"""From a table to pairs that a net can be trained with."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from nnframe.arrays import Array, DType
from nnframe.data import Pairs, pairs
from nnframe.errors import ArgumentError, ArgumentTypeError, DataError, with_type
from nnframe.inputs.array_likes import require_same_order
from nnframe.inputs.checks import net_dtype, whole_number
from nnframe_table.choices import Choices, checked_choices
from nnframe_table.columns import encoded
from nnframe_table.learn import Learned, learn
from nnframe_table.learn_in_workers import learn_in_workers
from nnframe_table.recognition import Fill
from nnframe_table.rows import empty_rows
from nnframe_table.sources.memory import MemorySource, TargetSource
from nnframe_table.sources.numpy_file import TARGET, NumpySource
from nnframe_table.sources.opening import open_source
from nnframe_table.sources.remembered import RememberedSource
from nnframe_table.sources.source import Source, named
from nnframe_table.split import held_out

if TYPE_CHECKING:
    import numpy.typing as npt

    from nnframe.many.training import Executor

DEFAULT_MEMORY = 1 << 29
COLUMN_NUMBER = re.compile(r"-?[0-9]{1,9}")


class Table:
    """A table that is ready to train with; `read` returns it.

    It holds a temporary file if its rows need more memory than they may take. The file's space is free again when the
    table is closed, as ``with`` does, or when the process ends.

    Attributes
    ----------
    train : Pairs
        The rows to train on.
    validation : Pairs or None
        The rows held out; None if there are none.
    columns : Columns
        How the inputs are made.
    target : Classification or Regression
        What is predicted.
    remarks : list of str
        What was left out, filled or doubtful, a sentence each.
    name : str
        Where it comes from.
    folder : pathlib.Path or None
        Where the temporary file is; None if there is none.
    """

    def __init__(self, name: str, learned: Learned, train: Pairs, validation: Pairs, folder: Path | None) -> None:
        self.name, self.folder = name, folder
        self.columns, self.target, self.remarks = learned.columns, learned.target, learned.remarks
        self.train, self.validation = train, validation if len(validation) else None

    def sizes(self, hidden: Sequence[int] = ()) -> list[int]:
        """Return the sizes of a net for this table, for `nnframe.nNet.from_sizes`.

        Parameters
        ----------
        hidden : sequence of int, optional
            The sizes of the hidden layers.
        """
        return [self.columns.n_inputs, *hidden, self.target.n_outputs]

    def close(self) -> None:
        """Let go of the rows and of the temporary file; the table is empty from then on."""
        empty = pairs(np.empty((0, self.columns.n_inputs)), np.empty((0, self.target.n_outputs)))
        self.train, self.validation = empty, None

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
            f"{len(self.columns.features)} columns as {self.columns.n_inputs} inputs, {self.target}>"
        )


class Part:
    """Some of the rows, as inputs and targets.

    Attributes
    ----------
    arrays : list of ndarray
        The inputs and the targets.
    """

    def __init__(self, n_rows: int, learned: Learned, dtype: DType, folder: Path | None) -> None:
        self.arrays = [
            empty_rows((n_rows, width), dtype, folder) for width in (learned.columns.n_inputs, learned.target.n_outputs)
        ]
        self._count = 0

    def add(self, *blocks: Array) -> None:
        """Add rows."""
        stop = self._count + len(blocks[0])
        for array, block in zip(self.arrays, blocks, strict=True):
            array[self._count : stop] = block
        self._count = stop

    def pairs(self) -> Pairs:
        """Return all rows."""
        return pairs(*self.arrays)


def read(
    table: Any,
    target: Any = None,
    *,
    task: str | None = None,
    kinds: Mapping[str, str] | None = None,
    drop: Collection[str] = (),
    fill: Fill = None,
    missing: Collection[str] | None = None,
    decimal: str | None = None,
    validation: float = 0.2,
    seed: int = 0,
    dtype: npt.DTypeLike = np.float32,
    memory: int = DEFAULT_MEMORY,
    folder: str | os.PathLike[str] | None = None,
    executor: Executor | None = None,
) -> Table:
    """Read a table, learn what its columns hold, and return it as pairs for a net.

    The table is read twice, a chunk of rows at a time: to learn, and to convert. Numbers are scaled to mean 0 and
    standard deviation 1 over the training rows; each category of a text column becomes an input that is 0 or 1.
    Columns of dates, of names, of a single value or of row numbers are left out, and `Table.remarks` says so.

    Parameters
    ----------
    table : path, data frame, dict of arrays, or list of dicts
        A .csv, .csv.gz, .parquet, .npy or .npz file; a folder of .parquet files; a frame of pandas, polars or pyarrow;
        arrays by the names of columns; or rows by the names of columns.
    target : str, int, array_like of shape (N,), or None, optional
        The column to predict, or its values. In a .npy file it is the index of a column, by default the last one; in a
        .npz file it is ``y`` by default.
    task : {"classification", "regression"}, optional
        By default recognised from the target: classes if it holds texts, or few different whole numbers.
    kinds : mapping of str to {"numeric", "category", "boolean"}, optional
        For columns that are not what they seem, such as ``{"zip": "category"}``.
    drop : collection of str, optional
        Columns to leave out.
    fill : {"mean", "median", "most frequent"} or float, optional
        What replaces missing values of numeric columns; other columns then take their most frequent value. By default
        missing values are refused. Medians and most frequent numbers are those of at most 100,000 rows.
    missing : collection of str, optional
        The texts that stand for a missing value, beside an empty one. By default the usual ones in a csv file, such as
        NA, and none in a source with types.
    decimal : {".", ","}, optional
        The decimal sign of numbers in texts; the other sign groups digits. By default the point, and in csv files with
        semicolons the comma too.
    validation : float, optional
        The share of rows to hold out, from 0 to below 1.
    seed : int, optional
        Decides which rows are held out.
    dtype : float32 or float64, optional
        Of the pairs.
    memory : int, optional
        How many bytes of pairs may be in memory; more go into a temporary file.
    folder : path, optional
        Where that file goes; by default the folder for temporary files, which the environment's ``TMPDIR`` names.
    executor : concurrent.futures.Executor, optional
        Reads a folder the first time: each worker some of the files, such as those of Dask's
        ``client.get_executor()``, which have to see the folder. What they find out about the columns is merged, and
        doesn't depend on their number.

    Returns
    -------
    Table

    Raises
    ------
    DataError
        If the file can't be read, or a cell can't be used; the message names the row and the column.
    ArgumentError, ArgumentTypeError
        If an argument can't be used.

    Examples
    --------
    >>> import nnframe.table
    >>> rooms, noise = [1, 2, 3, 4, 5, 6], [0.5, 0.1, 0.4, 0.3, 0.6, 0.2]
    >>> table = nnframe.table.read({"rooms": rooms, "noise": noise, "price": [100.5, 190, 310, 405, 480, 612]}, "price")
    >>> table
    <table the table: 5 rows to train on, 1 held out, 2 columns as 2 inputs, regression of 'price', ...>
    """
    choices = checked_choices(target, task, kinds, drop, fill, missing, decimal, validation, seed)
    found_dtype = net_dtype(dtype)
    require_same_order(table, target, ("table", "target"))
    source, name = _with_target(open_source(table, choices.missing, choices.decimal), target)
    choices = choices._replace(target=name)
    learned = None if executor is None else learn_in_workers(source, choices, executor)
    source = RememberedSource(source)
    if learned is None:
        learned = learn(source, choices)
    row_bytes = found_dtype.itemsize * (learned.columns.n_inputs + learned.target.n_outputs)
    in_memory = row_bytes * (learned.n_train + learned.n_held_out) <= whole_number(memory, "memory", 0)
    place = None if in_memory else folder_of(folder)
    train, held = (Part(n, learned, found_dtype, place) for n in (learned.n_train, learned.n_held_out))
    _convert(source, learned, choices, found_dtype, train, held)
    return Table(source.name, learned, train.pairs(), held.pairs(), place)


def folder_of(folder: Any) -> Path:
    """Return where a temporary file goes; raises ArgumentTypeError or DataError if there can be none."""
    try:
        found = Path(folder or tempfile.gettempdir())
        os.fsencode(found)
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"folder is {with_type(folder)}; expected the path of a folder") from None
    except OSError as error:
        raise DataError(
            f"the rows need a temporary file, and there is no folder for it ({error.strerror}); name one with folder, "
            f"or let more bytes be in memory"
        ) from error
    if "\0" in str(found):
        raise ArgumentTypeError(f"folder is {with_type(folder)}; expected a path without null characters")
    return found


def _convert(source: Source, learned: Learned, choices: Choices, dtype: DType, train: Part, held: Part) -> None:
    expected, n_rows = learned.n_train + learned.n_held_out, 0
    changed = DataError(f"{source.name} changed while it was read; wait until it is complete, or copy it first")
    for chunk in learned.columns.chunks(source, choices.target, n_outputs=learned.target.n_outputs):
        if n_rows + len(chunk) > expected:
            raise changed
        X = learned.columns.encode(source, chunk, dtype=dtype)
        Y = encoded(learned.target, chunk.cells[choices.target], source, chunk)
        chosen = held_out(n_rows, len(chunk), choices.validation, choices.seed)
        train.add(X[~chosen], Y[~chosen])
        held.add(X[chosen], Y[chosen])
        n_rows += len(chunk)
    if n_rows != expected:
        raise changed


def _with_target(source: Source, target: Any) -> tuple[Source, str]:
    """Return the source and the name of the column to predict."""
    if target is not None and not isinstance(target, (str, int, np.integer)):
        if not hasattr(target, "__len__"):
            raise ArgumentTypeError(f"target is {with_type(target)}; expected the name of a column, or its values")
        label = getattr(target, "name", None)
        name = label if isinstance(label, str) and label.strip() else "target"
        return TargetSource(source, MemorySource("target", {name: target})), name.strip()
    if isinstance(source, NumpySource):
        return source, _numbered_target(source, target)
    if target is None:
        raise ArgumentError(
            f"target is missing; expected the name of a column of {source.name}: {named(source.columns)}"
        )
    return source, str(target).strip()


def _numbered_target(source: NumpySource, target: Any) -> str:
    if target is None:
        return TARGET if TARGET in source.columns else source.columns[-1]
    if isinstance(target, str) and target in source.columns:
        return target
    if not isinstance(target, str) or COLUMN_NUMBER.fullmatch(target):
        count = len(source.columns)
        if not -count <= int(target) < count:
            raise DataError(f"target is {target}, but {source.name} has {count} columns, counted from 0")
        return source.columns[int(target)]
    raise ArgumentError(f"target is {with_type(target)}; expected the index of a column of {source.name}, from 0 on")
