"""csv, parquet: tables with named columns of numbers, categories and gaps, for ``nnframe train``.

Numbers are scaled, texts become categories, and what was learned about the columns is saved with the net, for
``nnframe predict``. ``--reader table`` reads any file that nnframe-table can open, .npy and .npz too.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from nnframe.cli.numbers import share
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.reader import Reader, TrainingData
from nnframe.saving.json_text import encode, require_short

SHARE_HELD_OUT = 0.2


def add_arguments(group: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Add the options of tables."""
    group.add_argument("--target", metavar="NAME", help="the column to predict")
    group.add_argument(
        "--task", choices=["classification", "regression"], help="what to train for (default: by the target)"
    )
    group.add_argument(
        "--kind",
        type=_kind,
        action="append",
        default=[],
        metavar="NAME=KIND",
        help="what a column holds, if it is not recognised: numeric, category or boolean",
    )
    group.add_argument("--drop", action="append", default=[], metavar="NAME", help="a column to leave out")
    group.add_argument(
        "--fill",
        type=_fill,
        metavar="HOW",
        help="fill missing values: mean, median, most-frequent, or a number; without it they are refused",
    )
    group.add_argument(
        "--missing",
        action="append",
        metavar="TEXT",
        help="a text that stands for a missing value, beside an empty one; may be repeated (default: NA, NaN, null "
        "and a few more in text files, none in files with types)",
    )
    group.add_argument(
        "--decimal",
        choices=[".", ","],
        help="the decimal sign of numbers in texts; the other one then groups digits (default: recognised)",
    )
    group.add_argument(
        "--validation",
        type=share,
        default=SHARE_HELD_OUT,
        metavar="R",
        help=f"the share of rows to hold out for validation (default: {SHARE_HELD_OUT})",
    )


@contextmanager
def open_table(source: str, options: argparse.Namespace) -> Iterator[TrainingData]:
    """Yield a table as training data, and free its memory and files at the end.

    Raises
    ------
    NNFrameError
        If it can't be read or trained on.
    """
    # --help does not wait for pyarrow.
    from nnframe_table.dataset import read
    from nnframe_table.model_metadata import metadata_of

    with read(
        source,
        options.target,
        task=options.task,
        kinds=dict(options.kind),
        drop=options.drop,
        fill=options.fill,
        missing=options.missing,
        decimal=options.decimal,
        validation=options.validation,
        seed=options.seed,
    ) as table:
        held_out = 0 if table.validation is None else len(table.validation)
        summary = [
            f"{table.name}: {len(table.train):,} rows to train on, {held_out:,} held out; "
            f"{_counted(len(table.columns.features), 'column')} as {_counted(table.columns.n_inputs, 'input')}",
            *table.remarks,
            str(table.target),
        ]
        if table.folder is not None:
            size = sum(array.nbytes for part in (table.train, table.validation) if part for array in (part.X, part.Y))
            summary.append(f"the rows are in a temporary file of {size:,} bytes in {table.folder} until the end")
        metadata = metadata_of(table.columns, table.target)
        # Before the training, which would be lost if the net could not be saved.
        require_short(encode(metadata), f"what was learned about the columns of {table.name}")
        yield TrainingData(
            table.train,
            loss=table.target.loss,
            activation=table.target.activation,
            validation=table.validation,
            metrics=table.target.metrics,
            summary=summary,
            in_units=table.target.in_units,
            metadata=metadata,
        )


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _kind(text: str) -> tuple[str, str]:
    name, equals, kind = text.rpartition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected NAME=KIND, such as zip=category")
    return name, kind


def _fill(text: str) -> str | float:
    if text in ("mean", "median"):
        return text
    if text.replace("-", " ").replace("_", " ") == "most frequent":
        return "most frequent"
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected mean, median, most-frequent, or a number") from None


READERS = [
    Reader("csv", open_table, suffixes=(".csv", ".tsv", ".txt", ".gz"), add_arguments=add_arguments, doc=__doc__),
    Reader("parquet", open_table, suffixes=(".parquet",), add_arguments=add_arguments, doc=__doc__),
    Reader("table", open_table, add_arguments=add_arguments, doc=__doc__),
]


@hookimpl
def nnframe_readers() -> list[Reader]:
    """Return csv, parquet and table."""
    return READERS
