"""The derivatives of activations and losses that leave them out: recorded, derived, proven and compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from nnframe.arrays import FLOAT32, FLOAT64, Array, DType
from nnframe.errors import DerivativeError, one_line
from nnframe.formula.derive import Tie, is_elementwise, pulled_back, slope, specialized
from nnframe.formula.differences import central_difference, column_differences
from nnframe.formula.graph import Node, Shape, reachable
from nnframe.formula.operations import evaluate
from nnframe.formula.recording import record
from nnframe.formula.refusal import NotRecordableError
from nnframe.formula.simplify import simplified_graph
from nnframe.formula.source import Source, source_of
from nnframe.formula.ties import candidates, choices, is_between, meeting, meeting_points

# Between round numbers, where the kinks of piecewise formulas tend to be.
PROBES = np.linspace(-4.13, 4.29, 41)
# Far above the error of a central difference, far below what a wrong formula does.
TOLERANCE = 1e-4
# Where exp overflows, and the rest of the numbers that there are.
EXTREMES = (-1e4, -800.0, -100.0, 0.0, 100.0, 800.0, 1e4)
NEGLIGIBLE = 1e-10


class Derived:
    """A derived function, which has a source for each dtype.

    Parameters
    ----------
    make : callable
        ``make(dtype, compiles) -> Source``.

    Attributes
    ----------
    source : Source
        That for float64.
    """

    def __init__(self, make: Callable[[DType, bool], Source]) -> None:
        self._make = make
        self._functions: dict[DType, Callable[..., Array]] = {}
        self.source = make(FLOAT64, False)
        self._functions[FLOAT64] = self.source.compiled()

    def __call__(self, *arrays: Array) -> Array:
        """Call the function."""
        function = self._functions.get(arrays[0].dtype)
        if function is None:
            dtype = FLOAT32 if arrays[0].dtype == FLOAT32 else FLOAT64
            source = self._make(dtype, False)
            function = self._functions[FLOAT64] if source.text == self.source.text else source.compiled()
            self._functions[arrays[0].dtype] = function
        return function(*arrays)

    def formula(self, dtype: DType) -> Callable[..., Array]:
        """Return the function in the form that a compiler of numpy formulas takes best, for numbers too."""
        return self._make(dtype, True).function()


def recorded(
    function: Callable[..., Any], arguments: Sequence[str], settings: Mapping[str, Any], dtype: DType = FLOAT64
) -> Node:
    """Return the formula of a function with parameters filled in, on a graph that simplifies.

    Raises
    ------
    NotRecordableError
        If it can't be recorded.
    """
    roots = record(function, arguments, settings, dtype=dtype)
    if len(roots) != 1:
        raise NotRecordableError("a result of several arrays", "return one array")
    (root,) = specialized(roots, {}, simplified_graph())
    return root


class DerivedActivation:
    """What is derived from an activation's forward.

    Parameters
    ----------
    forward : callable
        ``forward(z, **settings) -> a``.
    settings : mapping
        The parameters.

    Attributes
    ----------
    elementwise : bool
        Whether each output depends on one input alone.
    slope : callable or None
        ``slope(z) -> f'(z)``; None where components mix.
    derivative : Derived or None
        The same without the differences that step in where it isn't a number.
    backward : Derived
        ``backward(grad, z, a) -> dL/dz``.

    Raises
    ------
    DerivativeError
        If it can't be derived; the message says which construct stands in the way, and what to write in its place.
    """

    def __init__(self, forward: Callable[..., Array], settings: Mapping[str, Any]) -> None:
        self._forward, self._settings = forward, settings
        try:
            result = recorded(forward, ["z"], settings)
        except NotRecordableError as error:
            raise _refused("forward", error, _GIVE_ACTIVATION) from (error.raised or error)
        z = result.graph.input("z")
        self.elementwise = is_elementwise(result, z)
        try:
            self._require_shape(result)
            ties = _chosen_ties(result, z, partial(slope, result, z), ["z"]) if self.elementwise else {}
            self._ties = [(node.index, tie) for node, tie in ties.items()]
            self.derivative = Derived(self._slope_source) if self.elementwise else None
            self.slope = self._with_differences(self.derivative) if self.derivative else None
            self.backward = Derived(self._backward_source)
            self._prove()
        except NotRecordableError as error:
            raise _refused("forward", error, _GIVE_ACTIVATION) from error

    def _formula(self, dtype: DType) -> tuple[Node, Node, dict[Node, Tie]]:
        result = recorded(self._forward, ["z"], self._settings, dtype)
        # The same operations in the same order, whatever the dtype.
        nodes = {node.index: node for node in reachable([result])}
        ties = {nodes[index]: tie for index, tie in self._ties if index in nodes}
        return result, result.graph.input("z"), ties

    def _slope_source(self, dtype: DType, compiles: bool) -> Source:
        result, z, ties = self._formula(dtype)
        return source_of("derivative", [slope(result, z, ties)], ["z"], dtype=dtype, compiles=compiles)

    def _backward_source(self, dtype: DType, compiles: bool) -> Source:
        result, z, ties = self._formula(dtype)
        grad = result.graph.input("grad")
        if self.elementwise:
            pulled = grad * slope(result, z, ties)
        else:
            pulled = pulled_back(result, grad, z, ties, partial(_cancel, ["z", "grad"]))
        return source_of("backward", [pulled], ["grad", "z", "a"], given={result: "a"}, dtype=dtype, compiles=compiles)

    def _with_differences(self, derivative: Derived) -> Callable[[Array], Array]:
        """Return the derivative, with differences of the formula where it overflows and they don't."""
        forward = partial(self._forward, **self._settings)

        def patched(z: Array) -> Array:
            with np.errstate(all="ignore"):
                found = derivative(z)
                lost = np.isnan(found)
                if lost.any():
                    found[lost] = central_difference(forward, z)[lost]
            return found

        with np.errstate(all="ignore"):
            for dtype in (FLOAT64, FLOAT32):
                at = np.array(EXTREMES, dtype).reshape(-1, 1)
                if np.isnan(derivative(at)).any() and not np.isnan(patched(at)).any():
                    return patched
        return derivative

    def _require_shape(self, result: Node) -> None:
        if result.shape != Shape.FULL and result.op != "constant":
            raise NotRecordableError("a result that isn't of the argument's shape", "return an array of z's shape")

    def _prove(self) -> None:
        """Raise unless the derived functions agree with differences of the formula."""
        forward = partial(self._forward, **self._settings)
        z = PROBES.reshape(-1, 1) if self.elementwise else np.random.default_rng(0).normal(size=(5, 8))
        with np.errstate(all="ignore"):
            a = _array("forward", forward(z), z.shape)
            if self.slope is not None:
                _require_close(self.slope(z), central_difference(forward, z), {"z": z}, _GIVE_ACTIVATION)
                return
            grad = np.random.default_rng(1).normal(size=z.shape)
            estimate = column_differences(lambda z: (grad * forward(z)).sum(axis=0), z)
            _require_close(self.backward(grad, z, a), estimate, {"z": z}, _GIVE_ACTIVATION)


_GIVE_ACTIVATION = "or give derivative=..., or backward=... if the activation mixes the components of a column"
_GIVE_LOSS = "or give gradient=..."


def _refused(part: str, error: NotRecordableError, give: str) -> DerivativeError:
    if error.raised is not None and error.construct == "the formula":
        reason = f"{part} raises {one_line(error.raised)}"
    else:
        reason = str(error)
    return DerivativeError(f"none is given, and it can't be derived: {reason}; {give}")


def _array(part: str, value: Any, shape: tuple[int, ...]) -> Array:
    array = np.asarray(value)
    if array.shape != shape:
        raise NotRecordableError(f"a result of shape {array.shape}", f"return one of shape {shape}")
    return array


def _chosen_ties(
    result: Node, wrt: Node, derive: Callable[[Mapping[Node, Tie]], Node], inputs: Sequence[str]
) -> dict[Node, Tie]:
    """Return which slopes to take where pieces meet, so that none lies outside of those of both sides."""
    with_ties = candidates(reachable([result]))
    points = meeting_points(result, wrt.data, inputs) if with_ties else None
    found = meeting(result, derive({}), wrt.data, points) if points is not None else None
    if found is None:
        return {}
    for ties in choices(with_ties):
        if is_between(derive(ties), found):
            return ties
    return {}


def _cancel(inputs: Sequence[str], terms: list[Node]) -> bool:
    """Whether nodes add up to nothing for random inputs."""
    rng = np.random.default_rng(0)
    arrays = {name: rng.uniform(0.1, 0.9, size=(5, 6)) for name in inputs}
    with np.errstate(all="ignore"):
        values = evaluate(terms, arrays, {})
    total, size = sum(values), sum(np.abs(value) for value in values)
    return bool(np.all(np.abs(total) <= NEGLIGIBLE * size))


def _require_close(got: Array, expected: Array, inputs: Mapping[str, Array], give: str) -> None:
    # Where differences are no numbers, they say nothing.
    error = np.where(np.isfinite(expected), np.abs(got - expected) / (1 + np.abs(expected)), 0)
    error = np.where(np.isnan(error), np.inf, error)
    if error.max() > TOLERANCE:
        at = np.unravel_index(int(error.argmax()), error.shape)
        where = ", ".join(f"{name} = {array[at]:.4g}" for name, array in inputs.items())
        raise DerivativeError(
            f"none is given, and what is derived isn't right: at {where} it is {got[at]:.4g} where central differences "
            f"of the formula say {expected[at]:.4g}; {give}"
        )


def _sample(domain: str, seed: int) -> Array:
    """Return columns of a domain, away from its edges, shape (4, 8)."""
    rng = np.random.default_rng(seed)
    if domain == "probability":
        shares: Array = rng.dirichlet(np.full(4, 2.0), size=8).T
        return shares
    numbers = rng.normal(size=(4, 8))
    sample: Array = np.exp(numbers) if domain == "positive" else numbers
    return sample


class DerivedLoss:
    """What is derived from a loss's value.

    Parameters
    ----------
    value : callable
        ``value(a, y, **settings) -> (B,)``.
    settings : mapping
        The parameters.
    a_domain, y_domain : {"real", "positive", "probability"}
        What activations and targets it takes.

    Attributes
    ----------
    gradient : Derived
        ``gradient(a, y) -> dL/da``.

    Raises
    ------
    DerivativeError
        If it can't be derived; the message says which construct stands in the way, and what to write in its place.
    """

    def __init__(self, value: Callable[..., Array], settings: Mapping[str, Any], a_domain: str, y_domain: str) -> None:
        self._value, self._settings = value, settings
        try:
            result = recorded(value, ["a", "y"], settings)
            if result.shape != Shape.ROW:
                raise NotRecordableError("a value that isn't one number for each column", "return it of shape (B,)")
            ties = _chosen_ties(result, result.graph.input("a"), partial(self._gradient, result), ["a", "y"])
            self._ties = [(node.index, tie) for node, tie in ties.items()]
            self.gradient = Derived(self._gradient_source)
        except NotRecordableError as error:
            raise _refused("value", error, _GIVE_LOSS) from (error.raised or error)
        a, y = _sample(a_domain, 0), _sample(y_domain, 1)
        with np.errstate(all="ignore"):
            expected = column_differences(lambda a: value(a, y, **settings), a)
            _require_close(self.gradient(a, y), expected, {"a": a, "y": y}, _GIVE_LOSS)

    @staticmethod
    def _gradient(result: Node, ties: Mapping[Node, Tie]) -> Node:
        graph = result.graph
        return pulled_back(result, graph.constant(1), graph.input("a"), ties, partial(_cancel, ["a", "y"]))

    def _gradient_source(self, dtype: DType, compiles: bool) -> Source:
        result = recorded(self._value, ["a", "y"], self._settings, dtype)
        nodes = {node.index: node for node in reachable([result])}
        ties = {nodes[index]: tie for index, tie in self._ties if index in nodes}
        largest = float(np.sqrt(np.finfo(dtype).max)) / 16
        gradient = self._gradient(result, ties)
        return source_of(
            "gradient", [gradient], ["a", "y"], dtype=dtype, compiles=compiles, largest=(-largest, largest)
        )
