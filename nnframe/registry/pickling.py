"""Plugins in pickles: a registered object is pickled by its name, since lambdas don't pickle.

An object that was registered in code may be unknown where the pickle is read, above all in a worker process. So its
functions go along, if they can be pickled, and it is made again from them there.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import MISSING, fields
from typing import Any, cast

from nnframe.contracts.parameters import Parameter
from nnframe.contracts.plugin import Plugin
from nnframe.errors import ChangedFormulaWarning, UnknownNameError
from nnframe.registry.kinds import kind_named, kind_of
from nnframe.registry.lookup import Registry

# These pickle functions of a notebook by value. They are used if they are already imported.
PICKLERS_BY_VALUE = ("cloudpickle", "joblib.externals.cloudpickle")

Reduced = tuple[Callable[..., Plugin], tuple[Any, ...]]


def reducer_of(registry: Registry, restore: Callable[..., Plugin]) -> Callable[[Plugin], Reduced]:
    """Return what `copyreg.pickle` takes; `restore` is called where the pickle is read, as `restored` is here."""

    def reduce(plugin: Plugin) -> Reduced:
        provider = registry.provider_of(plugin)
        if provider is None:
            return plugin.__reduce__()
        name = f"{provider.name}/{plugin.name}"
        content = _content_of(plugin.base) if provider.version is None else None
        kind = kind_of(type(plugin)).name
        values = None
        if kind == "activation" and provider.name != registry.builtin_provider.name:
            # Needs numpy, which the registry does without.
            from nnframe.registry.formula_values import values_of

            values = values_of(cast(Any, plugin))
        return restore, (kind, name, plugin.settings, content, values)

    return reduce


def restored(
    registry: Registry,
    kind: str,
    name: str,
    parameters: dict[str, Parameter],
    content: bytes | None,
    values: list[Any] | None,
) -> Plugin:
    """Return a plugin of a pickle.

    Parameters
    ----------
    registry : Registry
    kind, name : str
        The kind, and provider and name.
    parameters : dict
        All of them: another version may have other defaults, and a saved net keeps its own too.
    content : bytes or None
        A pickle of its parts, for one that was registered in code and consists of what pickles.
    values : list or None
        What `values_of` returned for an activation.

    Raises
    ------
    UnknownNameError, NameConflictError, PluginError
        If it can't be found again.
    ArgumentError, ArgumentTypeError
        If it doesn't have such parameters any more.

    Warns
    -----
    ChangedFormulaWarning
        If an activation computes something else than when it was pickled.
    """
    try:
        found = registry.get(kind, name)
    except UnknownNameError as error:
        # A script's module has another name in the processes that it starts: __mp_main__.
        again = registry.registered_in_code(kind, name.rpartition("/")[2]) or _made_of(content)
        if again is None and not _is_worker():
            raise
        found = again or _stand_in(kind, name, parameters, str(error))
    plugin = found if found.settings == parameters else found.with_params(**parameters)
    if values is not None:
        _warn_if_changed(plugin, name, values)
    return plugin


def _warn_if_changed(plugin: Any, name: str, values: list[Any]) -> None:
    from nnframe.registry.formula_values import first_change, values_of

    now = values_of(plugin)
    change = None if now is None else first_change(values, now)
    if change is not None:
        warnings.warn(
            f"the activation {name + plugin.spec.removeprefix(plugin.name)!r} computes something else than when it was "
            f"pickled: it returned {change.before:.6g} for {change.z:g}, and returns {change.after:.6g}; install or "
            f"register the one it was pickled with, or pickle it again if the change is meant",
            ChangedFormulaWarning,
            stacklevel=3,
        )


def _content_of(plugin: Plugin) -> bytes | None:
    """Return a pickle of a plugin's parts, or None where they don't pickle."""
    import pickle

    by_value = [sys.modules[name].dumps for name in PICKLERS_BY_VALUE if name in sys.modules]
    for dumps in (*by_value, pickle.dumps):
        # Picklers and objects can raise any exception.
        with suppress(Exception):
            return bytes(dumps(plugin.__reduce__()))
    return None


def _made_of(content: bytes | None) -> Plugin | None:
    if content is not None:
        import pickle

        # The functions may be from a module that is missing or has changed.
        with suppress(Exception):
            rebuild, state = pickle.loads(content)
            made = rebuild(*state)
            return made if isinstance(made, Plugin) else None
    return None


def _is_worker() -> bool:
    multiprocessing = sys.modules.get("multiprocessing")
    return multiprocessing is not None and multiprocessing.parent_process() is not None


def _stand_in(kind: str, name: str, params: dict[str, Parameter], reason: str) -> Plugin:
    """Return a plugin that raises when it is used.

    A worker of `multiprocessing.Pool` that can't read its task dies, and the pool waits for ever. What a task raises
    reaches whoever waits for it.
    """

    def unknown(*arguments: object, **settings: object) -> Any:
        raise UnknownNameError(f"{reason} It was registered in another process; register it in this one, too")

    cls = kind_named(kind).type
    names = {each.name for each in fields(cls) if each.default is MISSING and each.default_factory is MISSING}
    # Without these, they would be derived from the formula right away.
    names |= {each.name for each in fields(cls)} & {"derivative", "gradient"}
    functions: dict[str, Any] = dict.fromkeys(names - {"name"}, unknown)
    return cls(name.rpartition("/")[2], **functions, params=params)
