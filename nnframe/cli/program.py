"""What the command ``nnframe`` does: finds a command among the plugins, parses its options and runs it."""

from __future__ import annotations

import sys

from nnframe import registry
from nnframe.cli.missing import refuse_missing
from nnframe.cli.output import PROGRAM, complain, show, table
from nnframe.cli.running import plugin_output_apart
from nnframe.contracts.command import Command
from nnframe.errors import NNFrameError
from nnframe.registry.known import COMMANDS, distributions_with
from nnframe.version import __version__

DESCRIPTION = "Small neural networks in numpy, with plugins."


def run_command(name: str, arguments: list[str], label: str) -> int:
    """Run a command and return its exit status.

    Raises
    ------
    PluginError
        If a command that doesn't come with nnframe fails. The traceback, for its author, is printed first.
    """
    from nnframe.cli.parser import CommandParser

    command = _command(name)
    try:
        parser = CommandParser(prog=label, description=command.documentation or command.help)
        command.add_arguments(parser)
        status = command.run(parser.parse_args(arguments))
        if sys.stdout is not None:
            sys.stdout.flush()
    except (NNFrameError, OSError):
        raise
    except Exception as error:
        if registry.provider_of(command) == registry.BUILTIN_PROVIDER:
            raise
        # Only a failure needs them.
        import traceback

        from nnframe.registry.blame import raised

        complain(traceback.format_exc().rstrip())
        raise raised(command, "run", error) from error
    return status or 0


def _command(name: str) -> Command:
    refuse_missing("command", name.lower(), f"{PROGRAM} {name}")
    with plugin_output_apart():
        return registry.resolve(Command, name)


def run_without_command(arguments: list[str]) -> int:
    """Print the help and return the exit status, or exit with an error."""
    # The parser takes a while to import.
    if arguments not in (["--help"], ["-h"]):
        from nnframe.cli.parser import CommandParser

        parser = CommandParser(prog=PROGRAM, description=DESCRIPTION, add_help=False)
        parser.add_argument("-h", "--help", action="store_true", help="show this help message and exit")
        parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
        if not parser.parse_args(arguments).help:
            parser.error("the following arguments are required: COMMAND")
    show(f"usage: {PROGRAM} COMMAND ...\n       {PROGRAM} COMMAND --help\n\n{DESCRIPTION}\n\ncommands:")
    show(table([(f"  {name}", text) for name, text in _commands().items()]))
    return 0


def _commands() -> dict[str, str]:
    """Return the help of each command by its name: built-in and other installed ones, then those not installed."""
    names = registry.declared("command")
    builtin: dict[str, str] = {}
    others: dict[str, str] = {}
    with plugin_output_apart():
        for name in names:
            if name in COMMANDS:
                others[name] = COMMANDS[name]
                continue
            try:
                command = registry.resolve(Command, name)
            except NNFrameError:
                # Such as two distributions with one name, which is reported to whoever runs the command.
                continue
            of = builtin if registry.provider_of(command) == registry.BUILTIN_PROVIDER else others
            of[name] = command.help
    missing = {
        name: f"{text} (pip install {distributions_with('command', name)[0]})"
        for name, text in COMMANDS.items()
        if name not in names
    }
    return {**builtin, **others, **missing}
