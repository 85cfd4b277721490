"""A loss and the activation before it as one formula, where that is more stable than the chain rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from nnframe.arrays import FLOAT64, Array, DType
from nnframe.errors import DerivativeError
from nnframe.formula.derive import Tie, pulled_back
from nnframe.formula.derived import Derived, range_of, recorded
from nnframe.formula.differences import column_differences
from nnframe.formula.graph import Node, Shape, rebuilt
from nnframe.formula.logarithms import without_logarithms
from nnframe.formula.proof import SAME, Chosen, cancel, require_close
from nnframe.formula.refusal import NotRecordableError
from nnframe.formula.source import Source, source_of


class DerivedPair:
    """What is derived from a loss's value and an activation's forward together.

    Parameters
    ----------
    forward : callable
        ``forward(z) -> a``.
    value : callable
        ``value(a, y, **symbols) -> (B,)``.
    symbols : mapping of str to number, optional
        Parameters of the loss that the derived functions take as arguments, after the arrays, and what they are here.

    Attributes
    ----------
    value : Derived
        ``value(z, y) -> (B,)``.
    gradient : Derived
        ``gradient(z, a, y) -> dL/dz``.
    """

    def __init__(
        self,
        forward: Callable[[Array], Array],
        value: Callable[..., Array],
        symbols: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self._forward, self._value, self._symbols = forward, value, symbols
        self._recorded: dict[DType, tuple[Node, Node, Chosen] | None] = {}
        self.value = Derived(self._value_source)
        self.gradient = Derived(self._gradient_source)

    def pays(self, y: Array) -> bool:
        """Whether the two can be recorded, the loss takes a logarithm that needn't be taken, and all is right.

        Parameters
        ----------
        y : ndarray
            Targets to try it with.
        """
        try:
            if self._formula(FLOAT64) is None:
                return False
            z = np.random.default_rng(0).normal(size=y.shape)
            with np.errstate(all="ignore"):
                a = self._forward(z)
                numbers = self._symbols.values()
                if not np.allclose(self.value(z, y, *numbers), self._value(a, y), rtol=SAME, atol=SAME):
                    return False
                expected = column_differences(lambda z: self._value(self._forward(z), y), z)
                require_close(self.gradient(z, a, y, *numbers), expected, {"z": z, "y": y}, "")
        except (NotRecordableError, DerivativeError):
            return False
        return True

    def _formula(self, dtype: DType) -> tuple[Node, Node, Chosen] | None:
        """Return the loss as a formula of z and y, the activation in it, and the gradient; None if it doesn't pay."""
        if dtype not in self._recorded:
            self._recorded[dtype] = self._composed(dtype)
        return self._recorded[dtype]

    def _composed(self, dtype: DType) -> tuple[Node, Node, Chosen] | None:
        output = recorded(self._forward, ["z"], {}, dtype)
        loss = recorded(self._value, ["a", "y"], self._symbols, dtype)
        graph = output.graph
        graph.values.update(self._symbols)

        def build(node: Node, args: tuple[Node, ...]) -> Node:
            if node.op == "input" and node.data == "a":
                return output
            return graph.simplified(node.op, *args, data=node.data) if args else graph.leaf(node)

        (plain,) = rebuilt([loss], build)
        result = without_logarithms(plain, output)
        if result is plain:
            return None
        graph.at_hand.add(output)
        z, one = graph.input("z"), graph.constant(1)

        def derive(ties: Mapping[Node, Tie]) -> Node:
            return pulled_back(result, one, z, ties, partial(cancel, ["z", "y"]))

        return result, output, Chosen(result, z, derive, ["z", "y"])

    def _value_source(self, dtype: DType, compiles: bool) -> Source:
        found = self._formula(dtype)
        assert found is not None
        result, _, chosen = found
        bounds = range_of(dtype, is_loss=False)
        short = chosen.shortened(result, bounds)
        arguments = ["z", "y", *self._symbols]
        return source_of("value", [short], arguments, shapes=[Shape.ROW], dtype=dtype, compiles=compiles, inputs=bounds)

    def _gradient_source(self, dtype: DType, compiles: bool) -> Source:
        found = self._formula(dtype)
        assert found is not None
        _, output, chosen = found
        bounds = range_of(dtype, is_loss=False)
        gradient = chosen.shortened(chosen.derivative, bounds, [output])
        given, arguments = {output: "a"}, ["z", "a", "y", *self._symbols]
        return source_of("gradient", [gradient], arguments, given=given, dtype=dtype, compiles=compiles, inputs=bounds)


def derived_pair(
    forward: Callable[..., Any],
    forward_settings: Mapping[str, Any],
    value: Callable[..., Any],
    value_settings: Mapping[str, Any],
    y: Array,
    symbols: Sequence[str] = (),
) -> DerivedPair | None:
    """Return an activation and a loss as one formula, or None where the chain rule does as well.

    Parameters
    ----------
    forward : callable
    forward_settings : mapping
    value : callable
    value_settings : mapping
    y : ndarray
        Targets to try it with.
    symbols : sequence of str, optional
        The loss's parameters that the derived functions take as arguments.
    """
    numbers = {name: value_settings[name] for name in symbols}
    pair = DerivedPair(partial(forward, **forward_settings), partial(value, **value_settings), numbers)
    return pair if pair.pays(y) else None
