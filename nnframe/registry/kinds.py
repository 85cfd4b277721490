"""The kinds of plugin objects: one row each, and nothing else has to know how many there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nnframe.contracts.activation import Activation
from nnframe.contracts.callback import Callback
from nnframe.contracts.command import Command
from nnframe.contracts.engine import Engine
from nnframe.contracts.format import Format
from nnframe.contracts.loss import Loss
from nnframe.contracts.metric import Metric
from nnframe.contracts.optimizer import Optimizer
from nnframe.contracts.plugin import Plugin
from nnframe.contracts.reader import Reader
from nnframe.contracts.schedule import Schedule
from nnframe.errors import ArgumentError, shown


class Kind(NamedTuple):
    """A kind of plugin object.

    Attributes
    ----------
    name : str
        What it is called in messages and in ``registry.get(kind, name)``.
    type : type
        The class of its objects.
    hook : str
        The hook that returns them.
    from_function : callable, optional
        Makes an object of a plain function, for kinds where such a function says all there is to say; returns None
        for what is not a function.
    """

    name: str
    type: type[Plugin]
    hook: str
    from_function: Callable[[object], Plugin | None] | None = None


KINDS = {
    kind.name: kind
    for kind in (
        Kind("activation", Activation, "nnframe_activations", Activation.from_function),
        Kind("loss", Loss, "nnframe_losses"),
        Kind("engine", Engine, "nnframe_engines"),
        Kind("optimizer", Optimizer, "nnframe_optimizers"),
        Kind("schedule", Schedule, "nnframe_schedules"),
        Kind("metric", Metric, "nnframe_metrics", Metric.from_function),
        Kind("callback", Callback, "nnframe_callbacks", Callback.from_function),
        Kind("command", Command, "nnframe_commands"),
        Kind("reader", Reader, "nnframe_readers"),
        Kind("format", Format, "nnframe_formats"),
    )
}


def kind_named(name: str) -> Kind:
    """Return the kind of a name.

    Raises
    ------
    ArgumentError
        If there is none.
    """
    if name not in KINDS:
        raise ArgumentError(f"kind is {shown(name)}; expected one of {', '.join(map(repr, KINDS))}")
    return KINDS[name]


def kind_of(cls: type[Plugin]) -> Kind:
    """Return the kind whose objects are of a class."""
    return next(kind for kind in KINDS.values() if issubclass(cls, kind.type))
