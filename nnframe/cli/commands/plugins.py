"""List all plugins, each with the distribution that it comes from; those that can't be used come last, with the reason.

With an action: show, check or plot some of them.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

from nnframe import registry
from nnframe.cli.curves import DRAWN, Curves, curves_of
from nnframe.cli.drawing import drawing
from nnframe.cli.output import say, table
from nnframe.cli.running import running_plugins
from nnframe.cli.terminal_plot import draw
from nnframe.contracts.command import Command
from nnframe.contracts.hookspecs import hookimpl
from nnframe.contracts.parameters import Parameter, format_parameter
from nnframe.contracts.plugin import Plugin
from nnframe.errors import ArgumentError, PluginError
from nnframe.registry.kinds import kind_of

FAILED = 1
LOADING = "loading plugins"
OUTCOMES = ("passed", "skipped", "warned", "failed")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options and actions."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(action=list_plugins)
    actions = parser.add_subparsers(metavar="[ACTION]", help="without an action: list all plugins")

    show = actions.add_parser("show", help="formula, parameters, source and a plot, of one plugin")
    show.add_argument("name", help="such as swish, 'swish(beta=2)' or nnframe-swish/swish")
    show.add_argument("--json", action="store_true", help="print JSON, without the plot")
    show.set_defaults(action=show_plugin)

    check = actions.add_parser("check", help="run the test kit; exit with 1 if a check fails")
    check.add_argument("name", nargs="?", help="a plugin or a distribution (default: all that is installed)")
    check.add_argument("--json", action="store_true", help="print JSON")
    check.set_defaults(action=check_plugins)

    plot = actions.add_parser("plot", help="draw activations, losses and schedules into a file")
    plot.add_argument("names", nargs="+", metavar="name", help="an activation, loss or schedule")
    plot.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="a .png, .pdf or .svg file")
    plot.set_defaults(action=plot_plugins)


def list_plugins(options: argparse.Namespace) -> None:
    """Print the table of all plugins."""
    with running_plugins(LOADING):
        rows = registry.overview()
    if options.json:
        say(json.dumps([row._asdict() for row in rows], indent=2))
        return
    header: tuple[str, ...] = ("kind", "name", "distribution", "version", "state", "")
    say(table([header, *((row.kind or "?", row.name, row.provider, row.version or "", *row[4:]) for row in rows)]))


def show_plugin(options: argparse.Namespace) -> None:
    """Print all there is to know of a plugin.

    Raises
    ------
    UnknownNameError, NameConflictError, PluginError
        If there is none, if there are several, or if it is broken.
    """
    with running_plugins(f"loading {options.name}"):
        found = registry.get_all_kinds(options.name)
    descriptions = [_description(kind, plugin) for kind, plugin in found]
    if options.json:
        say(json.dumps(descriptions, indent=2))
        return
    for description, (_, plugin) in zip(descriptions, found, strict=True):
        origin = f"from {description['provider']} {description['version'] or ''}".rstrip()
        say(f"{description['kind']} {description['name']}, {origin}\n")
        say(f"{description['documentation'] or 'It has no documentation.'}\n")
        for name, value in plugin.settings.items():
            default = "" if value == plugin.params[name] else f" (default {format_parameter(plugin.params[name])})"
            say(f"parameter {name} = {format_parameter(value)}{default}")
        with running_plugins(f"drawing {options.name}"):
            curves = curves_of(plugin)
        if curves is not None:
            say(("\n" if plugin.params else "") + draw(curves))


def check_plugins(options: argparse.Namespace) -> int:
    """Run the test kit and print its findings; return 1 if a check failed."""
    results = _findings(options.name)
    count = Counter(result["outcome"] for result in results)
    if options.json:
        say(json.dumps(results, indent=2))
    else:
        for result in results:
            if result["outcome"] in ("failed", "warned"):
                say(f"{result['plugin']}: {result['name']} {result['outcome']}\n  {result['message']}")
        names = {result["plugin"] for result in results}
        endings = ", ".join(f"{count[outcome]} {outcome}" for outcome in OUTCOMES)
        say(f"{_counted(len(names), 'plugin')}, {_counted(len(results), 'check')}: {endings}")
    return FAILED if count["failed"] else 0


def plot_plugins(options: argparse.Namespace) -> None:
    """Draw functions and slopes into a file.

    Raises
    ------
    MissingDependencyError
        If nnframe-plot or matplotlib is missing.
    ArgumentError
        If a plugin is of a kind that has no curve, or such a file can't be written.
    UnknownNameError, NameConflictError, PluginError
        If there is no such plugin, if there are several, or if it is broken.
    """
    pictures = drawing("nnframe plugins plot")
    with running_plugins("drawing"):
        pictures.save_plugin_curves([each for name in options.names for each in _drawn(name)], options.output)
    say(f"{options.output} written")


def _description(kind: str, plugin: Plugin) -> dict[str, Any]:
    provider = registry.provider_of(plugin)
    return {
        "kind": kind,
        "name": plugin.name,
        "provider": provider.name if provider else None,
        "version": provider.version if provider else None,
        "parameters": {name: _as_json(value) for name, value in plugin.settings.items()},
        "documentation": plugin.documentation,
    }


def _as_json(value: Parameter) -> object:
    """Return a parameter's value for JSON, which has no infinity and no plugins: these as they are written."""
    is_plain = isinstance(value, (bool, int, str, tuple)) or value is None
    return value if is_plain or (isinstance(value, float) and math.isfinite(value)) else format_parameter(value)


def _drawn(name: str) -> list[tuple[str, Curves]]:
    """Return the curves of all plugins of a name that have some, with what stands above them."""
    found = registry.get_all_kinds(name)
    drawn = [(plugin.spec, curves) for _, plugin in found if (curves := curves_of(plugin)) is not None]
    if not drawn:
        kinds = " and ".join(kind for kind, _ in found)
        wanted = " or ".join(kind_of(cls).name for cls in DRAWN)
        raise ArgumentError(f"{name!r} can't be drawn (kind: {kinds}); wanted the name of an {wanted}")
    return drawn


def _findings(what: str | None) -> list[dict[str, Any]]:
    """Return how all checks ended, of a plugin's name, a distribution's, or everything.

    Raises
    ------
    UnknownNameError, NameConflictError
        If nothing has that name, or several plugins have it.
    """
    # The kit is for authors: users who train don't import it.
    from nnframe.testing.kit import checks_of, run_check

    def checked(name: str, plugin: Plugin) -> list[dict[str, Any]]:
        results = []
        for check_name, check in checks_of(plugin).items():
            with running_plugins(f"{name}: {check_name}"):
                results.append({"plugin": name, **run_check(check_name, check)._asdict()})
        return results

    findings = []
    with running_plugins(LOADING):
        rows = registry.overview()
    for row in rows:
        if row.state == "disabled" or (what is not None and not row.is_from(what)):
            continue
        if row.kind is None:
            findings.append(_does_not_load(row.qualified_name, row.detail))
        else:
            findings += checked(row.qualified_name, registry.get(row.kind, row.qualified_name))
    if findings or what is None:
        return findings
    try:
        found = registry.get_all_kinds(what)
    except PluginError as error:
        return [_does_not_load(what, str(error))]
    return [finding for _, plugin in found for finding in checked(what, plugin)]


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _does_not_load(plugin: str, reason: str) -> dict[str, Any]:
    return {"plugin": plugin, "name": "it_loads", "outcome": "failed", "message": reason}


def run(options: argparse.Namespace) -> int | None:
    """Do what the action says; list all plugins without one."""
    status: int | None = options.action(options)
    return status


plugins = Command("plugins", add_arguments, run, help="list, show, check and plot plugins of every kind", doc=__doc__)


@hookimpl
def nnframe_commands() -> list[Command]:
    """Return plugins."""
    return [plugins]
