"""What ``nnframe train`` trains with: a file of one's own, or a data set that ships with nnframe."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from nnframe_table import Classification, Columns, Numeric, read
from nnframe_table.sources.numpy import TARGET
from nnframe_table.target import Task

from nnframe.data import Pairs
from nnframe.datasets import load_digits
from nnframe.datasets.digits import LARGEST_PIXEL
from nnframe.errors import ArgumentError

DIGITS = "digits"
SHARE_HELD_OUT = 0.2


class Defaults(NamedTuple):
    """What an option is where it is left out."""

    hidden: list[int]
    optimizer: str
    epochs: int
    patience: int


class TrainingData(NamedTuple):
    """Data to train with and to judge the result by.

    Attributes
    ----------
    summary : list of str
        Lines that say what was found.
    train : Pairs
    validation : Pairs or None
        Looked at after each epoch.
    test : Pairs or None
        Looked at when all is over.
    columns : Columns
    task : Classification or Regression
    defaults : Defaults
    """

    summary: list[str]
    train: Pairs
    validation: Pairs | None
    test: Pairs | None
    columns: Columns
    task: Task
    defaults: Defaults


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[TrainingData]:
    """Give the data that the options name, and let go of what it takes up.

    Raises
    ------
    NNFrameError
        If it can't be read or trained on.
    """
    if options.data == DIGITS:
        given = options.target, options.task, options.fill, options.validation
        if options.kind or options.drop or any(option is not None for option in given):
            raise ArgumentError(
                f"{DIGITS} has its columns, its target and its test samples; leave out --target, --task, --kind, "
                f"--drop, --fill and --validation"
            )
        yield _digits()
        return
    with read(
        options.data,
        options.target,
        task=options.task,
        kinds=dict(options.kind),
        drop=options.drop,
        fill=options.fill,
        validation=SHARE_HELD_OUT if options.validation is None else options.validation,
        seed=options.seed,
    ) as table:
        held_out = 0 if table.validation is None else len(table.validation)
        summary = [
            f"{table.name}: {len(table.train):,} rows to train on, {held_out:,} held out; "
            f"{_counted(len(table.columns.features), 'column')} as {_counted(table.columns.n_inputs, 'input')}",
            *table.remarks,
            str(table.task),
        ]
        if table.folder is not None:
            size = sum(array.nbytes for part in (table.train, table.validation) if part for array in (part.X, part.Y))
            summary.append(f"the rows are in a temporary file of {size:,} bytes in {table.folder} until the end")
        defaults = Defaults(hidden=[64], optimizer="adam", epochs=200, patience=20)
        yield TrainingData(summary, table.train, table.validation, None, table.columns, table.task, defaults)


def _digits() -> TrainingData:
    train, test = load_digits()
    pixels = (Numeric(str(i), 0.0, float(LARGEST_PIXEL)) for i in range(train.X.shape[1]))
    return TrainingData(
        [f"{DIGITS}: {len(train)} samples to train on, {len(test)} to test"],
        train,
        None,
        test,
        Columns(tuple(pixels)),
        Classification(TARGET, tuple(map(str, range(train.Y.shape[1])))),
        Defaults(hidden=[32], optimizer="sgd(learning_rate=0.2)", epochs=30, patience=0),
    )


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
