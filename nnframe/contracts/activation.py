"""The contract for activations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from nnframe.arrays import Array
from nnframe.contracts.domains import Domain, checked_domain
from nnframe.contracts.fused import Fused, checked_fused
from nnframe.contracts.learned import Learned, checked_learned
from nnframe.contracts.plugin import Plugin
from nnframe.errors import ArgumentError, DerivativeError, shown

if TYPE_CHECKING:
    from nnframe.formula.derived_activation import DerivedActivation
    from nnframe.formula.explain import Explanation


@dataclass(frozen=True, repr=False)
class Activation(Plugin):
    """An activation function a = f(z), with its derivative.

    All functions take and return arrays of shape (n, B), one column a sample, keep the dtype (float32 or
    float64) and leave their arguments as they are.

    Parameters
    ----------
    name : str
        What users call it by. Letters, digits, ``_``, ``-`` and ``.``; case does not matter.
    forward : callable
        ``forward(z, **params) -> a``.
    derivative : callable, optional
        ``derivative(z, **params) -> f'(z)``, element by element.
    backward : callable, optional
        ``backward(grad, z, a, **params) -> dL/dz`` for an activation that mixes the components of a column, as
        softmax does; grad is dL/da. Given in place of `derivative`. Where both are left out, what is needed is derived
        from `forward`.
    params : mapping of str to parameter, optional
        Parameters and their defaults.
    learned : sequence of str, or mapping of str to Learned, optional
        The parameters that are trained like weights, each layer's on its own. The functions are called with them as
        arrays, which broadcast against z; see `nnframe.Learned`.
    fused : mapping of str to Fused, optional
        Faster or more stable forms together with the losses named. Not used if either side has learned parameters.
    init : {"glorot", "he"}, optional
        How weights that feed this activation are best drawn: "he" for those that, like relu, are zero or small
        on one side.
    a_domain : str, optional
        What it returns, a name from `nnframe.contracts.domains`: "real" for any numbers, "nonnegative", "positive",
        "probability" for numbers from 0 to 1, "distribution" where they also sum to 1 in each column. Then a loss that
        doesn't take it is refused before training. Left out where it is not known.
    forward_inplace : callable, optional
        ``forward_inplace(z, **params)`` overwrites z with a, in whatever order z lies in memory. For speed; must agree
        with `forward`.
    backward_inplace : callable, optional
        ``backward_inplace(grad, a, **params)`` overwrites grad = dL/da with dL/dz, from the output a alone, since z is
        gone. Given together with `forward_inplace`; must agree with `derivative` or `backward`.
    doc : str, optional
        Formula and source. ``doc=__doc__`` takes the module's docstring.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument can't be used.

    Examples
    --------
    >>> import numpy as np
    >>> square = Activation("square", lambda z: z * z)
    >>> square.slope(np.array([[1.0], [3.0]])).tolist()
    [[2.0], [6.0]]
    """

    forward: Callable[..., Array]
    derivative: Callable[..., Array] | None = None
    backward: Callable[..., Array] | None = None
    learned: Mapping[str, Learned] | Sequence[str] = field(default_factory=dict, kw_only=True, hash=False)
    fused: Mapping[str, Fused] = field(default_factory=dict, kw_only=True, hash=False)
    init: Literal["glorot", "he"] = field(default="glorot", kw_only=True)
    a_domain: Domain | None = field(default=None, kw_only=True)
    forward_inplace: Callable[..., object] | None = field(default=None, kw_only=True)
    backward_inplace: Callable[..., object] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_callable("forward", "derivative", "backward", "forward_inplace", "backward_inplace")
        object.__setattr__(self, "fused", checked_fused(self.name, self.fused))
        learned = checked_learned(f"activation {self.name!r}", self.learned, self.params, self.limits)
        object.__setattr__(self, "learned", learned)
        if self.derivative is not None and self.backward is not None:
            raise ArgumentError(
                f"activation {self.name!r} has both a derivative and a backward; give the derivative if it works "
                f"element by element, the backward if it mixes the components of a column"
            )
        if (self.forward_inplace is None) != (self.backward_inplace is None):
            raise ArgumentError(
                f"activation {self.name!r} has only one of forward_inplace and backward_inplace; give both or none: "
                f"each relies on what the other leaves"
            )
        if learned and self.forward_inplace is not None:
            raise ArgumentError(
                f"activation {self.name!r} has learned parameters and in-place forms; leave out forward_inplace and "
                f"backward_inplace: the derivative by a parameter needs the z that they overwrite"
            )
        if self.a_domain is not None:
            checked_domain(f"activation {self.name!r}", "a_domain", self.a_domain)
        if not isinstance(self.init, str) or self.init not in ("glorot", "he"):
            raise ArgumentError(f"init of activation {self.name!r} is {shown(self.init)}; expected 'glorot' or 'he'")

    @property
    def elementwise(self) -> bool:
        """Whether each output depends on one input alone, so that a derivative f'(z) exists.

        Raises
        ------
        DerivativeError
            If it has to be found out from `forward`, and `forward` can't be recorded.
        """
        if self.derivative is not None or self.backward is not None:
            return self.backward is None
        return self.derived.elementwise

    @cached_property
    def derived(self) -> DerivedActivation:
        """The functions derived from `forward`, for the current parameters.

        Raises
        ------
        DerivativeError
            If it can't be derived; the message says what stands in the way.
        """
        # A net whose plugins have their own derivatives never imports it.
        from nnframe.formula.derived_activation import DerivedActivation

        return DerivedActivation(self.forward, self.settings)

    @cached_property
    def derived_for_learning(self) -> DerivedActivation:
        """The functions derived from `forward`, with learned parameters as further arguments, which may be arrays.

        Raises
        ------
        DerivativeError
            If it can't be derived; the message says what stands in the way.
        """
        from nnframe.formula.derived_activation import DerivedActivation

        return DerivedActivation(self.forward, self.settings, learned=tuple(self.learned))

    def explanation(self) -> Explanation:
        """Return the derived derivative, to be read.

        Raises
        ------
        DerivativeError
            If it can't be derived; the message says what stands in the way.
        """
        from nnframe.formula.explain import explain_activation

        return explain_activation(self.forward, self.settings, tuple(self.learned))

    @cached_property
    def slope(self) -> Callable[..., Array]:
        """``slope(z, **params) -> f'(z)``, element by element: `derivative`, or what is derived where it is left out.

        Raises
        ------
        DerivativeError
            If it can't be derived, or the components of a column mix.
        """
        if self.derivative is not None:
            return self.derivative
        if not self.elementwise:
            raise DerivativeError("it mixes the components of a column, and has no derivative; see backward_pass")

        def slope(z: Array, **params: Any) -> Array:
            derived = self.with_params(**params).derived if params and params != self.settings else self.derived
            assert derived.slope is not None
            return derived.slope(z)

        return slope

    @cached_property
    def backward_pass(self) -> Callable[..., Array]:
        """``backward_pass(grad, z, a, **params) -> dL/dz``, whichever of `derivative` and `backward` is given, or none.

        Raises
        ------
        DerivativeError
            If it can't be derived.
        """
        if self.backward is not None:
            return self.backward
        if self.derivative is not None:
            derivative = self.derivative
            return lambda grad, z, a, **params: grad * derivative(z, **params)
        _ = self.derived

        def backward_pass(grad: Array, z: Array, a: Array, **params: Any) -> Array:
            derived = self.with_params(**params).derived if params and params != self.settings else self.derived
            return derived.backward(grad, z, a)

        return backward_pass
