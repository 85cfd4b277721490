"""From a plugin, which may be anything, to the objects it provides, or to an error that says whose fault it is."""

from __future__ import annotations

from collections.abc import Callable

import pluggy

from nnframe.contracts import hookspecs
from nnframe.contracts.plugin import Plugin
from nnframe.errors import PluginError, one_line, shown
from nnframe.registry.kinds import KINDS, Kind
from nnframe.registry.provider import Objects, Provider, blame, items_of


class Collector:
    """Registers plugins with pluggy, and remembers which objects came from whom.

    Not safe to use from several threads at once; the registry's lock is held around it.
    """

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager("nnframe")
        self._manager.add_hookspecs(hookspecs)
        # By the plugin's id, for pluggy looks through all that it has for the name of one.
        self._collected: dict[int, Objects] = {}
        self._providers: dict[Plugin, Provider] = {}

    def collect(self, plugin: object, name: str | None, provider: Provider) -> Objects:
        """Return all that a plugin provides; one that fails is not registered.

        Parameters
        ----------
        plugin : object
            A module or object with hook implementations, or a bare `Activation` or `Loss`.
        name : str or None
            What pluggy is to know it by; None for its own name.
        provider : Provider
            Who is to blame.

        Raises
        ------
        PluginError
            If it has no hook implementation, one for a hook that doesn't exist, or one that raises or returns
            something else than objects of its kind.
        """
        if id(plugin) in self._collected:
            # Several entry points may lead to one module.
            return self._collected[id(plugin)]
        objects = self._objects_of(plugin, name, provider)
        for _, item in items_of(objects):
            self._providers.setdefault(item.base, provider)
        return objects

    def forget(self, plugin: object, objects: Objects, provider: Provider) -> None:
        """Undo `collect`."""
        if self._collected.pop(id(plugin), None) is not None:
            self._manager.unregister(plugin)
        for _, item in items_of(objects):
            if self._providers.get(item.base) is provider:
                del self._providers[item.base]

    def provider_of(self, plugin: Plugin) -> Provider | None:
        """Return who provides an object, whatever its parameters; None if it was never collected."""
        return self._providers.get(plugin.base)

    def _objects_of(self, plugin: object, name: str | None, provider: Provider) -> Objects:
        for kind in KINDS.values():
            if isinstance(plugin, kind.type):
                return {kind.name: {plugin.name: plugin}}
        try:
            self._manager.register(plugin, name=name)
            objects = _call_hooks(self._manager, plugin, provider)
        except Exception as error:
            if self._manager.is_registered(plugin):
                self._manager.unregister(plugin)
            if isinstance(error, PluginError):
                raise
            raise blame(provider, f"can't be registered: {one_line(error)}") from error
        self._collected[id(plugin)] = objects
        return objects


def _call_hooks(manager: pluggy.PluginManager, plugin: object, provider: Provider) -> Objects:
    hooks = {kind.hook: kind for kind in KINDS.values()}
    known = ", ".join(hooks)
    callers = manager.get_hookcallers(plugin)
    if not callers:
        raise blame(provider, f"has no function marked @nnframe.hookimpl; the hooks are {known}")
    objects: Objects = {}
    for caller in callers:
        implementation = next(impl for impl in caller.get_hookimpls() if impl.plugin is plugin)
        if caller.name in hooks:
            kind = hooks[caller.name]
            objects[kind.name] = _call_hook(kind, implementation.function, provider)
        elif not implementation.optionalhook:
            raise blame(provider, f"is for a hook that this nnframe doesn't have; the hooks are {known}", caller.name)
    return objects


def _call_hook(kind: Kind, hook: Callable[..., object], provider: Provider) -> dict[str, Plugin]:
    try:
        returned = hook()
    except (Exception, SystemExit) as error:
        raise blame(provider, f"raised {one_line(error)}", kind.hook) from error
    if not isinstance(returned, (list, tuple)) or not all(isinstance(item, kind.type) for item in returned):
        raise blame(provider, f"returned {shown(returned)}; expected a list of {kind.type.__name__} objects", kind.hook)
    objects: dict[str, Plugin] = {}
    for item in returned:
        if item.name in objects:
            raise blame(provider, f"returned two objects named {item.name!r}", kind.hook)
        objects[item.name] = item
    return objects
