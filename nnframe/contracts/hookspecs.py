"""The hooks for plugins, one for each kind.

Every hook is historic, which in pluggy means that it is called on each plugin when that is registered; see
`nnframe.registry.collect`.

The plugin API is all that an author writes against: these hooks, the classes in `nnframe.contracts`, and
`nnframe.testing`. Its version is an integer, which goes up when a plugin written for the new API may not work with an
older nnframe: a new kind, a new field, a new type of parameter. `API_RELEASES` says which release brought each
version. A distribution states what it needs in the ordinary way, in its requirements, ``nnframe>=0.1``; `nnframe
new-plugin` writes the release of the current version. An entry point whose distribution requires a newer nnframe is
refused before it is imported, with a sentence that says what to upgrade, also where pip was not asked.

What is deprecated stays for one more release: a hook with ``warn_on_impl``, so that pluggy warns authors who still
implement it, and a field with a DeprecationWarning when it is set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnframe.contracts.markers import hookspec

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

API_RELEASES = {1: "0.1"}
API_VERSION = max(API_RELEASES)


@hookspec(historic=True)
def nnframe_activations() -> list[Activation]:  # type: ignore[empty-body]
    """Return the activations that the plugin provides."""


@hookspec(historic=True)
def nnframe_losses() -> list[Loss]:  # type: ignore[empty-body]
    """Return the losses that the plugin provides."""


@hookspec(historic=True)
def nnframe_engines() -> list[Engine]:  # type: ignore[empty-body]
    """Return the engines that the plugin provides."""


@hookspec(historic=True)
def nnframe_optimizers() -> list[Optimizer]:  # type: ignore[empty-body]
    """Return the optimizers that the plugin provides."""


@hookspec(historic=True)
def nnframe_schedules() -> list[Schedule]:  # type: ignore[empty-body]
    """Return the schedules that the plugin provides."""


@hookspec(historic=True)
def nnframe_metrics() -> list[Metric]:  # type: ignore[empty-body]
    """Return the metrics that the plugin provides."""


@hookspec(historic=True)
def nnframe_callbacks() -> list[Callback]:  # type: ignore[empty-body]
    """Return the callbacks that the plugin provides."""


@hookspec(historic=True)
def nnframe_commands() -> list[Command]:  # type: ignore[empty-body]
    """Return the commands of the command line that the plugin provides."""


@hookspec(historic=True)
def nnframe_readers() -> list[Reader]:  # type: ignore[empty-body]
    """Return the readers of training data that the plugin provides."""


@hookspec(historic=True)
def nnframe_formats() -> list[Format]:  # type: ignore[empty-body]
    """Return the file formats that the plugin provides."""
