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


def explain_activation(
    forward: Callable[..., Array], settings: Mapping[str, Any], learned: Sequence[str] = ()
) -> Explanation:
    """Return the derivative of an activation, or dL/dz where it mixes components, with its parameters by name.

    For each learned parameter p there is what an output adds to dL/dp, where grad is dL/da.

    Raises
    ------
    DerivativeError
        If it can't be derived.
    """

    def derive(symbols: Sequence[str]) -> DerivedActivation:
        return DerivedActivation(forward, settings, [name for name in symbols if name not in learned], learned)

    derived = _by_name(derive, settings)
    name, slope = ("dL/dz", derived.backward) if derived.slope is None else ("f'(z)", derived.slope)
    return _explanation("a", derived.as_written(), name, slope, derived.by_parameter)


def explain_loss(
    value: Callable[..., Array],
    settings: Mapping[str, Any],
    a: Array,
    y: Array,
    arguments: LossArguments = PLAIN,
    given: Mapping[str, Array] | None = None,
    learned: Sequence[str] = (),
) -> Explanation:
    """Return the gradient of a loss, with its parameters by name; a, y and `given` are what it is tried with.

    For each learned parameter p there is dL/dp.

    Raises
    ------
    DerivativeError
        If it can't be derived.
    """

    def derive(symbols: Sequence[str]) -> DerivedLoss:
        return DerivedLoss(value, settings, a, y, symbols, bool(learned), arguments, given)

    derived = _by_name(derive, settings)
    source = derived.gradient.source
    others = {name: derived.by_parameter[name] for name in learned}
    formulas = [notation(f"dL/d{name}", source, i) for i, name in enumerate(arguments.outputs)]
    formulas += [notation(f"dL/d{name}", each.source) for name, each in others.items()]
    text = "\n".join([source.text, *(each.source.text for each in others.values())])
    return Explanation(notation("L", derived.as_written()), "\n".join(formulas), text)


def _explanation(
    name: str, written: Source, slope_name: str, slope: Derived, by_parameter: Mapping[str, Derived]
) -> Explanation:
    formulas = [notation(slope_name, slope.source)]
    formulas += [notation(f"dL/d{name}", each.source) for name, each in by_parameter.items()]
    text = "\n".join([slope.source.text, *(each.source.text for each in by_parameter.values())])
    return Explanation(notation(name, written), "\n".join(formulas), text)


def _by_name(derive: Callable[[Sequence[str]], D], settings: Mapping[str, Any]) -> D:
    """Return what is derived with parameters as names, or as numbers where the formula needs their values."""
    names = [name for name, value in settings.items() if isinstance(value, float)]
    try:
        return derive(names)
    except DerivativeError:
        if not names:
            raise
        return derive(())
