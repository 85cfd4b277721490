"""All that can be plugged into nnframe: one hook a kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from nnframe.contracts.activation import Activation
    from nnframe.contracts.callback import Callback
    from nnframe.contracts.command import Command
    from nnframe.contracts.engine import Engine
    from nnframe.contracts.format import Format
    from nnframe.contracts.loss import Loss
    from nnframe.contracts.metric import Metric
    from nnframe.contracts.optimizer import Optimizer
    from nnframe.contracts.reader import Reader
    from nnframe.contracts.schedule import Schedule

hookspec = pluggy.HookspecMarker("nnframe")
hookimpl = pluggy.HookimplMarker("nnframe")


@hookspec
def nnframe_activations() -> list[Activation]:  # type: ignore[empty-body]
    """Return the activations that the plugin provides."""


@hookspec
def nnframe_losses() -> list[Loss]:  # type: ignore[empty-body]
    """Return the losses that the plugin provides."""


@hookspec
def nnframe_engines() -> list[Engine]:  # type: ignore[empty-body]
    """Return the engines that the plugin provides."""


@hookspec
def nnframe_optimizers() -> list[Optimizer]:  # type: ignore[empty-body]
    """Return the optimizers that the plugin provides."""


@hookspec
def nnframe_schedules() -> list[Schedule]:  # type: ignore[empty-body]
    """Return the schedules that the plugin provides."""


@hookspec
def nnframe_metrics() -> list[Metric]:  # type: ignore[empty-body]
    """Return the metrics that the plugin provides."""


@hookspec
def nnframe_callbacks() -> list[Callback]:  # type: ignore[empty-body]
    """Return the callbacks that the plugin provides."""


@hookspec
def nnframe_commands() -> list[Command]:  # type: ignore[empty-body]
    """Return the commands of the command line that the plugin provides."""


@hookspec
def nnframe_readers() -> list[Reader]:  # type: ignore[empty-body]
    """Return the readers of training data that the plugin provides."""


@hookspec
def nnframe_formats() -> list[Format]:  # type: ignore[empty-body]
    """Return the file formats that the plugin provides."""
