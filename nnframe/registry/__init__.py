"""Plugin objects by name: activations, losses, and whatever kinds there are.

>>> from nnframe import registry
>>> registry.get("activation", "ReLU")
<Activation relu>

The functions here work on the one registry of the process; `Registry` has their documentation.
"""

from __future__ import annotations

import copyreg
from collections.abc import Callable
from typing import Any

from nnframe.builtins import BUILTIN_MODULES
from nnframe.contracts.parameters import Parameter
from nnframe.contracts.plugin import Plugin
from nnframe.registry.kinds import KINDS, kind_of
from nnframe.registry.lookup import Registry
from nnframe.registry.provider import Provider
from nnframe.version import __version__

BUILTIN_PROVIDER = Provider("nnframe", __version__)
_registry = Registry(BUILTIN_MODULES, BUILTIN_PROVIDER)

find = _registry.find
get = _registry.get
get_all_kinds = _registry.get_all_kinds
resolve = _registry.resolve
names = _registry.names
is_claimed = _registry.is_claimed
overview = _registry.overview
provider_of = _registry.provider_of
refers_to = _registry.refers_to
register = _registry.register
set_parameters = _registry.set_parameters
unregister = _registry.unregister
temporarily = _registry.temporarily

__all__ = [
    "find",
    "get",
    "get_all_kinds",
    "is_claimed",
    "names",
    "overview",
    "provider_of",
    "refers_to",
    "register",
    "resolve",
    "set_parameters",
    "temporarily",
    "unregister",
]


def _restore(kind: str, name: str, overrides: dict[str, Parameter]) -> Plugin:
    return get(kind, name).with_params(**overrides)


def _reduce(plugin: Plugin) -> tuple[Callable[..., Plugin], tuple[Any, ...]]:
    provider = provider_of(plugin)
    if provider is None:
        return plugin.__reduce__()
    return _restore, (kind_of(type(plugin)).name, f"{provider.name}/{plugin.name}", dict(plugin.overrides))


# A registered object pickles by its name, since lambdas don't pickle and a newer version's formula should be used.
for _kind in KINDS.values():
    copyreg.pickle(_kind.type, _reduce)
