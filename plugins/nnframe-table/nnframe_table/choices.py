"""What a caller of `nnframe_table.read` decides, checked as far as that can be done without the table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from nnframe.errors import ArgumentError, ArgumentTypeError, with_type
from nnframe.inputs.checks import whole_number
from nnframe_table.recognition import Fill
from nnframe_table.sources.opening import checked_rules


class Choices(NamedTuple):
    """What the caller has decided; see `nnframe_table.read`."""

    target: str
    task: str | None
    kinds: Mapping[str, str]
    drop: Collection[str]
    fill: Fill
    validation: float
    seed: int
    missing: tuple[str, ...] | None = None
    decimal: str | None = None


def checked_choices(
    target: Any,
    task: str | None,
    kinds: Any,
    drop: Any,
    fill: Fill,
    missing: Collection[str] | None,
    decimal: str | None,
    validation: Any,
    seed: Any,
) -> Choices:
    """Return the choices; None stands for a default.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If one can't be used.
    """
    if isinstance(validation, bool) or not isinstance(validation, (int, float, np.number)):
        raise ArgumentTypeError(f"validation is {with_type(validation)}; expected a share such as 0.2")
    if not 0 <= validation < 1:
        raise ArgumentError(f"validation is {validation}; expected a share from 0 to below 1, such as 0.2")
    words, decimal = checked_rules(missing, decimal)
    return Choices(
        target,
        task,
        _checked_kinds(kinds),
        _checked_drop(drop),
        fill,
        float(validation),
        whole_number(seed, "seed", 0),
        words,
        decimal,
    )


def _checked_kinds(kinds: Any) -> dict[str, str]:
    """Return kinds by the names of columns; raises ArgumentTypeError for anything else."""
    if not isinstance(kinds, (Mapping, type(None))) or not all(isinstance(name, str) for name in kinds or ()):
        raise ArgumentTypeError(f"kinds is {with_type(kinds)}; expected kinds by the names of columns")
    return {name.strip(): kind for name, kind in (kinds or {}).items()}


def _checked_drop(drop: Any) -> tuple[str, ...]:
    """Return the names of columns; raises ArgumentTypeError for anything else."""
    if isinstance(drop, str):
        raise ArgumentTypeError(f"drop is {drop!r}; expected a list of names: [{drop!r}]")
    names = tuple(drop) if isinstance(drop, Iterable) else (None,)
    if not all(isinstance(name, str) for name in names):
        raise ArgumentTypeError(f"drop is {with_type(drop)}; expected a list of the names of columns")
    return tuple(name.strip() for name in names)
