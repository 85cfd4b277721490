"""Errors that say which plugin failed, whose it is, and what a user can do about it."""

from __future__ import annotations

from nnframe import registry
from nnframe.contracts.plugin import Plugin
from nnframe.errors import PluginError
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
