"""The contract for losses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from nnframe.arrays import Array
from nnframe.contracts.fused import Fused, checked_fused
from nnframe.contracts.plugin import Plugin
from nnframe.errors import ArgumentError, ArgumentTypeError, shown, with_type

if TYPE_CHECKING:
    from nnframe.formula.derived import DerivedLoss

Domain: TypeAlias = Literal["real", "positive", "probability"]


@dataclass(frozen=True, repr=False)
class Loss(Plugin):
    """A loss L(a, y) of a column of activations a against its targets y, with its gradient.

    The functions take arrays of shape (n, B), one column a sample, keep the dtype (float32 or float64) and leave
    their arguments as they are. Averaging over the batch is not their business.

    Parameters
    ----------
    name : str
        What users call it by. Letters, digits, ``_``, ``-`` and ``.``; case does not matter.
    value : callable
        ``value(a, y, **params) -> (B,)``: the loss of each column.
    gradient : callable, optional
        ``gradient(a, y, **params) -> dL/da``, of shape (n, B). Where it is left out, it is derived from `value`.
    params : mapping of str to parameter, optional
        Parameters and their defaults.
    fused : mapping of str to Fused, optional
        Faster or more stable forms together with the activations named.
    a_domain, y_domain : {"real", "positive", "probability"}, optional
        What activations and targets it takes: any real numbers, numbers above 0, or numbers from 0 to 1 that sum to 1
        in each column.
    minimum : float, optional
        The smallest value it can have, if there is one that doesn't depend on y. The gradient is 0 wherever it is
        reached, but at the edge of the domain.
    doc : str, optional
        Formula and source. ``doc=__doc__`` takes the module's docstring.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument can't be used.

    Examples
    --------
    >>> import numpy as np
    >>> sse = Loss("sse", lambda a, y: ((a - y) ** 2).sum(axis=0))
    >>> sse.value(np.array([[1.0], [3.0]]), np.zeros((2, 1))).tolist()
    [10.0]
    >>> sse.slope(np.array([[1.0], [3.0]]), np.zeros((2, 1))).tolist()
    [[2.0], [6.0]]
    """

    value: Callable[..., Array]
    gradient: Callable[..., Array] | None = None
    fused: Mapping[str, Fused] = field(default_factory=dict, kw_only=True, hash=False)
    a_domain: Domain = field(default="real", kw_only=True)
    y_domain: Domain = field(default="real", kw_only=True)
    minimum: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_callable("value", "gradient")
        object.__setattr__(self, "fused", checked_fused(self.name, self.fused))
        for name in ("a_domain", "y_domain"):
            if getattr(self, name) not in get_args(Domain):
                raise ArgumentError(
                    f"{name} of loss {self.name!r} is {shown(getattr(self, name))}; "
                    f"expected 'real', 'positive' or 'probability'"
                )
        if self.minimum is not None and not isinstance(self.minimum, (int, float)):
            raise ArgumentTypeError(
                f"minimum of loss {self.name!r} is {with_type(self.minimum)}; expected a number or None"
            )

    @cached_property
    def derived(self) -> DerivedLoss:
        """What is derived from `value`, for the parameters as they are set.

        Raises
        ------
        DerivativeError
            If it can't be derived; the message says what stands in the way.
        """
        # A net whose parts bring their derivatives doesn't wait for it.
        from nnframe.formula.derived import DerivedLoss

        return DerivedLoss(self.value, self.settings, self.a_domain, self.y_domain)

    @cached_property
    def slope(self) -> Callable[..., Array]:
        """``slope(a, y, **params) -> dL/da``: `gradient`, or what is derived where it is left out.

        Raises
        ------
        DerivativeError
            If it can't be derived.
        """
        if self.gradient is not None:
            return self.gradient
        _ = self.derived

        def slope(a: Array, y: Array, **params: Any) -> Array:
            derived = self.with_params(**params).derived if params and params != self.settings else self.derived
            return derived.gradient(a, y)

        return slope
