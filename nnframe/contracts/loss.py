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
from nnframe.contracts.loss_outputs import check_answers
from nnframe.contracts.plugin import Plugin
from nnframe.errors import ArgumentTypeError, with_type
from nnframe.inputs.by_name import GIVEN_BY_NAME, INPUTS, SAMPLE_WEIGHT, asked_by

if TYPE_CHECKING:
    from nnframe.formula.derived import DerivedLoss
    from nnframe.formula.explain import Explanation
    from nnframe.formula.loss_arguments import LossArguments
    from nnframe.formula.pairs import DerivedPair

# More inputs than targets, for a loss that takes the inputs.
N_INPUTS = 8


@dataclass(frozen=True, repr=False)
class Loss(Plugin):
    """A loss L(a, y) of a column of activations a against its targets y, with its gradient.

    The functions take arrays of shape (n, B), one column a sample, keep the dtype (float32 or float64) and leave
    their arguments as they are. Averaging over the batch is not their business. Engines overwrite the arguments with
    the next batch: a function that keeps one must copy it.

    `value` and `gradient` may have arguments named ``x`` and ``sample_weight``. They are then called with the net's
    inputs, of shape (n_in, B), and with the samples' weights, of shape (B,), by keyword. A loss that takes the weights
    applies them itself: nothing else multiplies it by them. Without any, they are ones.

    A loss with `outputs` has a of shape (k, n, B), k outputs for each of n targets: ``mean, log_scale = a``. The last
    layer has k n outputs, first those that belong to ``a[0]``.

    Neither of these two has `fused`, `learned` or `column_value`.

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
    outputs : int or callable, optional
        The number of outputs for each target, or ``outputs(**params) -> int``. Then `point` is required, and a has an
        axis more, even for a single output.
    point : callable, optional
        ``point(a, **params) -> (n, B)``: the prediction, which metrics and `nNet.predict` see in place of a.
    quantiles : callable, optional
        ``quantiles(a, levels, **params) -> (len(levels), n, B)``, for an array of levels between 0 and 1.
    distribution : callable, optional
        ``distribution(a, **params) -> (mean, scale)``, both (n, B): the mean and the standard deviation.
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

    Laplace's distribution, with a location and the logarithm of a scale for each target:

    >>> def laplace(a, y):
    ...     location, log_scale = a
    ...     return (np.abs(y - location) * np.exp(-log_scale) + log_scale).sum(axis=0)
    >>> nll = Loss("laplace_nll", laplace, outputs=2, point=lambda a: a[0])
    >>> nll.slope(np.array([[[1.0]], [[0.0]]]), np.array([[3.0]])).tolist()
    [[[-1.0]], [[-1.0]]]
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
    outputs: int | Callable[..., int] = field(default=1, kw_only=True)
    point: Callable[..., Array] | None = field(default=None, kw_only=True)
    quantiles: Callable[..., Array] | None = field(default=None, kw_only=True)
    distribution: Callable[..., tuple[Array, Array]] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_callable("value", "gradient", "a_domain_of", "column_value", "point", "quantiles", "distribution")
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
        check_answers(self)

    @property
    def is_grouped(self) -> bool:
        """Whether a has an axis for the outputs of a target."""
        return self.outputs != 1

    @cached_property
    def n_outputs(self) -> int:
        """The number of outputs for each target, with the current parameters."""
        return self.outputs(**self.settings) if callable(self.outputs) else self.outputs

    @cached_property
    def asks(self) -> tuple[str, ...]:
        """Which of ``x`` and ``sample_weight`` its functions take."""
        asked = asked_by(self.value, self.params) + asked_by(self.gradient, self.params)
        return tuple(name for name in GIVEN_BY_NAME if name in asked)

    @property
    def arguments(self) -> LossArguments:
        """What `value` is called with."""
        from nnframe.formula.loss_arguments import LossArguments

        return LossArguments(self.n_outputs if self.is_grouped else None, asked_by(self.value, self.params))

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

        a, y, given = self.samples()
        return DerivedLoss(self.value, self.settings, a, y, arguments=self.arguments, given=given)

    @cached_property
    def derived_for_learning(self) -> DerivedLoss:
        """The functions derived from `value`, with learned parameters as further arguments, which are numbers.

        Raises
        ------
        DerivativeError
            If it can't be derived; the message says what stands in the way.
        """
        from nnframe.formula.derived import DerivedLoss

        a, y, _ = self.samples()
        return DerivedLoss(self.value, self.settings, a, y, symbols=tuple(self.learned), learns=True)

    def explanation(self) -> Explanation:
        """Return the derived gradient, to be read.

        Raises
        ------
        DerivativeError
            If it can't be derived; the message says what stands in the way.
        """
        from nnframe.formula.explain import explain_loss

        a, y, given = self.samples()
        return explain_loss(self.value, self.settings, a, y, self.arguments, given, tuple(self.learned))

    def samples(self, n: int = 4, count: int = 8) -> tuple[Array, Array, dict[str, Array]]:
        """Return activations, targets and what it takes by name, to try it with.

        Parameters
        ----------
        n, count : int, optional
            The numbers of targets and of samples.
        """
        k = self.n_outputs if self.is_grouped else 1
        a = sample(self.a_domain, (k * n, count), np.random.default_rng(0))
        y = sample(self.y_domain, (n, count), np.random.default_rng(1))
        if self.a_domain == "real":
            # Small and large ones too, which may be in different pieces of a formula.
            a *= np.geomspace(0.1, 10, count)
        if self.is_grouped:
            a = a.reshape(k, n, count)
        return a, y, self.given_samples(a, y)

    def given_samples(self, a: Array, y: Array) -> dict[str, Array]:
        """Return inputs and weights to try it with, as far as it takes them; as many inputs as targets if it must."""
        if not self.asks:
            return {}
        rng, count = np.random.default_rng(2), y.shape[1]
        inputs, weights = rng.normal(size=(N_INPUTS, count)), rng.uniform(0.5, 2, size=(count,))
        given: dict[str, Array] = {INPUTS: inputs.astype(y.dtype), SAMPLE_WEIGHT: weights.astype(y.dtype)}
        asked = asked_by(self.value, self.params)
        try:
            with np.errstate(all="ignore"):
                self.value(a, y, **{name: given[name] for name in asked}, **self.settings)
        except Exception:
            given[INPUTS] = given[INPUTS][np.arange(len(y)) % N_INPUTS]
        return {name: given[name] for name in self.asks}

    @cached_property
    def slope(self) -> Callable[..., Array]:
        """``slope(a, y, **params) -> dL/da``: `gradient`, or what is derived where it is left out.

        It takes by keyword what the loss asks for by name, too.

        Raises
        ------
        DerivativeError
            If it can't be derived.
        """
        gradient = self.gradient
        if gradient is not None:
            unasked = set(self.asks) - set(asked_by(gradient, self.params))
            if not unasked:
                return gradient

            def without(a: Array, y: Array, **others: Any) -> Array:
                return gradient(a, y, **{name: other for name, other in others.items() if name not in unasked})

            return without
        _ = self.derived

        def slope(a: Array, y: Array, **others: Any) -> Array:
            given = {name: others.pop(name) for name in self.asks if name in others}
            derived = self.with_params(**others).derived if others and others != self.settings else self.derived
            arguments = derived.arguments
            return arguments.joined(derived.gradient(*arguments.separate(a, y, given)))

        return slope

    def with_activation(self, activation: Activation) -> DerivedPair | None:
        """Return loss and activation as one formula, where both record and that is more stable than the chain rule.

        That is so where the loss takes the logarithm of what the activation makes of exponentials.
        """
        from nnframe.formula.pairs import derived_pair

        if self.is_grouped or self.asks:
            return None
        key = activation.forward, tuple(activation.settings.items())
        if key not in self._pairs:
            y = sample(self.y_domain, (4, 8), np.random.default_rng(0))
            self._pairs[key] = derived_pair(activation.forward, activation.settings, self.value, self.settings, y)
        return self._pairs[key]

    @cached_property
    def _pairs(self) -> dict[tuple[object, ...], DerivedPair | None]:
        return {}
