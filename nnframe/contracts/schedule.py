"""The contract for schedules, which change the learning rate in the course of a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nnframe.arrays import Array
from nnframe.contracts.plugin import Plugin


@dataclass(frozen=True, repr=False)
class Schedule(Plugin):
    """A factor for the learning rate of each update of a run.

    Parameters
    ----------
    name : str
        What users call it by. Letters, digits, ``_``, ``-`` and ``.``; case does not matter.
    factor : callable
        ``factor(step, steps_per_epoch, n_epochs, **params)`` for an array of whole numbers, the updates made before;
        an array of finite factors of its shape. ``step // steps_per_epoch`` is the epoch, from 0.
    params : mapping of str to parameter, optional
        Parameters and their defaults.
    doc : str, optional
        Formula and source. ``doc=__doc__`` takes the module's docstring.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument can't be used.

    Examples
    --------
    >>> import numpy as np
    >>> linear = Schedule("linear", lambda step, steps_per_epoch, n_epochs: 1 - step / (steps_per_epoch * n_epochs))
    >>> linear.factor(np.arange(4), steps_per_epoch=2, n_epochs=2).tolist()
    [1.0, 0.75, 0.5, 0.25]
    """

    factor: Callable[..., Array]

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_callable("factor")
