"""The four places in which a name is looked for, and what is in them.

The first place that has a name decides:

1. the built-in plugins;
2. what this process registered in code;
3. installed entry points of that very name, which is how a distribution claims a name;
4. all other installed entry points.

Two providers in the same place are a conflict, and an error for users of that name. The order in which plugins are
loaded never decides anything. Before a name is called unknown, the installed distributions are scanned again: one may
have been installed since.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from nnframe.contracts.plugin import Plugin
from nnframe.errors import NNFrameError
from nnframe.registry.collect import Collector
from nnframe.registry.installed import InstalledPlugin
from nnframe.registry.kinds import Kind
from nnframe.registry.loader import Attempt, Loader, Source
from nnframe.registry.provider import Objects, Offer, Provider
from nnframe.registry.registered import Registrations
from nnframe.registry.spec import Spec


class Places:
    """Built-in, registered and installed plugins. All methods may be called from several threads.

    Parameters
    ----------
    builtin_modules : mapping of str to sequence of str
        For each kind, the modules of the built-in plugins.
    builtin_provider : Provider

    Attributes
    ----------
    lock : threading.RLock
        Guards all tables of the registry.
    collector : Collector
    registrations : Registrations
    loader : Loader
    """

    def __init__(self, builtin_modules: Mapping[str, Sequence[str]], builtin_provider: Provider) -> None:
        self.lock = threading.RLock()
        self.collector = Collector()
        self.registrations = Registrations(self.collector, lambda kind, name: name in self.builtin(kind))
        self.loader = Loader(self.collector, self.lock)
        self.builtin_provider = builtin_provider
        self._builtin_modules = builtin_modules
        self._builtin_objects: Objects = {}

    def make_new_locks(self) -> None:
        """Replace the lock: in a forked process, the thread that held it doesn't exist."""
        self.lock = self.loader.lock = threading.RLock()

    def builtin(self, kind: str) -> dict[str, Plugin]:
        """Return the built-in plugins of a kind; they are imported when one is first needed."""
        with self.lock:
            if kind not in self._builtin_objects:
                found: dict[str, Plugin] = {}
                for name in self._builtin_modules.get(kind, ()):
                    module = importlib.import_module(name)
                    found.update(self.collector.collect(module, name, self.builtin_provider)[kind])
                self._builtin_objects[kind] = found
            return self._builtin_objects[kind]

    def builtin_source(self, *kinds: str) -> list[Source]:
        """Return the built-in plugins of some kinds, as a source."""
        return [({kind: self.builtin(kind) for kind in kinds}, self.builtin_provider)]

    def registered(self) -> list[Source]:
        """Return what this process registered in code."""
        with self.lock:
            return self.registrations.sources()

    def loaded(self, kind: str, attempt: Attempt | None = None) -> dict[str, Plugin]:
        """Return an object for each name of a kind.

        Parameters
        ----------
        kind : str
        attempt : Attempt, optional
            Import installed plugins that are not loaded yet. Left out for those that are.
        """
        enabled = self.loader.enabled(kind)
        installed = (
            self.loader.load(enabled, attempt)
            if attempt
            else [(plugin.objects, plugin.provider) for plugin in enabled if plugin.objects]
        )
        sources = [*self.builtin_source(kind), *self.registered(), *installed]
        return {name: item for objects, _ in sources for name, item in objects.get(kind, {}).items()}

    def first(
        self, kind: Kind, spec: Spec, n_places: int | None = None, accepts: Callable[[Any], bool] | None = None
    ) -> Any:
        """Return the object from the first place that has an acceptable one, or None.

        Parameters
        ----------
        kind : Kind
        spec : Spec
            The name, whose provider restricts the search.
        n_places : int, optional
            How many of the places to search. Default: all.
        accepts : callable, optional
            ``accepts(object) -> bool``. Default: whether the object has the name.

        Raises
        ------
        NameConflictError
            If several providers in one place have it.
        """
        test = accepts or (lambda item: item.name == spec.name)
        found = self._first_now(kind, spec, n_places, test)
        if found is None and self.loader.look_again():
            found = self._first_now(kind, spec, n_places, test)
        return found

    def unknown(self, kind: Kind, spec: Spec) -> NNFrameError:
        """Return the error for a name that `first` didn't find."""
        enabled, disabled = self.loader.enabled(), self.loader.disabled()
        # Only an error needs its words.
        from nnframe.registry.messages import unknown_name

        return self.broken(spec) or unknown_name(kind, spec, self.loaded(kind.name), enabled, disabled)

    def broken(self, spec: Spec) -> NNFrameError | None:
        """Return the error of a broken plugin that claims a name, or None."""
        for plugin in self.loader.enabled():
            if plugin.error and _admits(spec, plugin) and (spec.provider or plugin.claim == spec.name):
                return plugin.error
        return None

    def _first_now(self, kind: Kind, spec: Spec, n_places: int | None, accepts: Callable[[Any], bool]) -> Any:
        for place in islice(self._places(kind, spec), n_places):
            offers = [
                Offer(item, provider)
                for objects, provider in place
                for item in objects.get(kind.name, {}).values()
                if accepts(item)
            ]
            if len({id(offer.object) for offer in offers}) > 1:
                from nnframe.registry.messages import name_conflict

                raise name_conflict(kind, spec, offers)
            if offers:
                return offers[0].object
        return None

    def _places(self, kind: Kind, spec: Spec) -> Iterator[list[Source]]:
        """Yield the sources in each of the four places; plugins in a later place are loaded only when it is reached."""
        yield [source for source in self.builtin_source(kind.name) if spec.admits(source[1])]
        if spec.provider and self.builtin_provider.matches(spec.provider):
            return
        yield [source for source in self.registered() if spec.admits(source[1])]
        attempt = Attempt()
        claiming = self.loader.claiming(spec.name, kind.name)
        yield self.loader.load((each for each in claiming if _admits(spec, each)), attempt)
        yield self.loader.load((each for each in self.loader.enabled(kind.name) if _admits(spec, each)), attempt)


def _admits(spec: Spec, plugin: InstalledPlugin) -> bool:
    # A plain name admits all distributions, whose names then need not be read.
    return spec.provider is None or spec.admits(plugin.provider)
