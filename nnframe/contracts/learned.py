"""Learned parameters: those of an activation or a loss that are trained like weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, Protocol

import numpy as np

from nnframe.arrays import Array, DType
from nnframe.contracts.parameters import Limit, Parameter, interval_of
from nnframe.errors import ArgumentError, ArgumentTypeError, shown


class HasLearned(Protocol):
    """An activation or a loss, as far as learned parameters matter."""

    @property
    def learned(self) -> Mapping[str, Learned] | Sequence[str]:
        """The learned parameters."""


@dataclass(frozen=True)
class Learned:
    """How a parameter of an activation or a loss is trained.

    A layer has values of its own for the parameters of its activation, as arrays that broadcast against z: of shape
    (1, 1), or with ``per="output"`` of shape (n_out, 1). A training run has those of its loss, as arrays of shape ().
    They begin at the parameter's value, so ``"prelu(alpha=0.1)"`` begins at 0.1.

    If the parameter has a limit, each update is followed by a projection onto it: a value beyond an end is set to that
    end, or if the end is excluded, to a number the dtype's epsilon away from it.

    Parameters
    ----------
    gradient : callable, optional
        The derivative by hand. For an activation ``gradient(grad, z, a, **params)`` returns what each output of each
        sample adds to dL/dp, of shape (n, B), for grad = dL/da; for a loss ``gradient(a, y, **params)`` returns dL/dp
        of each column, of shape (B,). If it is left out, it is derived from the formula.
    per : {"layer", "output"}, optional
        Whether a layer has one value, or one for each output. Of no meaning for a loss.
    penalized : bool, optional
        Whether the penalties `l1` and `l2` apply to it, as they do to weights.

    Examples
    --------
    >>> from nnframe import Activation
    >>> prelu = Activation(
    ...     "prelu", lambda z, alpha: np.where(z > 0, z, alpha * z), params={"alpha": 0.25}, learned=("alpha",)
    ... )
    """

    gradient: Callable[..., Array] | None = None
    per: Literal["layer", "output"] = "layer"
    penalized: bool = True

    def __post_init__(self) -> None:
        if self.gradient is not None and not callable(self.gradient):
            raise ArgumentTypeError(f"gradient of Learned is {shown(self.gradient)}; expected a function, or None")
        if self.per not in ("layer", "output"):
            raise ArgumentError(f"per of Learned is {shown(self.per)}; expected 'layer' or 'output'")


def checked_learned(
    owner: str, learned: object, params: Mapping[str, Parameter], limits: Mapping[str, Limit]
) -> Mapping[str, Learned]:
    """Return the learned parameters of a plugin by name, in the order in which they are given.

    Parameters
    ----------
    owner : str
        The plugin's kind and name.
    learned : sequence of str, or mapping of str to Learned
    params, limits : mapping
        The plugin's.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If it is something else, or a parameter can't be learned.
    """
    found = learned
    if isinstance(learned, (tuple, list)):
        found = {name: Learned() for name in learned if isinstance(name, str)}
        if len(found) != len(learned):
            found = None
    if not isinstance(found, Mapping) or not all(isinstance(each, Learned) for each in found.values()):
        raise ArgumentTypeError(
            f"learned of {owner} is {shown(learned)}; expected the names of parameters, such as ('alpha',), or a dict "
            f"of names to nnframe.Learned"
        )
    for name in found:
        if not isinstance(params.get(name), float):
            raise ArgumentError(
                f"learned of {owner} has {shown(name)}; expected parameters whose default is a float: "
                f"params={{{name!r}: 0.25}}"
            )
        if not name.isascii() or name in ("linear", "bias"):
            raise ArgumentError(
                f"learned of {owner} has {shown(name)}; expected an ASCII name other than linear and bias, because "
                f"files and layer_rates name the arrays of a layer"
            )
        limit = limits.get(name)
        interval = interval_of(limit)
        if limit is not None and (interval is None or interval.allows_none):
            raise ArgumentError(
                f"the limit of {owner} for the learned parameter {name!r} is {shown(limit)}; expected an interval such "
                f"as '(0, inf)'"
            )
    return MappingProxyType(dict(found))


def learned_of(plugin: HasLearned | None) -> Mapping[str, Learned]:
    """Return the learned parameters of an activation or a loss by name; none for None."""
    # The contracts turn a sequence of names into a mapping.
    return plugin.learned if plugin is not None and isinstance(plugin.learned, Mapping) else {}


def range_of(limit: Limit | None, dtype: DType) -> tuple[float, float]:
    """Return the smallest and the largest value of a learned parameter with this limit."""
    interval = interval_of(limit)
    if interval is None:
        return -math.inf, math.inf
    epsilon = float(np.finfo(dtype).eps)
    low, high = interval.low, interval.high
    if math.isfinite(low) and not interval.includes_low:
        low += epsilon * max(1.0, abs(low))
    if math.isfinite(high) and not interval.includes_high:
        high -= epsilon * max(1.0, abs(high))
    return low, high
