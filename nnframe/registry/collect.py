"""From a plugin, which may be anything, to the objects it provides, or to an error that says whose fault it is.

pluggy does the work: it finds the hook implementations, checks their arguments against the specification, warns where a
hook is on its way out (``warn_on_impl``), and calls them. All hooks are historic: the registry calls each of them once,
when it is made, and pluggy repeats that call on every plugin at the moment it is registered. So the results are those
of one plugin, and it is clear which one is to blame for an error.
"""

from __future__ import annotations

import copyreg
from collections.abc import Callable
from functools import partial
from typing import Any

import pluggy

from nnframe.contracts import hookspecs
from nnframe.contracts.plugin import Plugin
from nnframe.errors import MissingDependencyError, PluginError, shown
from nnframe.registry.faults import blame, failure, require_blamable
from nnframe.registry.kinds import KINDS, Kind
from nnframe.registry.provider import Objects, Provider, items_of


class _Registration:
    """What is known of a plugin while pluggy registers it."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.objects: Objects = {}
        # The hook that pluggy called last.
        self.hook: str | None = None


class Collector:
    """Registers plugins with pluggy, and remembers which objects came from whom.

    Not safe to use from several threads at once; the registry's lock is held around it.
    """

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager("nnframe")
        self._manager.add_hookspecs(hookspecs)
        # How objects are pickled whose class is among those collected, as copyreg.pickle takes it; None to leave that.
        self.reduce: Callable[[Any], tuple[Any, ...]] | None = None
        # By the plugin's id, for pluggy looks through all that it has for the name of one.
        self._collected: dict[int, Objects] = {}
        self._providers: dict[Plugin, Provider] = {}
        # More than one where a hook registers another plugin.
        self._registrations: list[_Registration] = []
        self._manager.add_hookcall_monitoring(self._before_call, lambda outcome, name, implementations, arguments: None)
        for kind in KINDS.values():
            getattr(self._manager.hook, kind.hook).call_historic(result_callback=partial(self._take, kind))

    def collect(self, plugin: object, name: str | None, provider: Provider) -> Objects:
        """Return all that a plugin provides; one that fails is not registered.

        Parameters
        ----------
        plugin : object
            A module or object with hook implementations, or a bare `Activation`, `Loss` and so on.
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
            if self.reduce is not None:
                copyreg.pickle(type(item), self.reduce)
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
            if isinstance(plugin, Plugin) and kind.includes(type(plugin)):
                return {kind.name: {plugin.name: plugin}}
        registration = _Registration(provider)
        self._registrations.append(registration)
        try:
            self._manager.register(plugin, name=name)
            self._require_answers(plugin, registration)
        except BaseException as error:
            if self._manager.is_registered(plugin):
                self._manager.unregister(plugin)
            require_blamable(error)
            if isinstance(error, (PluginError, MissingDependencyError)):
                raise
            what = "raised" if registration.hook else "can't be registered:"
            raise failure(provider, what, error, registration.hook) from error
        finally:
            self._registrations.remove(registration)
        self._collected[id(plugin)] = registration.objects
        return registration.objects

    def _before_call(self, name: str, implementations: object, arguments: object) -> None:
        if self._registrations:
            self._registrations[-1].hook = name

    def _take(self, kind: Kind, returned: object) -> None:
        """Keep what the plugin that is being registered returned for a hook."""
        registration = self._registrations[-1]
        provider = registration.provider
        if not isinstance(returned, (list, tuple)) or not all(isinstance(item, kind.type) for item in returned):
            what = f"returned {shown(returned)}; expected a list of {kind.type.__name__} objects"
            raise blame(provider, what, kind.hook)
        objects: dict[str, Plugin] = {}
        for item in returned:
            if item.name in objects:
                raise blame(provider, f"returned two objects named {item.name!r}", kind.hook)
            objects[item.name] = item
        registration.objects[kind.name] = objects

    def _require_answers(self, plugin: object, registration: _Registration) -> None:
        """Raise unless a plugin has hook implementations, each for a hook that exists, and each has answered."""
        known = ", ".join(kind.hook for kind in KINDS.values())
        callers = self._manager.get_hookcallers(plugin)
        if not callers:
            what = f"has no function marked @nnframe.hookimpl; the hooks are {known}"
            raise blame(registration.provider, what)
        try:
            self._manager.check_pending()
        except pluggy.PluginValidationError as error:
            names = [caller.name for caller in callers if not caller.has_spec()]
            what = f"is for a hook that this nnframe doesn't have; the hooks are {known}"
            raise blame(registration.provider, what, " and ".join(names)) from error
        for kind in KINDS.values():
            # pluggy passes None over.
            if kind.hook in [caller.name for caller in callers] and kind.name not in registration.objects:
                self._registrations[-1].hook = kind.hook
                what = f"returned None; expected a list of {kind.type.__name__} objects"
                raise blame(registration.provider, what, kind.hook)
