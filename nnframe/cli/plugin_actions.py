"""What ``nnframe plugins`` does: list, show and check."""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Callable
from typing import Any

from nnframe import registry
from nnframe.cli.curves import curves_of
from nnframe.cli.output import show, show_json, table
from nnframe.cli.running import running_plugins
from nnframe.cli.terminal_plot import draw
from nnframe.contracts.activation import Activation
from nnframe.contracts.loss import Loss
from nnframe.contracts.parameters import Parameter, format_parameter
from nnframe.contracts.plugin import Plugin
from nnframe.errors import DerivativeError, PluginError

FAILED = 1
LOADING = "loading plugins"
OUTCOMES = ("passed", "skipped", "warned", "failed")


def list_plugins(options: argparse.Namespace) -> None:
    """Print a table of all plugins."""
    with running_plugins(LOADING):
        rows = registry.overview()
    if options.json:
        show_json([row._asdict() for row in rows])
        return
    header: tuple[str, ...] = ("kind", "name", "distribution", "version", "state", "")
    show(table([header, *((row.kind or "?", row.name, row.provider, row.version or "", *row[4:]) for row in rows)]))


def show_plugin(options: argparse.Namespace) -> None:
    """Print everything about a plugin.

    Raises
    ------
    UnknownNameError, NameConflictError, PluginError
        If there is none, if there are several, or if it is broken.
    """
    with running_plugins(f"loading {options.name}"):
        found = _found(options.name, options.kind)
    descriptions = [_description(kind, plugin) for kind, plugin in found]
    if options.json:
        show_json(descriptions)
        return
    for description, (_, plugin) in zip(descriptions, found, strict=True):
        origin = f"from {description['provider']} {description['version'] or ''}".rstrip()
        show(f"{description['kind']} {description['name']}, {origin}\n")
        show(f"{description['documentation'] or 'It has no documentation.'}\n")
        for name, value in plugin.settings.items():
            default = "" if value == plugin.params[name] else f" (default {format_parameter(plugin.params[name])})"
            show(f"parameter {name} = {format_parameter(value)}{default}")
        with running_plugins(f"deriving {options.name}"):
            derivative = _derivative(plugin, options.source)
        if derivative is not None:
            show(("\n" if plugin.params else "") + derivative + "\n")
        with running_plugins(f"drawing {options.name}"):
            curves = curves_of(plugin)
        if curves is not None:
            show(("\n" if plugin.params and derivative is None else "") + draw(curves))


def check_plugins(options: argparse.Namespace) -> int:
    """Run the test kit and print its findings; return 1 if a check failed."""
    results = _findings(options.name, options.kind)
    count = Counter(result["outcome"] for result in results)
    if options.json:
        show_json(results)
    else:
        for result in results:
            if result["outcome"] in ("failed", "warned") or (result["outcome"] == "passed" and result["message"]):
                show(f"{result['plugin']}: {result['name']} {result['outcome']}\n  {result['message']}")
        names = {result["plugin"] for result in results}
        endings = ", ".join(f"{count[outcome]} {outcome}" for outcome in OUTCOMES)
        show(f"{_counted(len(names), 'plugin')}, {_counted(len(results), 'check')}: {endings}")
    return FAILED if count["failed"] else 0


ACTIONS: dict[str, Callable[[argparse.Namespace], int | None]] = {
    "list": list_plugins,
    "show": show_plugin,
    "check": check_plugins,
}


def _found(name: str, kind: str | None) -> list[tuple[str, Plugin]]:
    """Return the plugins of a name with their kinds, of all kinds unless one is given."""
    return registry.get_all_kinds(name) if kind is None else [(kind, registry.get(kind, name))]


def _derivative(plugin: Plugin, as_source: bool) -> str | None:
    """Return a plugin's formula and what is derived from it; None for kinds that aren't differentiated."""
    if isinstance(plugin, Loss):
        by_hand = plugin.gradient is not None
    elif isinstance(plugin, Activation):
        by_hand = plugin.derivative is not None or plugin.backward is not None
    else:
        return None
    try:
        explanation = plugin.explanation()
    except DerivativeError as error:
        return None if by_hand else f"The derivative: {error}"
    origin = "The derivative, which its author writes by hand, derived" if by_hand else "The derivative, derived"
    return (
        f"The formula, as recorded:\n\n{explanation.recorded}\n\n"
        f"{origin} from the formula:\n\n{explanation.source.rstrip() if as_source else explanation.formula}"
    )


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


def _findings(what: str | None, kind: str | None) -> list[dict[str, Any]]:
    """Return how all checks ended, of the plugins of a name or a distribution, or of everything.

    Raises
    ------
    UnknownNameError, NameConflictError
        If nothing has that name, or several plugins have it.
    """
    # Only authors need the kit; it takes time to import.
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
        elif kind in (None, row.kind):
            findings += checked(row.qualified_name, registry.get(row.kind, row.qualified_name))
    if findings or what is None:
        return findings
    try:
        found = _found(what, kind)
    except PluginError as error:
        return [_does_not_load(what, str(error))]
    return [finding for _, plugin in found for finding in checked(what, plugin)]


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _does_not_load(plugin: str, reason: str) -> dict[str, Any]:
    return {"plugin": plugin, "name": "it_loads", "outcome": "failed", "message": reason}
