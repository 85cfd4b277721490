"""Train a net on data of yours, or on a data set that ships with nnframe.

Prints a line for each epoch, and at the end how good the net is on samples that it was not trained with. How the data
is read, and which further options there are, depends on the data: nnframe train DATA --help shows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from nnframe.contracts.command import Command
from nnframe.contracts.markers import hookimpl
from nnframe.errors import PluginError

# Like pathlib, not imported for nnframe --help.
if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options for any data, and before parsing those of the reader of the data."""
    from nnframe.cli.parser import CommandParser

    _add_generic(parser)
    if isinstance(parser, CommandParser):
        parser.before_parsing = partial(_add_reader_options, parser)


def run(options: argparse.Namespace) -> None:
    """Train a net as the options say.

    Raises
    ------
    NNFrameError
        If the data can't be used, a name can't be found, a plugin fails, or a file can't be written.
    KeyboardInterrupt
        If the user interrupts the training. The net is saved first.
    """
    # nnframe train --help needs nothing that computes.
    from nnframe.cli.training import train

    train(options)


def _add_generic(parser: argparse.ArgumentParser) -> None:
    # As in `run`: nnframe --help needs none of the options.
    from pathlib import Path

    from nnframe.cli import numbers

    parser.add_argument("data", help="a file, such as a .npy, .npz or .csv file, or digits, a data set in nnframe")
    parser.add_argument("--reader", metavar="NAME", help="how to read the data (default: by the file's suffix)")
    net = parser.add_argument_group("net")
    net.add_argument(
        "--hidden",
        type=numbers.sizes,
        metavar="N[,N...]",
        help="the size of each hidden layer; 0 for no hidden layer (default: 64; digits: 32)",
    )
    net.add_argument(
        "--activation", default="relu", metavar="NAME", help="the activation of the hidden layers (default: relu)"
    )
    training = parser.add_argument_group("training")
    training.add_argument("--loss", metavar="NAME", help="the loss (default: cel for classes, mse for numbers)")
    training.add_argument(
        "--optimizer",
        metavar="NAME",
        help="the optimizer, such as 'adam(learning_rate=0.01)' (default: adam; digits: sgd)",
    )
    training.add_argument("--learning-rate", type=numbers.rate, metavar="R", help="the optimizer's step size")
    training.add_argument(
        "--epochs", type=numbers.count, metavar="N", help="passes over the data (default: 200; digits: 30)"
    )
    training.add_argument(
        "--patience",
        type=numbers.count_or_zero,
        metavar="N",
        help="stop after N epochs without a better validation loss and keep the best weights; 0 for never "
        "(default: 20; digits: 0)",
    )
    training.add_argument(
        "--batch-size", type=numbers.count, default=32, metavar="N", help="samples in an update (default: 32)"
    )
    training.add_argument(
        "--seed", type=numbers.count_or_zero, default=0, metavar="N", help="the seed of all random choices (default: 0)"
    )
    training.add_argument(
        "--no-shuffle",
        action="store_true",
        help="visit the samples in the order of the file: much faster for files larger than memory, but a worse net if "
        "the file is sorted",
    )
    training.add_argument("--engine", metavar="NAME", help="the engine that runs the epochs (default: numpy)")
    results = parser.add_argument_group("results")
    results.add_argument("--out", type=Path, metavar="FILE", help="save the net, for example as m.nnf")
    results.add_argument("--plot", type=Path, metavar="FILE", help="draw the losses into a .png, .pdf or .svg file")
    results.add_argument("--quiet", action="store_true", help="print only the results, not a line for each epoch")


def _add_reader_options(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> None:
    from argparse import ArgumentError

    from nnframe.cli.parser import CommandParser
    from nnframe.cli.readers import reader_in
    from nnframe.registry.blame import blamed_error

    reader = reader_in(arguments, _add_generic)
    if reader is not None and reader.add_arguments is not None:
        try:
            reader.add_arguments(parser.add_argument_group(f"data ({reader.name})"))
        except ArgumentError as error:
            # Two options of one name.
            raise blamed_error(PluginError, reader, "add_arguments", f"raised {error}") from error
        if isinstance(parser, CommandParser):
            parser.help_command = f"{parser.prog} DATA"


train = Command(
    "train", add_arguments, run, help="train a net on your data, or on a data set that ships with nnframe", doc=__doc__
)


@hookimpl
def nnframe_commands() -> list[Command]:
    """Return train."""
    return [train]
