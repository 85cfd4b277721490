"""What this process registered in code."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

from nnframe.contracts.plugin import Plugin
from nnframe.errors import RegistrationError, shown
from nnframe.registry.collect import Collector
from nnframe.registry.provider import Objects, Provider


class Registered(NamedTuple):
    """A plugin that this process registered in code."""

    plugin: object
    objects: Objects
    provider: Provider


class Registrations:
    """Plugins that can be added and taken back. All methods may be called from several threads.

    Parameters
    ----------
    collector : Collector
        What is added goes through it.
    lock : threading.RLock
        That of the registry, whose tables it guards too.
    is_builtin : callable
        Whether a kind has a built-in of a name, for no other can take it.
    """

    def __init__(self, collector: Collector, lock: threading.RLock, is_builtin: Callable[[str, str], bool]) -> None:
        self._collector = collector
        self._lock = lock
        self._is_builtin = is_builtin
        self._known: list[Registered] = []

    def add(self, plugin: object, name: str | None) -> None:
        """Add a plugin; see `Registry.register`."""
        provider = Provider(name or _module_of(plugin))
        with self._lock:
            if any(plugin is known.plugin for known in self._known):
                raise RegistrationError(f"{shown(plugin)} is already registered; unregister it first")
            objects = self._collector.collect(plugin, None, provider)
            try:
                self._refuse_taken(objects, provider)
            except RegistrationError:
                self._collector.forget(plugin, objects, provider)
                raise
            self._known.append(Registered(plugin, objects, provider))

    def remove(self, plugin: object) -> None:
        """Take a plugin back; see `Registry.unregister`."""
        with self._lock:
            for known in self._known:
                if plugin is known.plugin:
                    self._known.remove(known)
                    self._collector.forget(*known)
                    return
        raise RegistrationError(f"{shown(plugin)} is not registered, so it can't be unregistered; pass the same object")

    def sources(self) -> list[tuple[Objects, Provider]]:
        """Return the objects of each plugin, and who they come from."""
        with self._lock:
            return [(known.objects, known.provider) for known in self._known]

    def _refuse_taken(self, objects: Objects, provider: Provider) -> None:
        for kind, named in objects.items():
            for name in named:
                if self._is_builtin(kind, name):
                    raise RegistrationError(f"{name!r} is a built-in {kind}, a name that can't be taken; rename yours")
                for known in self._known:
                    if known.provider == provider and name in known.objects.get(kind, {}):
                        raise RegistrationError(
                            f"{provider.name} has already registered the {kind} {name!r}; unregister that one first"
                        )


def _module_of(plugin: object) -> str:
    """Return the module to name as the provider of something that is registered in code."""
    owner = plugin.first_function if isinstance(plugin, Plugin) else plugin
    return getattr(owner, "__name__" if owner is plugin else "__module__", None) or type(plugin).__module__
