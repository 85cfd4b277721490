"""The contract for losses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.activation import Activation
from nnframe.contracts.domains import Domain, checked_domain, sample
from nnframe.contracts.fused import Fused, checked_fused
from nnframe.contracts.learned import Learned, checked_learned
from nnframe.contracts.plugin import Plugin
from nnframe.errors import ArgumentTypeError, with_type

if TYPE_CHECKING:
    from nnframe.formula.derived import DerivedLoss
    from nnframe.formula.explain import Explanation
    from nnframe.formula.pairs import DerivedPair


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
    learned : sequence of str, or mapping of str to Learned, optional
        The parameters that are trained like weights, in each training run on its own. The functions are called with
        them as arrays of shape (); see `nnframe.Learned`. `History.loss_parameters` has their values.
    fused : mapping of str to Fused, optional
        Faster or more stable forms together with the activations named. Not used if either side has learned parameters.
    a_domain, y_domain : str, optional
        What it takes as activations and as targets, a name from `nnframe.contracts.domains`: "real" for any numbers,
        "nonnegative", "positive", "probability" for numbers from 0 to 1, "distribution" where they also sum to 1 in
        each column, "log_distribution" for the logarithms of those, "sign" for -1 and 1.
    a_domain_of : callable, optional
        ``a_domain_of(**params) -> a_domain``, where that depends on the parameters.
    column_value : callable, optional
        ``column_value(a, y, **params) -> float``: the loss of a single column, a and y of shape (n, 1), for nets that
        learn one observation at a time. If the result is not finite, `value` is used.
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
    learned: Mapping[str, Learned] | Sequence[str] = field(default_factory=dict, kw_only=True, hash=False)
    fused: Mapping[str, Fused] = field(default_factory=dict, kw_only=True, hash=False)
    a_domain: Domain = field(default="real", kw_only=True)
    y_domain: Domain = field(default="real", kw_only=True)
    a_domain_of: Callable[..., Domain] | None = field(default=None, kw_only=True)
    column_value: Callable[..., float] | None = field(default=None, kw_only=True)
    minimum: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_callable("value", "gradient", "a_domain_of", "column_value")
        if self.a_domain_of is not None:
            object.__setattr__(self, "a_domain", self.a_domain_of(**self.settings))
        object.__setattr__(self, "fused", checked_fused(self.name, self.fused))
        learned = checked_learned(f"loss {self.name!r}", self.learned, self.params, self.limits)
        object.__setattr__(self, "learned", learned)
        for name in ("a_domain", "y_domain"):
            checked_domain(f"loss {self.name!r}", name, getattr(self, name))
        if self.minimum is not None and not isinstance(self.minimum, (int, float)):
            raise ArgumentTypeError(
                f"minimum of loss {self.name!r} is {with_type(self.minimum)}; expected a number or None"
            )

    @cached_property
    def derived(self) -> DerivedLoss:
        """The functions derived from `value`, for the current parameters.

        Raises
        ------
        DerivativeError
            If it can't be derived; the message says what stands in the way.
        """
        # A net whose plugins have their own derivatives never imports it.
        from nnframe.formula.derived import DerivedLoss

        return DerivedLoss(self.value, self.settings, *self._samples())

    @cached_property
    def derived_for_learning(self) -> DerivedLoss:
        """The functions derived from `value`, with learned parameters as further arguments, which are numbers.

        Raises
        ------
        DerivativeError
            If it can't be derived; the message says what stands in the way.
        """
        from nnframe.formula.derived import DerivedLoss

        return DerivedLoss(self.value, self.settings, *self._samples(), symbols=tuple(self.learned), learns=True)

    def explanation(self) -> Explanation:
        """Return the derived gradient, to be read.

        Raises
        ------
        DerivativeError
            If it can't be derived; the message says what stands in the way.
        """
        from nnframe.formula.explain import explain_loss

        return explain_loss(self.value, self.settings, *self._samples())

    def _samples(self) -> tuple[Array, Array]:
        """Return activations and targets to try it with."""
        a, y = (
            sample(domain, (4, 8), np.random.default_rng(seed))
            for seed, domain in enumerate((self.a_domain, self.y_domain))
        )
        if self.a_domain == "real":
            # Small and large ones too, which may be in different pieces of a formula.
            a *= np.geomspace(0.1, 10, a.shape[1])
        return a, y

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

    def with_activation(self, activation: Activation) -> DerivedPair | None:
        """Return loss and activation as one formula, where both record and that is more stable than the chain rule.

        That is so where the loss takes the logarithm of what the activation makes of exponentials.
        """
        from nnframe.formula.pairs import derived_pair

        key = activation.forward, tuple(activation.settings.items())
        if key not in self._pairs:
            y = sample(self.y_domain, (4, 8), np.random.default_rng(0))
            self._pairs[key] = derived_pair(activation.forward, activation.settings, self.value, self.settings, y)
        return self._pairs[key]

    @cached_property
    def _pairs(self) -> dict[tuple[object, ...], DerivedPair | None]:
        return {}
