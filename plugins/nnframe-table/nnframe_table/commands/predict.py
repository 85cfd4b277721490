"""Write a csv file with a prediction for each row of a table.

A prediction is a number in the target's units, or a class and the probability of each class. A model that was trained
with --loss gaussian_nll adds the standard deviation, one with --loss 'quantile(levels=(0.1, 0.9))' those quantiles.
Columns are found by name; those that the model doesn't know are ignored.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from nnframe.cli.output import check_place, say
from nnframe.contracts.command import Command
from nnframe.contracts.markers import hookimpl
from nnframe.errors import shown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_model_and_data(parser)
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FILE", help="a .csv file")
    parser.add_argument(
        "--keep", action="append", default=[], metavar="NAME", help="a column to copy, such as an id to find rows by"
    )
    parser.add_argument(
        "--guard-formulas",
        action="store_true",
        help="put an apostrophe before texts that a spreadsheet would run as a formula, such as =1+1",
    )
    parser.add_argument(
        "--quantiles",
        type=_levels,
        metavar="P[,P...]",
        help="the levels of quantiles to write, such as 0.05,0.95 (default: those that the model was trained for)",
    )


def add_model_and_data(parser: argparse.ArgumentParser) -> None:
    """Add what `predict` and `evaluate` both take."""
    parser.add_argument("model", type=Path, help="a file that nnframe train --out wrote")
    parser.add_argument("data", help="a .csv, .csv.gz, .parquet, .npy or .npz file")
    parser.add_argument(
        "--unknown",
        choices=["refuse", "ignore"],
        default="refuse",
        help="what to do about a category that was not seen in training: refuse it (the default), or treat it as none "
        "of the known ones",
    )


def run(options: argparse.Namespace) -> None:
    """Write the predictions.

    Raises
    ------
    NNFrameError
        If the model or the data can't be read, a cell can't be used, or the file can't be written.
    """
    # --help does not wait for pyarrow.
    from nnframe_table.model import load
    from nnframe_table.predictions import check_output, write_predictions
    from nnframe_table.sources.source import named

    check_output(options.out)
    check_place("--out", options.out, options.data, options.model)
    model = load(options.model)
    source = model.columns.open(options.data)
    used = {*model.columns.names, *options.keep}
    ignored = [name for name in source.columns if name not in used]
    if ignored:
        say(f"ignored {named(ignored)}")
    count = write_predictions(
        model,
        source,
        options.out,
        unknown=options.unknown,
        keep=options.keep,
        guard_formulas=options.guard_formulas,
        quantiles=options.quantiles,
    )
    say(f"{options.out} written, {count:,} predictions of {shown(model.target.target)}")


def _levels(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected numbers such as 0.05,0.95") from None


predict = Command("predict", add_arguments, run, help="predict new rows with a model of nnframe train", doc=__doc__)


@hookimpl
def nnframe_commands() -> list[Command]:
    """Return predict."""
    return [predict]
