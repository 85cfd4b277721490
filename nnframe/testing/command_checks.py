"""Checks of commands and of the readers of training data."""

from __future__ import annotations

import argparse

from nnframe.contracts.command import Command
from nnframe.contracts.reader import Reader
from nnframe.testing.outcome import CheckFailure, CheckWarning

# What nnframe train adds for any data, whose names a reader's options can't have.
GENERIC_OPTIONS = (
    "--reader", "--hidden", "--activation", "--loss", "--optimizer", "--learning-rate", "--epochs", "--patience",
    "--batch-size", "--seed", "--no-shuffle", "--engine", "--out", "--plot", "--quiet",
)  # fmt: skip


def its_options_can_be_added(plugin: Command | Reader) -> None:
    """The options can be added to a parser, twice to two parsers, and each option has a help text."""
    for _ in range(2):
        parser = argparse.ArgumentParser(prog=plugin.name)
        if plugin.add_arguments is not None:
            plugin.add_arguments(parser)
    for action in parser._actions:
        if action.help is None:
            raise CheckWarning(f"the option {_option(action)} has no help; add help='...' for --help")
    try:
        parser.format_help()
    except (ValueError, TypeError, KeyError) as error:
        raise CheckFailure(f"--help raised {error!r}; expected a text. Write a '%' in a help text as '%%'") from error


def its_help_says_what_it_does(command: Command) -> None:
    """The help is short enough for a line of nnframe --help, and begins as a sentence without a subject."""
    if len(command.help) > 100 or command.help.endswith("."):
        raise CheckWarning(
            f"help has {len(command.help)} characters: {command.help!r}; expected at most 100, without a full stop"
        )


def its_options_leave_those_of_train_alone(reader: Reader) -> None:
    """No option of a reader has the name of an option that nnframe train has for any data."""
    parser = argparse.ArgumentParser(add_help=False)
    for option in GENERIC_OPTIONS:
        parser.add_argument(option)
    try:
        if reader.add_arguments is not None:
            reader.add_arguments(parser)
    except argparse.ArgumentError as error:
        raise CheckFailure(f"an option of the reader is one of nnframe train's: {error}; rename it") from error


def _option(action: argparse.Action) -> str:
    return "/".join(action.option_strings) or action.dest
