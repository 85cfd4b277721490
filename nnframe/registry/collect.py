"""From a plugin, which may be anything, to the objects it provides, or to an error that says whose fault it is."""

from __future__ import annotations

from collections.abc import Callable

import pluggy

from nnframe.errors import PluginError, one_line, shown
from nnframe.plugin import Plugin
from nnframe.registry.kinds import KINDS, Kind
from nnframe.registry.provider import Objects, Provider, blame

HOOKS = {kind.hook: kind for kind in KINDS.values()}


def collect_objects(manager: pluggy.PluginManager, plugin: object, name: str | None, provider: Provider) -> Objects:
    """Register a plugin with pluggy and return all that it provides; a plugin that fails is not registered.

    Parameters
    ----------
    manager : pluggy.PluginManager
    plugin : object
        A module or object with hook implementations, or a bare `Activation` or `Loss`.
    name : str or None
        What the manager is to know it by; None for its own name.
    provider : Provider
        Who is to blame.

    Raises
    ------
    PluginError
        If it has no hook implementation, one for a hook that doesn't exist, or one that raises or returns
        something else than objects of its kind.
    """
    for kind in KINDS.values():
        if isinstance(plugin, kind.type):
            return {kind.name: {plugin.name: plugin}}
    try:
        manager.register(plugin, name=name)
        return _call_hooks(manager, plugin, provider)
    except Exception as error:
        if manager.is_registered(plugin):
            manager.unregister(plugin)
        if isinstance(error, PluginError):
            raise
        raise blame(provider, f"can't be registered: {one_line(error)}") from error


def _call_hooks(manager: pluggy.PluginManager, plugin: object, provider: Provider) -> Objects:
    known = ", ".join(HOOKS)
    callers = manager.get_hookcallers(plugin)
    if not callers:
        raise blame(provider, f"has no function marked @nnframe.hookimpl; the hooks are {known}")
    objects: Objects = {}
    for caller in callers:
        implementation = next(impl for impl in caller.get_hookimpls() if impl.plugin is plugin)
        if caller.name in HOOKS:
            kind = HOOKS[caller.name]
            objects[kind.name] = _call_hook(kind, implementation.function, provider)
        elif not implementation.optionalhook:
            raise blame(provider, f"is for a hook that this nnframe doesn't have; the hooks are {known}", caller.name)
    return objects


def _call_hook(kind: Kind, hook: Callable[..., object], provider: Provider) -> dict[str, Plugin]:
    try:
        returned = hook()
    except Exception as error:
        raise blame(provider, f"raised {one_line(error)}", kind.hook) from error
    if not isinstance(returned, (list, tuple)) or not all(isinstance(item, kind.type) for item in returned):
        raise blame(
            provider, f"returned {shown(returned)}; wanted a list of nnframe.{kind.type.__name__} objects", kind.hook
        )
    objects: dict[str, Plugin] = {}
    for item in returned:
        if item.name in objects:
            raise blame(provider, f"returned two objects named {item.name!r}", kind.hook)
        objects[item.name] = item
    return objects
