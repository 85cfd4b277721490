"""A dictionary that forgets what hasn't been used for the longest time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from contextlib import suppress
from typing import Generic, TypeVar

V = TypeVar("V")


class RecentlyUsed(Generic[V]):
    """A dictionary of at most so many entries.

    Parameters
    ----------
    most : int
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._entries: OrderedDict[Hashable, V] = OrderedDict()

    def get(self, key: Hashable) -> V | None:
        """Return the entry of a key, or None."""
        value = self._entries.get(key)
        if value is not None:
            # Another thread may just have made room.
            with suppress(KeyError):
                self._entries.move_to_end(key)
        return value

    def keep(self, key: Hashable, value: V) -> V:
        """Keep an entry unless there is one already, and return the one that is kept."""
        kept = self._entries.setdefault(key, value)
        while len(self._entries) > self.most:
            self._entries.popitem(last=False)
        return kept
