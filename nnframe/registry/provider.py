"""Providers of plugin objects, and the objects that a plugin provides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from nnframe.contracts.plugin import Plugin

# By kind, then by name.
Objects: TypeAlias = dict[str, dict[str, Plugin]]


def items_of(objects: Objects) -> Iterator[tuple[str, Plugin]]:
    """Yield each object with its kind."""
    return ((kind, item) for kind, named in objects.items() for item in named.values())


def normalized(provider: str) -> str:
    """Return a distribution's name in its normalized form (PEP 503)."""
    return re.sub(r"[-_.]+", "-", provider).lower()


class Provider(NamedTuple):
    """The origin of plugin objects.

    Attributes
    ----------
    name : str
        The distribution, or the module for what was registered in code.
    version : str or None
        The distribution's version; None for what was registered in code.
    """

    name: str
    version: str | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.version}" if self.version else f"{self.name} (registered in code)"

    def matches(self, name: str) -> bool:
        """Whether a name before a slash refers to this provider."""
        return normalized(self.name) == normalized(name)

    @property
    def remedy(self) -> str:
        """What a user can do about a failure of this provider's, as the end of a sentence."""
        if self.version is None:
            return f"correct it in {self.name}"
        if self.name == "nnframe":
            return "this is a fault of nnframe itself, please report it with the traceback"
        return (
            f"upgrade or uninstall {self.name} and tell its author, or leave it out with "
            f"NNFRAME_DISABLE_PLUGINS={self.name}"
        )


class Offer(NamedTuple):
    """An object of the name asked for, and who provides it."""

    object: Plugin
    provider: Provider
