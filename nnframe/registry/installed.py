"""Installed plugins: entry points of the group ``nnframe``, each imported when it is first needed."""

from __future__ import annotations

import os
import re
from functools import cached_property
from typing import TYPE_CHECKING

from nnframe.errors import PluginError, one_line
from nnframe.registry.kinds import KINDS
from nnframe.registry.provider import Objects, Provider, normalized

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "nnframe"
DISABLE_VARIABLE = "NNFRAME_DISABLE_PLUGINS"


class InstalledPlugin:
    """One entry point, and what became of it.

    Attributes
    ----------
    entry_point : importlib.metadata.EntryPoint
    objects : dict or None
        What it provides, once it is loaded.
    error : PluginError or None
        Why it can't be used, once that is known.
    """

    def __init__(self, entry_point: EntryPoint) -> None:
        self.entry_point = entry_point
        self.objects: Objects | None = None
        self.error: PluginError | None = None

    @property
    def claim(self) -> str:
        """The name that the entry point claims for what it provides: its own, without a kind before it."""
        return self._kind_and_claim[1]

    def may_provide(self, kind: str) -> bool:
        """Whether it may provide plugins of a kind: ``command.predict`` says that it provides commands only."""
        return self._kind_and_claim[0] in (None, kind)

    @cached_property
    def _kind_and_claim(self) -> tuple[str | None, str]:
        name = self.entry_point.name.lower()
        kind, dot, claim = name.partition(".")
        return (kind, claim) if dot and claim and kind in KINDS else (None, name)

    @cached_property
    def provider(self) -> Provider:
        """The distribution; reading it parses a metadata file, so it waits until it is asked for."""
        distribution = self.entry_point.dist
        if distribution is None:  # pragma: no cover - an entry point from a scan always has one
            return Provider(self.entry_point.value, "unknown")
        # Taken once: each time it is asked for, the file is read and parsed again.
        metadata = distribution.metadata
        return Provider(metadata["Name"], metadata["Version"])

    @property
    def reason(self) -> str:
        """Why it can't be used, in short."""
        return one_line(self.error.__cause__ or self.error) if self.error else ""

    @property
    def loaded(self) -> bool:
        """Whether its fate is known."""
        return self.objects is not None or self.error is not None


def scan_entry_points() -> list[InstalledPlugin]:
    """Return all installed plugins, without importing any."""
    # Costs tens of milliseconds, which a process that stays with the built-in names never pays.
    from importlib.metadata import entry_points

    return [InstalledPlugin(entry_point) for entry_point in entry_points(group=GROUP)]


def is_disabled(plugin: InstalledPlugin) -> bool:
    """Return whether ``NNFRAME_DISABLE_PLUGINS``, "all" or a list of distributions, leaves a plugin out.

    The variable is read at every call, so that a test or a notebook can set it at any time.
    """
    names = {normalized(name) for name in re.split(r"[,;\s]+", os.environ.get(DISABLE_VARIABLE, "")) if name}
    # Reading a distribution's name costs a file: it is only asked for where some are disabled by name.
    return bool(names) and ("all" in names or normalized(plugin.provider.name) in names)
