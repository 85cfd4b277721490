"""Plugins that were registered in code, in the pickle of an estimator.

A worker process, or a program that loads the estimator, has not run the cell of the notebook that registered them.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from contextlib import suppress

from nnframe import NNFrameError, registry
from nnframe.contracts.plugin import Plugin
from nnframe.registry.kinds import kind_of

# The provider and the pickle of each.
Carried = list[tuple[str, bytes]]


def carried() -> Carried:
    """Return everything that this process registered in code, as far as it pickles."""
    found: Carried = []
    for provider, plugin in registry.registered():
        # Picklers fail in many ways; a plugin that can't travel matters only where it is used.
        with suppress(Exception):
            found.append((provider, pickle.dumps(plugin)))
    return found


def register_carried(plugins: Iterable[tuple[str, bytes]]) -> None:
    """Register what is not known in this process."""
    for provider, content in plugins:
        # The error belongs to whoever uses the plugin, which is told that its name is unknown.
        with suppress(Exception):
            _register_unknown(provider, pickle.loads(content))


def _register_unknown(provider: str, plugin: Plugin) -> None:
    try:
        registry.get(kind_of(type(plugin)).name, plugin.name)
    except NNFrameError:
        registry.register(plugin, provider)
