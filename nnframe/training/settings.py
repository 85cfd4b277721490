"""The arguments of a training run, checked one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnframe import registry
from nnframe.arrays import finite_number
from nnframe.contracts.optimizer import LEARNING_RATE, Optimizer
from nnframe.contracts.schedule import Schedule
from nnframe.errors import ArgumentError, shown


class Optimization(NamedTuple):
    """How weights follow gradients.

    Attributes
    ----------
    learning_rate : float
        Before the schedule.
    optimizer : Optimizer or None
        None for plain stochastic gradient descent.
    schedule : Schedule or None
    """

    learning_rate: float
    optimizer: Optimizer | None
    schedule: Schedule | None


def checked_optimization(
    learning_rate: object, optimizer: str | Optimizer | None, schedule: str | Schedule | None
) -> Optimization:
    """Return how weights follow gradients, for the arguments of the same names.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If neither a learning rate nor an optimizer is given, or both, or the learning rate is none.
    UnknownNameError, NameConflictError, PluginError
        If a name can't be found or used.
    """
    chosen_schedule = None if schedule is None else registry.resolve(Schedule, schedule)
    if optimizer is None:
        if learning_rate is None:
            raise ArgumentError(
                "learning_rate is missing; wanted a number such as 0.1, or an optimizer such as optimizer='adam'"
            )
        return Optimization(_checked_learning_rate(learning_rate), None, chosen_schedule)
    chosen = registry.resolve(Optimizer, optimizer)
    if learning_rate is not None:
        raise ArgumentError(
            f"learning_rate is {shown(learning_rate)} and optimizer is {chosen.spec!r}; wanted one of the two: "
            f"'{chosen.name}({LEARNING_RATE}={shown(learning_rate)})' says both"
        )
    rate = _checked_learning_rate(chosen.settings[LEARNING_RATE])
    return Optimization(rate, None if _is_plain_sgd(chosen) else chosen, chosen_schedule)


def checked_positive(value: object, name: str) -> float | None:
    """Return a number above 0, or None for None.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If it is something else.
    """
    if value is None:
        return None
    number = finite_number(value, name, "1.0")
    if number == 0:
        raise ArgumentError(f"{name} is 0; wanted a number above 0, or None")
    return number


def checked_share(value: object, name: str) -> float:
    """Return a number above 0 and below 1.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If it is something else.
    """
    number = finite_number(value, name, "0.2")
    if not 0 < number < 1:
        raise ArgumentError(f"{name} is {number}; wanted a share above 0 and below 1, such as 0.2")
    return number


def checked_dropout(dropout: object, n_hidden: int) -> tuple[float, ...]:
    """Return the share of outputs that is dropped in each layer, 0 in the last.

    Parameters
    ----------
    dropout : float or sequence of float
        For all hidden layers, or for each.
    n_hidden : int
        How many hidden layers there are.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a share is none, or there are too few or too many.
    """
    is_list = isinstance(dropout, (Sequence, np.ndarray)) and not isinstance(dropout, str)
    shares = list(dropout) if is_list else [dropout] * n_hidden  # type: ignore[call-overload]
    if len(shares) != n_hidden:
        raise ArgumentError(
            f"dropout has {len(shares)} shares for {n_hidden} hidden layers; wanted one for each, or one number for all"
        )
    checked = [finite_number(share, "dropout", "0.2") for share in (shares if is_list else [*shares, dropout])]
    if any(share >= 1 for share in checked):
        raise ArgumentError(f"dropout is {shown(dropout)}; wanted shares from 0 to below 1, such as 0.2")
    return (*checked[:n_hidden], 0.0)


def _checked_learning_rate(value: object) -> float:
    return finite_number(value, LEARNING_RATE, "0.1")


def _is_plain_sgd(optimizer: Optimizer) -> bool:
    """Whether engines can take their shortest way."""
    return registry.refers_to("optimizer", "nnframe/sgd", optimizer) and not set(optimizer.overrides) - {LEARNING_RATE}
