"""What is derived from formulas, with parameters as arguments where that is possible.

A plugin's own derived functions have its parameters in them as numbers, and would have to be compiled for each value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from nnframe import Activation, DerivativeError, Loss
from nnframe.arrays import DType
from nnframe.contracts.domains import sample
from nnframe.contracts.learned import learned_of
from nnframe.contracts.parameters import Parameter, format_parameters
from nnframe.inputs.by_name import GIVEN_BY_NAME
from nnframe_numba.recently_used import RecentlyUsed

if TYPE_CHECKING:
    from nnframe.formula.derived import Derived
    from nnframe.formula.source import Source

T = TypeVar("T")

# The names of arrays in derived functions.
ARRAYS = frozenset(("z", "a", "y", "grad", *GIVEN_BY_NAME))
MOST_DERIVED = 256
_known: RecentlyUsed[Any] = RecentlyUsed(MOST_DERIVED)


class DerivedFormula(NamedTuple):
    """A derived function.

    Attributes
    ----------
    function : callable
    source : Source
    arguments : tuple of str
        Its arrays.
    settings : mapping of str to parameter
        The parameters that are arguments.
    """

    function: Callable[..., Any]
    source: Source
    arguments: tuple[str, ...]
    settings: Mapping[str, Parameter]


def derived_slope(activation: Activation, dtype: DType) -> DerivedFormula:
    """Return an activation's derivative by z, or its backward pass if it mixes the components of a column."""

    def derive(symbols: Sequence[str]) -> tuple[Any, Mapping[str, Parameter]]:
        from nnframe.formula.derived_activation import DerivedActivation

        if not symbols:
            return activation.derived, {}
        settings = activation.settings
        return DerivedActivation(activation.forward, settings, symbols), {name: settings[name] for name in symbols}

    def formula() -> DerivedFormula:
        derived, settings = _with_symbols(derive, activation.settings)
        if derived.slope is not None:
            return _formula(derived.slope, dtype, ("z",), settings)
        return _formula(derived.backward, dtype, ("grad", "z", "a"), settings)

    return _remembered((activation.forward, format_parameters(activation.settings), dtype), formula)


def derived_learned(
    activation: Activation, dtype: DType
) -> tuple[DerivedFormula, DerivedFormula, list[DerivedFormula]]:
    """Return forward and backward of an activation with learned parameters, and the gradient by each of these.

    The learned parameters follow the other arrays.
    """
    learned = tuple(learned_of(activation))

    def derive(symbols: Sequence[str]) -> tuple[Any, Mapping[str, Parameter]]:
        from nnframe.formula.derived_activation import DerivedActivation

        settings = activation.settings
        derived = DerivedActivation(activation.forward, settings, symbols, learned)
        return derived, {name: settings[name] for name in symbols}

    def formulas() -> tuple[DerivedFormula, DerivedFormula, list[DerivedFormula]]:
        derived, settings = _with_symbols(derive, activation.settings, but=learned)
        backward = "grad", "z", "a", *learned
        return (
            _formula(derived.forward, dtype, ("z", *learned), settings),
            _formula(derived.backward, dtype, backward, settings),
            [_formula(derived.by_parameter[name], dtype, backward, settings) for name in learned],
        )

    return _remembered((activation.forward, format_parameters(activation.settings), learned, dtype), formulas)


def derived_learned_loss(loss: Loss, dtype: DType) -> tuple[DerivedFormula, DerivedFormula, list[DerivedFormula]]:
    """Return value and gradient of a loss with learned parameters, and the gradient by each of these.

    Each has the learned parameters as parameters that are not among its settings.
    """
    learned = tuple(learned_of(loss))

    def derive(symbols: Sequence[str]) -> tuple[Any, Mapping[str, Parameter]]:
        from nnframe.formula.derived import DerivedLoss

        a, y, _ = loss.samples()
        settings = loss.settings
        derived = DerivedLoss(loss.value, settings, a, y, (*learned, *symbols), learns=True)
        return derived, {name: settings[name] for name in symbols}

    def formulas() -> tuple[DerivedFormula, DerivedFormula, list[DerivedFormula]]:
        derived, settings = _with_symbols(derive, loss.settings, but=learned)
        sources = derived.value, derived.gradient, *(derived.by_parameter[name] for name in learned)
        value, gradient, *by_parameter = (_formula(each, dtype, ("a", "y"), settings) for each in sources)
        return value, gradient, by_parameter

    return _remembered((loss.value, format_parameters(loss.settings), learned, dtype), formulas)


def derived_loss(loss: Loss, dtype: DType) -> tuple[DerivedFormula, DerivedFormula]:
    """Return a loss's value, and its gradient by its outputs, as functions of separate arrays."""
    arguments = loss.arguments

    def derive(symbols: Sequence[str]) -> tuple[Any, Mapping[str, Parameter]]:
        from nnframe.formula.derived import DerivedLoss

        if not symbols:
            return loss.derived, {}
        a, y, given = loss.samples()
        settings = loss.settings
        derived = DerivedLoss(loss.value, settings, a, y, symbols, arguments=arguments, given=given)
        return derived, {name: settings[name] for name in symbols}

    def formulas() -> tuple[DerivedFormula, DerivedFormula]:
        derived, settings = _with_symbols(derive, loss.settings)
        names = tuple(arguments.names)
        return _formula(derived.value, dtype, names, settings), _formula(derived.gradient, dtype, names, settings)

    return _remembered((loss.value, format_parameters(loss.settings), arguments, dtype), formulas)


def derived_pair(loss: Loss, activation: Activation, dtype: DType) -> tuple[DerivedFormula, DerivedFormula]:
    """Return value and gradient by z of a loss behind an activation, for which `Loss.with_activation` has a pair."""

    def derive(symbols: Sequence[str]) -> tuple[Any, Mapping[str, Parameter]]:
        from nnframe.formula.pairs import derived_pair as pair

        plain = loss.with_activation(activation)
        if symbols:
            y, settings = sample(loss.y_domain, (4, 8), np.random.default_rng(0)), loss.settings
            found = pair(activation.forward, activation.settings, loss.value, settings, y, symbols)
            if found is not None:
                return found, {name: settings[name] for name in symbols}
        return plain, {}

    def formulas() -> tuple[DerivedFormula, DerivedFormula]:
        derived, settings = _with_symbols(derive, loss.settings)
        return (
            _formula(derived.value, dtype, ("z", "y"), settings),
            _formula(derived.gradient, dtype, ("z", "a", "y"), settings),
        )

    key = activation.forward, format_parameters(activation.settings)
    return _remembered((loss.value, format_parameters(loss.settings), *key, dtype), formulas)


def _formula(
    derived: Derived, dtype: DType, arguments: tuple[str, ...], settings: Mapping[str, Parameter]
) -> DerivedFormula:
    source = derived.source_to_compile(dtype)
    return DerivedFormula(source.function(), source, arguments, settings)


def _with_symbols(
    derive: Callable[[Sequence[str]], tuple[Any, Mapping[str, Parameter]]],
    settings: Mapping[str, Parameter],
    but: Sequence[str] = (),
) -> tuple[Any, Mapping[str, Parameter]]:
    """Return what is derived with parameters as arguments, or with their values if the formula asks for them."""
    arrays = {*ARRAYS, *but}
    symbols = [name for name, value in settings.items() if isinstance(value, float) and name not in arrays]
    if symbols:
        try:
            return derive(symbols)
        except DerivativeError:
            pass
    return derive(())


def _remembered(key: tuple[Any, ...], make: Callable[[], T]) -> T:
    found: T | None = _known.get(key)
    return found if found is not None else _known.keep(key, make())
