"""What the registry knows: the names there are, and where objects come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from nnframe.contracts.plugin import Plugin
from nnframe.registry.kinds import KINDS, kind_named, kind_of
from nnframe.registry.loader import Attempt
from nnframe.registry.places import Places
from nnframe.registry.provider import Provider, items_of
from nnframe.registry.spec import parse_spec

if TYPE_CHECKING:
    from nnframe.registry.overview_rows import Row


class Catalogue:
    """Lists names and providers. `nnframe.registry.lookup.Registry` finds objects in it.

    Parameters
    ----------
    builtin_modules : mapping of str to sequence of str
        For each kind, the modules whose names nobody else can take.
    builtin_provider : Provider
        Who they come from.
    """

    def __init__(self, builtin_modules: Mapping[str, Sequence[str]], builtin_provider: Provider) -> None:
        self.builtin_provider = builtin_provider
        self._places = Places(builtin_modules, builtin_provider)
        # The plugins that texts with parameters were made of, and what they became.
        self._made_of_text: dict[str, tuple[Plugin, Plugin]] = {}

    def registered_in_code(self, kind: str, name: str) -> Plugin | None:
        """Return the object that this process registered under a name in any module, if there is exactly one."""
        found = [objects[kind][name] for objects, _ in self._places.registered() if name in objects.get(kind, {})]
        return found[0] if len(found) == 1 else None

    def registered(self) -> list[tuple[str, Plugin]]:
        """Return the objects that this process registered in code, each after the name of its provider.

        ``registry.register(object, provider)`` registers one again in another process.
        """
        return [
            (provider.name, item) for objects, provider in self._places.registered() for _, item in items_of(objects)
        ]

    def names(self, kind: str) -> list[str]:
        """Return all names of a kind, sorted. This imports every installed plugin; broken ones are skipped."""
        kind_named(kind)
        self._places.loader.look_again()
        return sorted(self._places.loaded(kind, Attempt()))

    def is_claimed(self, kind: str, name: str) -> bool:
        """Return whether a name is built in, registered in code or claimed by an entry point; imports no plugin.

        An entry point claims the name that it has itself, also if it is disabled. Others may provide a name too.
        """
        sources = [*self._places.builtin_source(kind), *self._places.registered()]
        return any(name in objects.get(kind, {}) for objects, _ in sources) or any(
            plugin.claim == name and plugin.may_provide(kind) for plugin in self._places.loader.installed()
        )

    def declared(self, kind: str) -> list[str]:
        """Return the names that are known to be of a kind without importing any plugin, sorted.

        Those are the built-in ones, those registered in code, and those of entry points that name their kind, as
        ``command.predict`` does, unless they are disabled.
        """
        sources = [*self._places.builtin_source(kind), *self._places.registered()]
        names = {name for objects, _ in sources for name in objects.get(kind, {})}
        return sorted(names | {plugin.claim for plugin in self._places.loader.enabled() if plugin.is_of(kind)})

    def overview(self) -> list[Row]:
        """Return a row for each object and name, with broken plugins last.

        This imports every installed plugin, and raises for none.
        """
        # Only needed here.
        from nnframe.registry.overview_rows import Claim, overview_rows

        self._places.loader.look_again()
        enabled = self._places.loader.enabled()
        self._places.loader.load(enabled, Attempt())
        claims = []
        for place, sources in enumerate([self._places.builtin_source(*KINDS), self._places.registered()]):
            for objects, provider in sources:
                claims += [Claim(kind, item, provider, place) for kind, item in items_of(objects)]
        for plugin in enabled:
            for kind, item in items_of(plugin.objects or {}):
                place = 2 if plugin.claim == item.name else 3
                claims.append(Claim(kind, item, plugin.provider, place, plugin.distribution.damage))
        return overview_rows(claims, [plugin for plugin in enabled if plugin.error], self._places.loader.disabled())

    def provider_of(self, plugin: Plugin) -> Provider | None:
        """Return the provider of an object, with any parameters; None if it was never registered."""
        self._places.builtin(kind_of(type(plugin)).name)
        return self._places.collector.provider_of(plugin)

    def claims_of(self, plugin: Plugin) -> list[str]:
        """Return the names of the entry points that lead to an object; none for one that isn't installed."""
        kind, base = kind_of(type(plugin)).name, plugin.base
        loaded = [each for each in self._places.loader.enabled(kind) if each.objects is not None]
        return [each.claim for each in loaded if (each.objects or {}).get(kind, {}).get(plugin.name) == base]

    def refers_to(self, kind: str, name: str, plugin: Plugin) -> bool:
        """Return whether a name in a declaration, such as a key of ``fused``, refers to this object.

        A built-in name means the built-in alone; any other plain name means whatever is called so.
        """
        spec = parse_spec(name)
        if spec.name != plugin.name:
            return False
        provider = self.provider_of(plugin)
        if spec.provider is not None:
            return provider is not None and provider.matches(spec.provider)
        return spec.name not in self._places.builtin(kind) or provider == self.builtin_provider
