"""Print the mean loss over a table that has the target column, and how good the predictions are.

For classes that is the accuracy; for numbers R2, and the mean absolute error in the target's units.
"""

from __future__ import annotations

import argparse

from nnframe.cli.output import show
from nnframe.contracts.command import Command
from nnframe.contracts.markers import hookimpl
from nnframe_table.commands.predict import add_model_and_data


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_model_and_data(parser)


def run(options: argparse.Namespace) -> None:
    """Print the figures.

    Raises
    ------
    NNFrameError
        If the model or the data can't be read, or a cell can't be used.
    """
    # --help does not wait for pyarrow.
    from nnframe_table.model import load

    model = load(options.model)
    figures = model.evaluate(options.data, options.unknown)
    loss = figures.pop("loss")
    show(f"{model.loss} {loss:.4f}" + "".join(f", {name} {value:.4f}" for name, value in figures.items()))


evaluate = Command("evaluate", add_arguments, run, help="say how good a model of nnframe train is", doc=__doc__)


@hookimpl
def nnframe_commands() -> list[Command]:
    """Return evaluate."""
    return [evaluate]
