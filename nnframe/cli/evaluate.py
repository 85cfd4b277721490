"""``nnframe evaluate``: how good a model is on a table that has the targets."""

from __future__ import annotations

import argparse
from typing import Any

from nnframe.cli.output import say
from nnframe.cli.predict import add_model_and_data


def add_command(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the subcommand to a parser."""
    parser = commands.add_parser(
        "evaluate",
        help="say how good a model of nnframe train is",
        description="Print the mean loss over a table that has the target, and the accuracy; for numbers R2, and the "
        "mean absolute error in the target's units.",
    )
    add_model_and_data(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the figures.

    Raises
    ------
    NNFrameError
        If the model or the data can't be read, or a cell can't be used.
    """
    # The other commands don't wait for what reads tables.
    from nnframe_table.model import load

    model = load(options.model)
    figures = model.evaluate(options.data, options.unknown)
    loss = figures.pop("loss")
    say(f"{model.loss} {loss:.4f}" + "".join(f", {name} {value:.4f}" for name, value in figures.items()))
