"""Plugins that this process registered in code."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nnframe.contracts.plugin import Plugin
from nnframe.errors import ArgumentTypeError, RegistrationError, shown, with_type
from nnframe.registry.collect import Collector
from nnframe.registry.provider import Objects, Provider


class Registered(NamedTuple):
    """A plugin that this process registered in code."""

    plugin: object
    objects: Objects
    provider: Provider


class Registrations:
    """Plugins that can be added and removed. The registry's lock is held around all methods.

    Parameters
    ----------
    collector : Collector
        What is added goes through it.
    is_builtin : callable
        Whether a kind has a built-in of a name, for no other can take it.
    """

    def __init__(self, collector: Collector, is_builtin: Callable[[str, str], bool]) -> None:
        self._collector = collector
        self._is_builtin = is_builtin
        self._known: list[Registered] = []

    def add(self, plugin: object, name: str | None) -> bool:
        """Add a plugin; see `Registry.register`. Return False if it is there already."""
        if not isinstance(name, (str, type(None))):
            raise ArgumentTypeError(
                f"name is {with_type(name)}; expected the name of a distribution or module, or None"
            )
        provider = Provider(name or _module_of(plugin))
        if any(plugin is known.plugin for known in self._known):
            return False
        _require_comparable(plugin)
        objects = self._collector.collect(plugin, None, provider)
        for kind, named in objects.items():
            for taken in named:
                if self._is_builtin(kind, taken):
                    self._collector.forget(plugin, objects, provider)
                    raise RegistrationError(f"{taken!r} is a built-in {kind}, a name that can't be taken; rename yours")
        self._drop_replaced(objects, provider)
        self._known.append(Registered(plugin, objects, provider))
        return True

    def remove(self, plugin: object) -> None:
        """Take a plugin back; see `Registry.unregister`."""
        for known in self._known:
            if plugin is known.plugin:
                self._known.remove(known)
                self._collector.forget(*known)
                return
        raise RegistrationError(f"{shown(plugin)} is not registered, so it can't be unregistered; pass the same object")

    def has(self, plugin: object) -> bool:
        """Whether a plugin is registered."""
        return any(plugin is known.plugin for known in self._known)

    def sources(self) -> list[tuple[Objects, Provider]]:
        """Return the objects of each plugin, and who they come from."""
        return [(known.objects, known.provider) for known in self._known]

    def _drop_replaced(self, objects: Objects, provider: Provider) -> None:
        """Remove what the same module registered under the same names, in a notebook cell that is run again."""
        for known in list(self._known):
            if known.provider != provider:
                continue
            kept = {
                kind: {name: item for name, item in named.items() if name not in objects.get(kind, {})}
                for kind, named in known.objects.items()
            }
            if not any(kept.values()):
                self.remove(known.plugin)
            else:
                self._known[self._known.index(known)] = known._replace(objects=kept)


def _module_of(plugin: object) -> str:
    """Return the module that counts as the provider of an object registered in code."""
    owner = plugin.first_function if isinstance(plugin, Plugin) else plugin
    return getattr(owner, "__name__" if owner is plugin else "__module__", None) or type(plugin).__module__


def _require_comparable(plugin: object) -> None:
    """Raise for arrays and the like, which pluggy can't look up among what it has."""
    try:
        is_plain = not (plugin == object() or plugin == "")
    except Exception:
        is_plain = False
    if not is_plain:
        raise ArgumentTypeError(f"plugin is {with_type(plugin)}; expected a plugin, or a module or object with hooks")
