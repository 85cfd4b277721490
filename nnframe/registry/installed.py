"""Installed plugins: entry points of the group ``nnframe``, each imported when it is first needed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from nnframe.contracts.hookspecs import API_VERSION
from nnframe.errors import NNFrameError, PluginError, one_line
from nnframe.registry.entry_point import EntryPoint
from nnframe.registry.faults import blame
from nnframe.registry.kinds import KINDS
from nnframe.registry.provider import Objects, Provider, normalized
from nnframe.version import __version__

if TYPE_CHECKING:
    from importlib.metadata import Distribution

DISABLE_VARIABLE = "NNFRAME_DISABLE_PLUGINS"
# "nnframe (>=0.2)", "NNFrame >= 0.2, <1; python_version >= '3.10'", without extras.
REQUIREMENT = r"nnframe\s*(?:\[[^]]*\])?\s*\(?(?P<versions>[^;)]*)\)?\s*(?:;(?P<marker>.*))?"
LOWER_BOUND = r"\s*(?:>=|>|~=|===?)\s*(?P<version>[\d.]+)"


class InstalledDistribution:
    """A distribution with nnframe entry points; its metadata are read when first needed.

    Parameters
    ----------
    distribution : callable
        Returns it as an importlib.metadata.Distribution, whose import takes tens of milliseconds.
    folder : str
        The name of its metadata folder, such as ``nnframe_swish-1.2.dist-info``: what is left if the metadata are gone.
    """

    def __init__(self, distribution: Callable[[], Distribution], folder: str) -> None:
        self.folder = folder
        self._distribution = distribution

    @cached_property
    def provider(self) -> Provider:
        """Name and version, from the folder's name if the metadata don't have them."""
        name, _, version = re.sub(r"\.(dist|egg)-info$", "", self.folder).partition("-")
        fields, _ = self._metadata
        return Provider(fields.get("Name") or name or "unknown", fields.get("Version") or version or "unknown")

    @property
    def damage(self) -> str:
        """What is wrong with its metadata; empty if nothing is."""
        return self._metadata[1]

    @property
    def version_needed(self) -> str | None:
        """The lowest version of nnframe that its requirements allow, if this one is lower; else None."""
        requirements = self._metadata[0].get("Requires-Dist", "").splitlines()
        needed = [
            bound["version"]
            for match in (re.fullmatch(REQUIREMENT, line, re.IGNORECASE) for line in requirements)
            if match is not None and "extra" not in (match["marker"] or "")
            for bound in (re.match(LOWER_BOUND, each) for each in match["versions"].split(","))
            if bound is not None and _release(bound["version"]) > _release(__version__)
        ]
        return max(needed, key=_release, default=None)

    @cached_property
    def _metadata(self) -> tuple[dict[str, str], str]:
        try:
            found = self._distribution().metadata
            fields = {key: found[key] for key in ("Name", "Version") if key in found}
            fields["Requires-Dist"] = "\n".join(found.get_all("Requires-Dist") or ())
        except Exception as error:
            # The file may be missing, unreadable, or not UTF-8.
            return {}, f"its metadata can't be read ({one_line(error)})"
        missing = [key for key in ("Name", "Version") if not fields.get(key)]
        return fields, f"its metadata have no {' and no '.join(missing)}" if missing else ""


class InstalledPlugin:
    """One entry point, and what is known about it.

    Attributes
    ----------
    entry_point : EntryPoint
    distribution : InstalledDistribution
    objects : dict or None
        What it provides, once it is loaded.
    error : NNFrameError or None
        Why it couldn't be used when it was last tried.
    damaged : bool
        Whether its entry in the distribution's metadata can't be used, so that there is nothing to be tried.
    """

    def __init__(self, entry_point: EntryPoint, distribution: InstalledDistribution, damage: str = "") -> None:
        self.entry_point = entry_point
        self.distribution = distribution
        self.objects: Objects | None = None
        self.damaged = bool(damage)
        self.error: NNFrameError | None = blame(self.provider, damage) if damage else None

    @property
    def key(self) -> tuple[str, str, str]:
        """Equal to that of the same entry point in an earlier scan."""
        return self.distribution.folder, self.entry_point.name, self.entry_point.value

    @property
    def claim(self) -> str:
        """The name that the entry point claims for what it provides: its own, without a kind before it."""
        return self._kind_and_claim[1]

    def may_provide(self, kind: str) -> bool:
        """Whether it may provide plugins of a kind: ``command.predict`` says that it provides commands only."""
        return self._kind_and_claim[0] in (None, kind)

    def is_of(self, kind: str) -> bool:
        """Whether it says that it provides plugins of a kind, and no others."""
        return self._kind_and_claim[0] == kind

    @cached_property
    def _kind_and_claim(self) -> tuple[str | None, str]:
        name = self.entry_point.name.lower()
        kind, dot, claim = name.partition(".")
        return (kind, claim) if dot and claim and kind in KINDS else (None, name)

    @property
    def provider(self) -> Provider:
        """The distribution; this reads a metadata file."""
        return self.distribution.provider

    def is_among(self, disabled: frozenset[str]) -> bool:
        """Whether `disabled_names` has this plugin's distribution."""
        # Reading a distribution's name means reading a file: only done if some are disabled by name.
        return bool(disabled) and ("all" in disabled or normalized(self.provider.name) in disabled)

    @property
    def reason(self) -> str:
        """Why it can't be used, in short."""
        return one_line(self.error.__cause__ or self.error) if self.error else ""

    def newer_api_error(self) -> PluginError | None:
        """Return the error for a distribution that needs a newer nnframe, as its requirements say; else None."""
        needed = self.distribution.version_needed
        if needed is None:
            return None
        name, version = self.provider
        return PluginError(
            f"{self.provider} needs nnframe {needed} or newer, and this is nnframe {__version__} (plugin API "
            f"{API_VERSION}): pip install --upgrade nnframe, or install an older {name}",
            provider=name,
            version=version,
        )


def disabled_names() -> frozenset[str]:
    """Return what ``NNFRAME_DISABLE_PLUGINS`` lists: "all", or normalized names of distributions.

    The variable is read at every call, so that a test or a notebook can set it at any time.
    """
    value = os.environ.get(DISABLE_VARIABLE, "")
    return frozenset(normalized(name) for name in re.split(r"[,;\s]+", value) if name) if value else frozenset()


def _release(version: str) -> tuple[int, ...]:
    """Return the release part of a version, comparable: 1.0 is 1."""
    match = re.match(r"\d+(?:\.\d+)*", version)
    numbers = [int(part) for part in match[0].split(".")] if match else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
