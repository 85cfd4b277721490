"""The command ``nnframe``: finds a command among the plugins, parses its options and runs it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from nnframe import registry
from nnframe.cli.missing import refuse_missing
from nnframe.cli.output import complain, show, silence, table
from nnframe.cli.parser import CommandParser
from nnframe.cli.running import plugin_output_apart
from nnframe.contracts.command import Command
from nnframe.errors import NNFrameError
from nnframe.registry.blame import raised
from nnframe.registry.known import COMMANDS, distributions_with
from nnframe.version import __version__

PROGRAM = "nnframe"
# What a shell reports for a program that an interrupt ended: 128 + SIGINT.
INTERRUPTED = 130
WRONG_INPUT = 2


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
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0].startswith("-"):
        return _without_command(given)
    label = f"{PROGRAM} {given[0]}"
    try:
        return _run(given[0], given[1:], label)
    except NNFrameError as error:
        complain(f"{label}: error: {error}")
        return WRONG_INPUT
    except KeyboardInterrupt:
        complain(f"{label}: interrupted")
        return INTERRUPTED
    except OSError as error:
        # Such as a full disk behind stdout, which Python would complain about once more when it exits.
        complain(f"{label}: error: {error}")
        silence()
        return WRONG_INPUT


def _run(name: str, arguments: list[str], label: str) -> int:
    """Run a command and return its exit status.

    Raises
    ------
    PluginError
        If a command that doesn't come with nnframe fails. The traceback, for its author, is printed first.
    """
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
        # Only a failure needs it.
        import traceback

        complain(traceback.format_exc().rstrip())
        raise raised(command, "run", error) from error
    return status or 0


def _command(name: str) -> Command:
    refuse_missing("command", name.lower(), f"{PROGRAM} {name}")
    with plugin_output_apart():
        return registry.resolve(Command, name)


def _without_command(arguments: list[str]) -> int:
    parser = CommandParser(prog=PROGRAM, description="Small neural networks in numpy, with plugins.", add_help=False)
    parser.add_argument("-h", "--help", action="store_true", help="show this help message and exit")
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    options = parser.parse_args(arguments)
    if not options.help:
        parser.error("the following arguments are required: COMMAND")
    show(f"usage: {PROGRAM} COMMAND ...\n       {PROGRAM} COMMAND --help\n\n{parser.description}\n\ncommands:")
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
