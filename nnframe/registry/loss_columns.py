"""Losses as engines call them: with matrices of columns, which are taken apart into the arguments of a loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nnframe.arrays import Array
from nnframe.contracts.loss import Loss
from nnframe.inputs.by_name import INPUTS, SAMPLE_WEIGHT, asked_by
from nnframe.registry.guard import NO_PARAMETERS, guarded
from nnframe.registry.learned_binding import derived_loss


def of_columns(
    loss: Loss,
    part: str,
    function: Callable[..., Any],
    per_column: bool = False,
    parameters: Mapping[str, Array] = NO_PARAMETERS,
) -> Callable[[Array, Array], Array]:
    """Return a function of a loss as engines call it, with its parameters bound; see `guarded`."""
    if not (loss.is_grouped or loss.asks):
        return guarded(loss, part, function, per_column, parameters)
    asked = loss.asks if function == loss.slope else asked_by(function, loss.params)
    arguments = arguments_from_columns(loss, asked)

    def named(a: Array, y: Array, *given: Array, **settings: Any) -> Array:
        result: Array = function(a, y, **dict(zip(asked, given, strict=True)), **settings)
        return result

    call = guarded(loss, part, named, per_column)
    if per_column:
        return lambda a, y: call(*arguments(a, y))
    return lambda a, y: call(*arguments(a, y)).reshape(a.shape)


def bound_gradient(loss: Loss, parameters: Mapping[str, Array]) -> Callable[[Array, Array], Array]:
    """Return the gradient of a loss, given or derived."""
    if loss.gradient is not None:
        return of_columns(loss, "gradient", loss.gradient, parameters=parameters)
    derived = derived_loss(loss, bool(parameters))
    if loss.is_grouped or loss.asks:
        return of_columns(loss, "gradient", loss.slope)
    gradient, values = derived.gradient, tuple(parameters.values())
    return (lambda a, y: gradient(a, y, *values)) if values else gradient


def arguments_from_columns(loss: Loss, asked: Sequence[str]) -> Callable[[Array, Array], list[Array]]:
    """Return what turns outputs (n_out, B) and targets into the arguments of a loss's function.

    Below the targets are the rows of what the loss asks for by name: `nnframe.training.by_name` puts them there, so
    that engines needn't know of them.

    Parameters
    ----------
    loss : Loss
    asked : sequence of str
        What the function takes by name.
    """
    count, asks, is_grouped = loss.n_outputs, loss.asks, loss.is_grouped

    def arguments(a: Array, y: Array) -> list[Array]:
        n_targets = len(a) // count
        outputs = a.reshape(count, n_targets, a.shape[1]) if is_grouped else a
        if not asks:
            return [outputs, y]
        stop = len(y) - (SAMPLE_WEIGHT in asks)
        given = {INPUTS: y[n_targets:stop], SAMPLE_WEIGHT: y[-1]}
        return [outputs, y[:n_targets], *(given[name] for name in asked)]

    return arguments
