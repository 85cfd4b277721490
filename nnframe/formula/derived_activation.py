"""The derivative of an activation that leaves it out: recorded, derived, proven and compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from nnframe.arrays import FLOAT64, Array, DType
from nnframe.formula.derive import Tie, is_elementwise, pulled_back, slope
from nnframe.formula.derived import Derived, called, range_of, recorded, refused
from nnframe.formula.differences import central_difference, column_differences, steady_difference, unit_of
from nnframe.formula.graph import Node, Shape
from nnframe.formula.proof import Chosen, cancel, on_the_floor, require_close, require_shape
from nnframe.formula.refusal import NotRecordableError
from nnframe.formula.source import Source, source_of

# Between round numbers, where the kinks of piecewise formulas tend to be.
COLUMN = np.linspace(-4.13, 4.29, 41).reshape(-1, 1)
# Where exp overflows.
EXTREMES = (-1e4, -800.0, -100.0, 0.0, 100.0, 800.0, 1e4)

GIVE_ACTIVATION = "or give derivative=..., or backward=... if the activation mixes the components of a column"


def with_arrays(function: Callable[..., Any], names: Sequence[str]) -> Callable[..., Any]:
    """Return a formula of z that takes parameters by position too, after z."""
    return lambda z, *values, **changed: function(z, **dict(zip(names, values, strict=True)), **changed)


class DerivedActivation:
    """What is derived from an activation's forward.

    Parameters
    ----------
    forward : callable
        ``forward(z, **settings) -> a``.
    settings : mapping
        The parameters.
    symbols : sequence of str, optional
        Those that derived functions take as arguments, after the arrays.
    learned : sequence of str, optional
        Likewise, for those that may be arrays, which broadcast against z.

    Attributes
    ----------
    elementwise : bool
        Whether each output depends on one input alone.
    forward : Derived
        ``forward(z) -> a``: the formula itself, in its shortest form.
    slope : Derived or None
        ``slope(z) -> f'(z)``; None where components mix.
    backward : Derived
        ``backward(grad, z, a) -> dL/dz``.
    by_parameter : dict of str to Derived
        For each learned parameter p, ``by_parameter[p](grad, z, a)`` returns what each output of each sample adds to
        dL/dp, of shape (n, B).

    Raises
    ------
    DerivativeError
        If it can't be derived; the message says which construct stands in the way, and what to write in its place.
    """

    def __init__(
        self,
        forward: Callable[..., Array],
        settings: Mapping[str, Any],
        symbols: Sequence[str] = (),
        learned: Sequence[str] = (),
    ) -> None:
        self._forward = with_arrays(called(forward, settings), learned)
        self._symbols = {name: settings[name] for name in symbols}
        self._learned = {name: settings[name] for name in learned}
        self._inputs = ["z", *learned]
        self._recorded: dict[DType, tuple[Node, Chosen]] = {}
        try:
            result = recorded(self._forward, self._inputs, self._symbols)
            if result.shape != Shape.FULL and not result.is_constant:
                raise NotRecordableError("a result that isn't of the argument's shape", "return an array of z's shape")
            self.elementwise = is_elementwise(result, result.graph.input("z"))
            self.slope = Derived(self._slope_source, self._with_differences) if self.elementwise else None
            self.backward = Derived(self._backward_source)
            self.forward = Derived(self._forward_source)
            self.by_parameter = {name: Derived(partial(self._parameter_source, name)) for name in learned}
            self._choose(result, FLOAT64)
            self._prove()
            self._prove_parameters()
        except (NotRecordableError, RecursionError) as error:
            raise refused("forward", error, GIVE_ACTIVATION) from (getattr(error, "raised", None) or error)

    def _choose(self, result: Node, dtype: DType) -> tuple[Node, Chosen]:
        z, grad = result.graph.input("z"), result.graph.input("grad")
        result.graph.at_hand.add(result)

        def derive(ties: Mapping[Node, Tie]) -> Node:
            if self.elementwise:
                return slope(result, z, ties)
            return pulled_back(result, grad, z, ties, partial(cancel, [*self._inputs, "grad"]))

        self._recorded[dtype] = result, Chosen(result, z, derive, self._inputs, has_ties=self.elementwise)
        return self._recorded[dtype]

    def _derivative(self, dtype: DType) -> tuple[Node, Chosen]:
        known = self._recorded.get(dtype)
        return known or self._choose(recorded(self._forward, self._inputs, self._symbols, dtype), dtype)

    def as_written(self) -> Source:
        """Return the formula itself as its author wrote it, but for what is added to 0 or multiplied by 1."""
        return source_of("forward", [self._derivative(FLOAT64)[0]], ["z", *self._symbols])

    def _forward_source(self, dtype: DType, compiles: bool) -> Source:
        result, chosen = self._derivative(dtype)
        bounds = range_of(dtype, is_loss=False)
        short = chosen.shortened(result, bounds)
        arguments = [*self._inputs, *self._symbols]
        return source_of("forward", [short], arguments, dtype=dtype, compiles=compiles, inputs=bounds)

    def _slope_source(self, dtype: DType, compiles: bool) -> Source:
        _, chosen = self._derivative(dtype)
        bounds = range_of(dtype, is_loss=False)
        derivative = chosen.shortened(chosen.derivative, bounds)
        arguments = [*self._inputs, *self._symbols]
        return source_of("derivative", [derivative], arguments, dtype=dtype, compiles=compiles, inputs=bounds)

    def _backward_source(self, dtype: DType, compiles: bool) -> Source:
        result, chosen = self._derivative(dtype)
        bounds = range_of(dtype, is_loss=False)
        pulled = result.graph.input("grad") * chosen.derivative if self.elementwise else chosen.derivative
        pulled = chosen.shortened(pulled, bounds, [result])
        arguments, given = ["grad", "z", "a", *self._learned, *self._symbols], {result: "a"}
        return source_of("backward", [pulled], arguments, given=given, dtype=dtype, compiles=compiles, inputs=bounds)

    def _parameter_source(self, name: str, dtype: DType, compiles: bool) -> Source:
        result, chosen = self._derivative(dtype)
        graph, bounds = result.graph, range_of(dtype, is_loss=False)
        grad, parameter = graph.input("grad"), graph.input(name)
        if self.elementwise:
            pulled = grad * slope(result, parameter, chosen.ties)
        else:
            pulled = pulled_back(result, grad, parameter, chosen.ties, partial(cancel, [*self._inputs, "grad"]))
        pulled = chosen.shortened(pulled, bounds, [result])
        arguments, given = ["grad", "z", "a", *self._learned, *self._symbols], {result: "a"}
        what = f"gradient_of_{name}"
        return source_of(what, [pulled], arguments, given=given, dtype=dtype, compiles=compiles, inputs=bounds)

    def _with_differences(self, derivative: Callable[..., Array], dtype: DType) -> Callable[..., Array]:
        """Return the derivative, with differences of the formula where it overflows and they don't."""

        def patched(z: Array, *learned: Array) -> Array:
            with np.errstate(all="ignore"):
                found = derivative(z, *learned)
                lost = np.isnan(found)
                if lost.any():
                    found[lost] = central_difference(lambda z: self._forward(z, *learned), z)[lost]
            return found

        if self._symbols:
            return derivative
        at, begun = np.array(EXTREMES, dtype).reshape(-1, 1), self._begun(dtype)
        with np.errstate(all="ignore"):
            helps = np.isnan(derivative(at, *begun)).any() and not np.isnan(patched(at, *begun)).any()
        return patched if helps else derivative

    def _prove(self) -> None:
        """Raise unless the derived functions agree with differences of the formula."""
        z, begun = self._sample(), self._begun(FLOAT64)
        with np.errstate(all="ignore"):
            a = require_shape("a result", self._forward(z, *begun), z.shape)
            if self.slope is not None:
                expected = steady_difference(lambda z: self._forward(z, *begun), z)
                arrays = {"z": z, **dict(zip(self._learned, begun, strict=True))}
                expected[on_the_floor(self._recorded[FLOAT64][0], arrays)] = np.nan
                require_close(self.slope(z, *begun, *self._symbols.values()), expected, {"z": z}, GIVE_ACTIVATION)
                return
            grad = np.random.default_rng(1).normal(size=z.shape)
            expected = column_differences(lambda z: (grad * self._forward(z, *begun)).sum(axis=0), z)
            got = self.backward(grad, z, a, *begun, *self._symbols.values())
            require_close(got, expected, {"z": z}, GIVE_ACTIVATION)

    def _prove_parameters(self) -> None:
        """Raise unless the derivatives by learned parameters agree with differences of the formula."""
        z, begun = self._sample(), self._begun(FLOAT64)
        grad = np.random.default_rng(1).normal(size=z.shape)
        with np.errstate(all="ignore"):
            a = self._forward(z, *begun)
            for i, (name, derived) in enumerate(self.by_parameter.items()):
                unit = unit_of(begun[i].item())

                def moved(steps: Array, i: int = i, unit: float = unit) -> Array:
                    value = begun[i] + unit * steps
                    sums: Array = (grad * self._forward(z, *begun[:i], value, *begun[i + 1 :])).sum(axis=0)
                    return sums

                expected = column_differences(moved, np.zeros(z.shape))
                got = unit * derived(grad, z, a, *begun, *self._symbols.values())
                require_close(got, expected, {"z": z}, f"or give Learned(gradient=...) for {name}")

    def _sample(self) -> Array:
        """Return pre-activations to try it with."""
        return COLUMN if self.elementwise else np.random.default_rng(0).normal(size=(5, 8)) * np.geomspace(0.1, 10, 8)

    def _begun(self, dtype: DType) -> list[Array]:
        """Return the learned parameters with which training begins, as a layer has them."""
        return [np.full((1, 1), value, dtype) for value in self._learned.values()]
