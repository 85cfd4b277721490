"""The command ``nnframe``: a parser, and one file a subcommand."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from nnframe.cli import evaluate, info, new_plugin, plugins, predict, train
from nnframe.cli.output import silence
from nnframe.errors import NNFrameError
from nnframe.version import __version__

# What a shell reports for a program that an interrupt ended: 128 + SIGINT.
INTERRUPTED = 130
WRONG_INPUT = 2


class OneLineParser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line, and leaves the usage to ``--help``."""

    def error(self, message: str) -> NoReturn:
        """Print the message and exit with 2."""
        self.exit(WRONG_INPUT, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.

    Returns
    -------
    int
        0 if all went well, 1 if a plugin failed its checks, 2 for wrong input, 130 after an interrupt.
    """
    parser = OneLineParser(prog="nnframe", description="Small neural networks in numpy, with plugins.")
    parser.add_argument("--version", action="version", version=f"nnframe {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in (train, predict, evaluate, info, plugins, new_plugin):
        command.add_command(commands)
    options = parser.parse_args(arguments)
    try:
        status: int | None = options.run(options)
        sys.stdout.flush()
    except NNFrameError as error:
        print(f"{parser.prog} {options.command}: error: {error}", file=sys.stderr)
        return WRONG_INPUT
    except KeyboardInterrupt:
        print(f"{parser.prog} {options.command}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        # Such as an output on a full disk, which Python would complain about once more when it exits.
        print(f"{parser.prog} {options.command}: error: {error}", file=sys.stderr)
        silence()
        return WRONG_INPUT
    return status or 0
