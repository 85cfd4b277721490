"""List all plugins, each with the distribution that it comes from; those that can't be used come last, with the reason.

With an action: show or check some of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnframe.contracts.command import Command
from nnframe.contracts.markers import hookimpl

# Not imported for nnframe --help.
if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options and actions."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(action="list")
    actions = parser.add_subparsers(dest="action", metavar="[ACTION]", help="without an action: list all plugins")

    listing = actions.add_parser("list", help="list all plugins (the default)")
    _add_json(listing)

    show = actions.add_parser("show", help="show formula, parameters, source and a plot of one plugin")
    show.add_argument("name", help="such as swish, 'swish(beta=2)' or nnframe-swish/swish")
    show.add_argument("--source", action="store_true", help="print the derived derivative as source, not as a formula")
    _add_kind(show)
    _add_json(show, "without the plot")

    check = actions.add_parser("check", help="run the test kit; the exit status is 1 if a check fails")
    check.add_argument("name", nargs="?", help="a plugin or a distribution (default: everything that is installed)")
    _add_kind(check)
    _add_json(check)


def run(options: argparse.Namespace) -> int | None:
    """Do what the action says.

    Raises
    ------
    NNFrameError
        If there is no plugin of a name, if there are several, or if one is broken.
    """
    # nnframe plugins --help needs nothing that computes.
    from nnframe.cli import plugin_actions

    return plugin_actions.ACTIONS[options.action or "list"](options)


def _add_json(parser: argparse.ArgumentParser, note: str = "") -> None:
    from argparse import SUPPRESS

    # Without a default, a --json before the action is not undone by the action's own parser.
    parser.add_argument(
        "--json", action="store_true", default=SUPPRESS, help=", ".join(filter(None, ["print JSON", note]))
    )


def _add_kind(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--kind", metavar="KIND", help="activation, loss and so on, for a name that plugins of several kinds have"
    )


plugins = Command("plugins", add_arguments, run, help="list, show and check plugins of every kind", doc=__doc__)


@hookimpl
def nnframe_commands() -> list[Command]:
    """Return plugins."""
    return [plugins]
