"""Errors of plugin functions: what happened, in which plugin, and what a user can do."""

from __future__ import annotations

from nnframe import registry
from nnframe.contracts.plugin import Plugin
from nnframe.errors import MissingDependencyError, PluginError, one_line
from nnframe.registry.faults import require_blamable
from nnframe.registry.kinds import kind_of


def blamed_error(error: type[PluginError], plugin: Plugin, part: str, what: str) -> PluginError:
    """Return an error that names the plugin, its provider, the function, what happened, and what a user can do."""
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
    """Return the error for an exception in a plugin's function.

    What isn't the plugin's fault is raised unchanged: an interrupt, a lack of memory, a missing dependency, or a
    warning that the caller's filter turned into an error.
    """
    require_blamable(error)
    if isinstance(error, (MissingDependencyError, Warning)):
        raise error
    return blamed_error(PluginError, plugin, part, f"raised {one_line(error)}")
