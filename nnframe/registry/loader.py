"""Imports installed plugins when they are needed; one that failed is tried again in the next search.

Importing a plugin runs other people's code. Changes that it makes to the process are undone: numpy's error state, the
warnings filters, the locale and the state of random numbers. If the code uses the registry during the import, it sees
the plugins that are loaded so far; a module that is still being imported is judged later.
"""

from __future__ import annotations

import importlib
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import TypeAlias

from nnframe.errors import MissingDependencyError, PluginError
from nnframe.registry.collect import Collector
from nnframe.registry.faults import failure, require_blamable
from nnframe.registry.installed import InstalledPlugin, disabled_names
from nnframe.registry.provider import Objects, Provider
from nnframe.registry.scan import scan_entry_points

Source: TypeAlias = tuple[Objects, Provider]


class Attempt:
    """One search in the registry, in which each plugin is tried once."""

    def __init__(self) -> None:
        self._tried: set[int] = set()

    def is_first_for(self, plugin: InstalledPlugin) -> bool:
        """Return whether a plugin has not been tried in this search, and mark it as tried."""
        is_first = id(plugin) not in self._tried
        self._tried.add(id(plugin))
        return is_first


class Loader:
    """Knows the installed plugins and imports them. All methods may be called from several threads.

    Parameters
    ----------
    collector : Collector
    lock : threading.RLock
        That of the registry. No plugin is imported while it is held: the import system has locks of its own, and two
        threads must not wait for both crosswise.
    """

    def __init__(self, collector: Collector, lock: threading.RLock) -> None:
        self.lock = lock
        self._collector = collector
        self._plugins: list[InstalledPlugin] | None = None
        self._here = threading.local()

    def installed(self) -> list[InstalledPlugin]:
        """Return all installed plugins, as of the last scan."""
        with self.lock:
            if self._plugins is None:
                self._plugins = scan_entry_points()
            return self._plugins

    def look_again(self) -> bool:
        """Scan again; return whether there are new plugins."""
        importlib.invalidate_caches()
        found = scan_entry_points()
        with self.lock:
            known = {plugin.key: plugin for plugin in self._plugins or ()}
            self._plugins = [known.get(plugin.key, plugin) for plugin in found]
            return any(plugin.key not in known for plugin in found)

    def enabled(self, kind: str | None = None) -> list[InstalledPlugin]:
        """Return the plugins that are not disabled and may provide objects of a kind."""
        return _enabled(self.installed(), kind)

    def claiming(self, name: str, kind: str) -> list[InstalledPlugin]:
        """Return those of `enabled` whose entry point has a name."""
        return _enabled([plugin for plugin in self.installed() if plugin.claim == name], kind)

    def disabled(self) -> list[InstalledPlugin]:
        """Return the plugins that ``NNFRAME_DISABLE_PLUGINS`` disables."""
        names = disabled_names()
        return [plugin for plugin in self.installed() if plugin.is_among(names)]

    def load(self, plugins: Iterable[InstalledPlugin], attempt: Attempt) -> list[Source]:
        """Import the plugins that are not imported yet, and return the objects of those that work."""
        sources = []
        for plugin in plugins:
            if plugin.objects is None and not plugin.damaged and attempt.is_first_for(plugin):
                self._load_one(plugin)
            if plugin.objects is not None:
                sources.append((plugin.objects, plugin.provider))
        return sources

    def _load_one(self, plugin: InstalledPlugin) -> None:
        loading: list[InstalledPlugin] = self._here.__dict__.setdefault("loading", [])
        if plugin in loading:
            return
        plugin.error = plugin.newer_api_error()
        if plugin.error:
            return
        loading.append(plugin)
        try:
            with unchanged_process():
                loaded = plugin.entry_point.load()
        except BaseException as error:
            require_blamable(error)
            if not _is_half_imported(plugin.entry_point.module):
                value = plugin.entry_point.value
                plugin.error = failure(plugin.provider, f"importing {value} raised", error)
            return
        finally:
            loading.remove(plugin)
        if _is_half_imported(plugin.entry_point.module, itself=True):
            return
        with self.lock:
            if plugin.objects is not None:
                return
            try:
                name = f"{plugin.provider.name}/{plugin.entry_point.name}"
                plugin.objects = self._collector.collect(loaded, name, plugin.provider)
            except (PluginError, MissingDependencyError) as error:
                plugin.error = error


def _enabled(plugins: list[InstalledPlugin], kind: str | None) -> list[InstalledPlugin]:
    names = disabled_names()
    return [plugin for plugin in plugins if (kind is None or plugin.may_provide(kind)) and not plugin.is_among(names)]


@contextmanager
def unchanged_process() -> Iterator[None]:
    """Undo changes to numpy's error state and, if there is only one thread, to state that all threads share.

    If there are several threads, others may have made the changes: random numbers that they drew must not repeat.
    """
    # The command line shows its help without numpy.
    import numpy as np

    is_alone = threading.active_count() == 1
    with np.errstate(), warnings.catch_warnings() if is_alone else nullcontext():
        undo = (
            [change for remember in (_locale, _random, _random_of_numpy) for change in remember()] if is_alone else []
        )
        try:
            yield
        finally:
            for change in undo:
                change()


def _locale() -> Iterator[Callable[[], object]]:
    locale = sys.modules.get("locale")
    if locale:
        yield partial(locale.setlocale, locale.LC_ALL, locale.setlocale(locale.LC_ALL))


def _random() -> Iterator[Callable[[], object]]:
    random = sys.modules.get("random")
    if random:
        yield partial(random.setstate, random.getstate())


def _random_of_numpy() -> Iterator[Callable[[], object]]:
    random = sys.modules.get("numpy.random")
    if random:
        yield partial(random.set_state, random.get_state())


def _is_half_imported(module: str, itself: bool = False) -> bool:
    """Return whether a module, or unless `itself` one of its parent packages, is being imported right now.

    Python waits for imports of other threads, so it is this thread that imports it, further up the stack.
    """
    parts = module.split(".")
    names = [module] if itself else [".".join(parts[:n]) for n in range(1, len(parts) + 1)]
    specs = (getattr(sys.modules.get(name), "__spec__", None) for name in names)
    return any(getattr(spec, "_initializing", False) for spec in specs)
