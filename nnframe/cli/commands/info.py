"""Show what is in a saved model or a checkpoint, without loading it or any plugin.

For a model, the layers, activations and metadata; for a checkpoint, how far the training run got, and its settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnframe.contracts.command import Command
from nnframe.contracts.markers import hookimpl

# Like pathlib, not imported for nnframe --help.
if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    from pathlib import Path

    parser.add_argument("file", type=Path, help="a saved model or a checkpoint")
    parser.add_argument("--json", action="store_true", help="print JSON, with the metadata in full")


def run(options: argparse.Namespace) -> None:
    """Print what is in a file.

    Raises
    ------
    ModelFileError
        If it is neither a saved model nor a checkpoint.
    """
    # nnframe info --help reads no file.
    from nnframe.cli.model_info import show_file

    show_file(options.file, options.json)


info = Command("info", add_arguments, run, help="show what is in a saved model or a checkpoint", doc=__doc__)


@hookimpl
def nnframe_commands() -> list[Command]:
    """Return info."""
    return [info]
