"""The contract for callbacks that have a name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from nnframe.contracts.markers import hookimpl
from nnframe.contracts.plugin import Plugin
from nnframe.contracts.run import Run


@dataclass(frozen=True, repr=False)
class Callback(Plugin):
    """A name for objects that follow a training run.

    Parameters
    ----------
    name : str
        What users call it by. Letters, digits, ``_``, ``-`` and ``.``; case does not matter.
    make : callable
        ``make(**params)`` returns a new object for one run, whose methods are marked with ``@nnframe.hookimpl`` and
        named after the hooks of a run: ``nnframe_train_start``, ``nnframe_batch_end``, ``nnframe_part_end``,
        ``nnframe_epoch_end`` and ``nnframe_train_end``, each with the argument ``run``, a `nnframe.contracts.run.Run`.
    params : mapping of str to parameter, optional
        Parameters and their defaults.
    doc : str, optional
        What it does.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument can't be used.
    """

    make: Callable[..., object]

    @classmethod
    def from_function(cls, function: object) -> Callback | None:
        """Return a callback that calls ``function(run)`` at the end of each epoch; None for what is not a function.

        An object with methods for the hooks of a run is not a function, even if it can be called.
        """
        if any(name.startswith("nnframe_") for name in dir(function)):
            return None
        made = super().from_function(function)
        return None if made is None else replace(made, make=lambda: _AtEpochEnd(made.make), doc=made.documentation)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_callable("make")


class _AtEpochEnd:
    """Calls a plain function at the end of each epoch."""

    def __init__(self, function: Callable[..., object]) -> None:
        self.function = function

    @hookimpl
    def nnframe_epoch_end(self, run: Run) -> None:
        """Call the function."""
        self.function(run)
