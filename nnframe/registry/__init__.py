"""Plugins by name: activations, losses, and all other kinds.

>>> from nnframe import registry
>>> registry.get("activation", "ReLU")
<Activation relu>

The functions here work on the one registry of the process; `Registry` has their documentation.
"""

from __future__ import annotations

import os
from typing import Any

from nnframe.builtins import BUILTIN_MODULES
from nnframe.contracts.parameters import Parameter
from nnframe.contracts.plugin import Plugin
from nnframe.registry.kinds import KINDS
from nnframe.registry.lookup import Registry
from nnframe.registry.pickling import reducer_of, restored
from nnframe.registry.provider import Provider
from nnframe.version import __version__

BUILTIN_PROVIDER = Provider("nnframe", __version__)
_registry = Registry(BUILTIN_MODULES, BUILTIN_PROVIDER)

claims_of = _registry.claims_of
find = _registry.find
get = _registry.get
get_all_kinds = _registry.get_all_kinds
resolve = _registry.resolve
names = _registry.names
declared = _registry.declared
is_claimed = _registry.is_claimed
overview = _registry.overview
provider_of = _registry.provider_of
refers_to = _registry.refers_to
register = _registry.register
registered = _registry.registered
set_parameters = _registry.set_parameters
unregister = _registry.unregister
temporarily = _registry.temporarily

__all__ = [
    "KINDS",
    "claims_of",
    "declared",
    "find",
    "get",
    "get_all_kinds",
    "is_claimed",
    "names",
    "overview",
    "provider_of",
    "refers_to",
    "register",
    "registered",
    "resolve",
    "set_parameters",
    "temporarily",
    "unregister",
]


def _restore(
    kind: str,
    name: str,
    parameters: dict[str, Parameter],
    content: bytes | None = None,
    values: list[Any] | None = None,
) -> Plugin:
    return restored(_registry, kind, name, parameters, content, values)


_registry.pickle_with(reducer_of(_registry, _restore))
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_registry.make_new_locks)
