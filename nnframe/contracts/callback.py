"""The contract for callbacks that can be asked for by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nnframe.contracts.plugin import Plugin


@dataclass(frozen=True, repr=False)
class Callback(Plugin):
    """A name for objects that follow a training run.

    Parameters
    ----------
    name : str
        What users call it by. Letters, digits, ``_``, ``-`` and ``.``; case does not matter.
    make : callable
        ``make(**params)`` returns a new object for one run, whose methods are marked with ``@nnframe.hookimpl`` and
        named after the hooks of a run: ``nnframe_train_start``, ``nnframe_part_end``, ``nnframe_epoch_end`` and
        ``nnframe_train_end``, each with the argument ``run``, a `nnframe.training.run.TrainingRun`.
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

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_callable("make")
