"""The kinds of plugin objects, one row each; nothing else lists them."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from nnframe.contracts.plugin import Plugin
from nnframe.errors import ArgumentError, ArgumentTypeError, shown

# Has a name here, since within `Kind` the name "type" means a kind's own.
PluginType: TypeAlias = type[Plugin]


@dataclass(frozen=True)
class Kind:
    """A kind of plugin object.

    Parameters
    ----------
    name : str
        What it is called in messages and in ``registry.get(kind, name)``.
    contract : str
        The class of its objects, as ``"module:class"``. It is imported when it is first needed: a program that trains
        a net doesn't wait for the contracts of commands and file formats.
    hook : str
        The hook that returns them.
    takes_functions : bool, optional
        Whether a plain function says all there is to say; the class's ``from_function`` makes an object of it then.
    """

    name: str
    contract: str
    hook: str
    takes_functions: bool = False

    @cached_property
    def type(self) -> PluginType:
        """The class of its objects."""
        module, _, name = self.contract.partition(":")
        found: PluginType = getattr(importlib.import_module(module), name)
        return found

    def includes(self, cls: PluginType) -> bool:
        """Whether objects of a class are of this kind. Imports nothing: their contract is imported if there are any."""
        return self.contract.partition(":")[0] in sys.modules and issubclass(cls, self.type)


KINDS = {
    kind.name: kind
    for kind in (
        Kind("activation", "nnframe.contracts.activation:Activation", "nnframe_activations", takes_functions=True),
        Kind("loss", "nnframe.contracts.loss:Loss", "nnframe_losses", takes_functions=True),
        Kind("engine", "nnframe.contracts.engine:Engine", "nnframe_engines"),
        Kind("optimizer", "nnframe.contracts.optimizer:Optimizer", "nnframe_optimizers"),
        Kind("schedule", "nnframe.contracts.schedule:Schedule", "nnframe_schedules"),
        Kind("metric", "nnframe.contracts.metric:Metric", "nnframe_metrics", takes_functions=True),
        Kind("callback", "nnframe.contracts.callback:Callback", "nnframe_callbacks", takes_functions=True),
        Kind("command", "nnframe.contracts.command:Command", "nnframe_commands"),
        Kind("reader", "nnframe.contracts.reader:Reader", "nnframe_readers"),
        Kind("format", "nnframe.contracts.format:Format", "nnframe_formats"),
    )
}


def kind_named(name: str) -> Kind:
    """Return the kind of a name.

    Raises
    ------
    ArgumentError
        If there is none.
    """
    if not isinstance(name, str) or name not in KINDS:
        raise ArgumentError(f"kind is {shown(name)}; expected one of {', '.join(map(repr, KINDS))}")
    return KINDS[name]


def kind_of(cls: type[Plugin]) -> Kind:
    """Return the kind whose objects are of a class.

    Raises
    ------
    ArgumentTypeError
        If there is none.
    """
    for kind in KINDS.values():
        if kind.includes(cls):
            return kind
    raise ArgumentTypeError(f"got an object of type {cls.__name__}; expected a plugin: {', '.join(KINDS)}")
