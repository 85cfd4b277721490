"""A formula and its derivative, for people to read: as a formula on paper, and as source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from nnframe.arrays import Array
from nnframe.errors import DerivativeError
from nnframe.formula.derived import Derived, DerivedLoss
from nnframe.formula.derived_activation import DerivedActivation
from nnframe.formula.loss_arguments import PLAIN, LossArguments
from nnframe.formula.notation import notation
from nnframe.formula.source import Source

D = TypeVar("D")


class Explanation(NamedTuple):
    """A formula as it was recorded, and its derivative.

    Attributes
    ----------
    recorded : str
        The formula itself: a line, and one more for each part that is needed more than once.
    formula : str
        The derivative, likewise.
    source : str
        The derivative as a function in Python.
    """

    recorded: str
    formula: str
    source: str


def explain_activation(forward: Callable[..., Array], settings: Mapping[str, Any]) -> Explanation:
    """Return the derivative of an activation, or dL/dz where it mixes components, with its parameters by name.

    Raises
    ------
    DerivativeError
        If it can't be derived.
    """
    derived = _by_name(lambda symbols: DerivedActivation(forward, settings, symbols), settings)
    if derived.slope is not None:
        return _explanation("a", derived.as_written(), "f'(z)", derived.slope)
    return _explanation("a", derived.as_written(), "dL/dz", derived.backward)


def explain_loss(
    value: Callable[..., Array],
    settings: Mapping[str, Any],
    a: Array,
    y: Array,
    arguments: LossArguments = PLAIN,
    given: Mapping[str, Array] | None = None,
) -> Explanation:
    """Return the gradient of a loss, with its parameters by name; a, y and `given` are what it is tried with.

    Raises
    ------
    DerivativeError
        If it can't be derived.
    """
    derived = _by_name(lambda symbols: DerivedLoss(value, settings, a, y, symbols, False, arguments, given), settings)
    source = derived.gradient.source
    formulas = [notation(f"dL/d{name}", source, i) for i, name in enumerate(arguments.outputs)]
    return Explanation(notation("L", derived.as_written()), "\n".join(formulas), source.text)


def _explanation(name: str, written: Source, slope_name: str, slope: Derived) -> Explanation:
    return Explanation(notation(name, written), notation(slope_name, slope.source), slope.source.text)


def _by_name(derive: Callable[[Sequence[str]], D], settings: Mapping[str, Any]) -> D:
    """Return what is derived with parameters as names, or as numbers where the formula needs their values."""
    names = [name for name, value in settings.items() if isinstance(value, float)]
    try:
        return derive(names)
    except DerivativeError:
        if not names:
            raise
        return derive(())
