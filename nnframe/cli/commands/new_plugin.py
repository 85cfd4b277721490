"""Write a complete distribution into a new folder: packaging, a working plugin to edit, and tests that prove it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnframe.cli.output import say
from nnframe.contracts.command import Command
from nnframe.contracts.markers import hookimpl
from nnframe.registry.kinds import KINDS

# Like pathlib, not imported for nnframe --help.
if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    from pathlib import Path

    parser.add_argument("distribution", help="the name of the distribution, such as nnframe-softsign")
    for kind in KINDS:
        parser.add_argument(
            f"--{kind}", action="append", default=[], metavar="NAME", help=f"the name of a new {kind} to start with"
        )
    parser.add_argument("--into", type=Path, default=Path(), metavar="FOLDER", help="the folder to create it in")


def run(options: argparse.Namespace) -> None:
    """Write the distribution, and say what to do next.

    Raises
    ------
    ArgumentError
        If a name can't be used or is taken, or the folder exists.
    """
    from nnframe.cli.scaffold import write_distribution

    wanted = {kind: getattr(options, kind) for kind in KINDS}
    folder, formulas = write_distribution(options.into, options.distribution, wanted)
    say(f"{folder} written. Put your code into {' and '.join(map(str, formulas))}, then:\n")
    say(f'  cd {folder}\n  python -m pip install -e ".[test]"\n  python -m pytest')


new_plugin = Command(
    "new-plugin",
    add_arguments,
    run,
    help="write a distribution with an activation, a loss or another plugin to edit",
    doc=__doc__,
)


@hookimpl
def nnframe_commands() -> list[Command]:
    """Return new-plugin."""
    return [new_plugin]
