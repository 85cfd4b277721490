"""Errors about a single object of a plugin: what its function did, whose it is, and what a user can do about it."""

from __future__ import annotations

from nnframe import registry
from nnframe.contracts.plugin import Plugin
from nnframe.errors import MissingDependencyError, PluginError, one_line
from nnframe.registry.faults import require_blamable
from nnframe.registry.kinds import kind_of


def blamed_error(error: type[PluginError], plugin: Plugin, part: str, what: str) -> PluginError:
    """Return the error that says what a plugin's function did, whose it is, and what a user can do about it."""
    provider = registry.provider_of(plugin)
    kind = kind_of(type(plugin)).name
    if provider is None:
        return error(f"{kind} {plugin.spec!r}, {part}: {what}", hook=part)
    return error(
        f"{kind} {plugin.spec!r} of {provider}, {part}: {what}; {provider.remedy}",
        provider=provider.name,
        version=provider.version,
        hook=part,
    )


def raised(plugin: Plugin, part: str, error: BaseException) -> PluginError:
    """Return the error for a plugin's function that raised.

    What isn't the plugin's fault is raised again as it is: an interrupt, a shortage of memory, an error that says which
    dependency is missing, or a warning that the caller's filter made an error.
    """
    require_blamable(error)
    if isinstance(error, (MissingDependencyError, Warning)):
        raise error
    return blamed_error(PluginError, plugin, part, f"raised {one_line(error)}")
