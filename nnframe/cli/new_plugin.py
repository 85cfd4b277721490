"""``nnframe new-plugin``: start a distribution of one's own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from nnframe.cli.output import say
from nnframe.cli.scaffold import write_distribution


def add_command(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the subcommand to a parser."""
    parser = commands.add_parser(
        "new-plugin",
        help="write a distribution with an activation or a loss to edit",
        description="Write a complete distribution into a new folder: packaging, a working formula to edit, and tests "
        "that prove it.",
    )
    parser.add_argument("distribution", help="the name to install it by, such as nnframe-softsign")
    parser.add_argument("--activation", action="append", default=[], metavar="NAME", help="an activation to start with")
    parser.add_argument("--loss", action="append", default=[], metavar="NAME", help="a loss to start with")
    parser.add_argument("--into", type=Path, default=Path(), metavar="FOLDER", help="where the new folder goes")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Write the distribution, and say what to do next.

    Raises
    ------
    ArgumentError
        If a name can't be used or is taken, or the folder exists.
    """
    folder, formulas = write_distribution(options.into, options.distribution, options.activation, options.loss)
    say(f"{folder} written. Put your formula into {' and '.join(map(str, formulas))}, then:\n")
    say(f'  cd {folder}\n  python -m pip install -e ".[test]"\n  python -m pytest')
