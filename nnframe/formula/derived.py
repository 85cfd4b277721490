"""The derivatives of activations and losses that leave them out: recorded, derived, proven and compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np

from nnframe.arrays import FLOAT32, FLOAT64, Array, DType
from nnframe.errors import DerivativeError, NNFrameError
from nnframe.formula.derive import Tie, is_elementwise, pulled_back, slope, specialized
from nnframe.formula.differences import central_difference, column_differences, steady_difference
from nnframe.formula.graph import Node, Shape
from nnframe.formula.intervals import Interval
from nnframe.formula.proof import Chosen, cancel, on_the_floor, require_close, require_shape
from nnframe.formula.recording import record
from nnframe.formula.refusal import NotRecordableError, raised_by
from nnframe.formula.simplify import simplified_graph
from nnframe.formula.source import Source, source_of

# Between round numbers, where the kinks of piecewise formulas tend to be.
COLUMN = np.linspace(-4.13, 4.29, 41).reshape(-1, 1)
# Where exp overflows.
EXTREMES = (-1e4, -800.0, -100.0, 0.0, 100.0, 800.0, 1e4)

GIVE_ACTIVATION = "or give derivative=..., or backward=... if the activation mixes the components of a column"
GIVE_LOSS = "or give gradient=..."

Repair = Callable[[Callable[..., Array], DType], Callable[..., Array]]


class Derived:
    """A derived function: a source for each dtype, made when it is asked for.

    Parameters
    ----------
    make : callable
        ``make(dtype, compiles) -> Source``.
    repair : callable, optional
        ``repair(function, dtype) -> function``, for what the compiled function can't do.
    """

    def __init__(self, make: Callable[[DType, bool], Source], repair: Repair | None = None) -> None:
        self._make = make
        self._repair = repair
        self._functions: dict[DType, Callable[..., Array]] = {}

    @cached_property
    def source(self) -> Source:
        """The source for float64."""
        return self._make(FLOAT64, False)

    def __call__(self, *arrays: Array) -> Array:
        """Call the function."""
        dtype = arrays[0].dtype
        function = self._functions.get(dtype)
        if function is None:
            function = (self._make(FLOAT32, False) if dtype == FLOAT32 else self.source).compiled()
            if self._repair is not None:
                function = self._repair(function, dtype)
            self._functions[dtype] = function
        return function(*arrays)

    def formula(self, dtype: DType) -> Callable[..., Array]:
        """Return the function in the form that a compiler of numpy formulas takes best, for numbers too."""
        return self._make(dtype, True).function()


def recorded(
    function: Callable[..., Any], arguments: Sequence[str], symbols: Mapping[str, float], dtype: DType = FLOAT64
) -> Node:
    """Return the formula of a function on a graph that simplifies.

    Parameters
    ----------
    function : callable
    arguments : sequence of str
        The names of its arrays.
    symbols : mapping of str to number
        Parameters that stay parameters, and numbers to try them with.
    dtype : numpy.dtype, optional

    Raises
    ------
    NotRecordableError
        If it can't be recorded.
    """
    roots = record(function, arguments, symbols, tuple(symbols), dtype)
    if len(roots) != 1:
        raise NotRecordableError("a result of several arrays", "return one array")
    graph = simplified_graph()
    graph.values.update(symbols)
    (root,) = specialized(roots, {}, graph)
    return root


def refused(part: str, error: NotRecordableError, give: str) -> DerivativeError:
    """Return the error for a formula that can't be recorded, as its author reads it."""
    reason = str(error)
    if error.raised is not None and error.construct == "the formula":
        reason = f"{part} {error.instead.removeprefix('it ')}"
    return DerivativeError(f"none is given, and it can't be derived: {reason}; {give}")


def called(function: Callable[..., Any], settings: Mapping[str, Any]) -> Callable[..., Any]:
    """Return a formula with its parameters filled in, whose failure is one of the formula and not of deriving it.

    Raises
    ------
    NotRecordableError
        When it is called, for whatever it raises.
    """

    def call(*arrays: Any, **changed: Any) -> Any:
        try:
            return function(*arrays, **{**settings, **changed})
        except (NotRecordableError, NNFrameError):
            raise
        except (Exception, SystemExit) as error:
            raise raised_by(error) from error

    return call


def with_arrays(function: Callable[..., Any], names: Sequence[str]) -> Callable[..., Any]:
    """Return a formula of z that takes parameters by position too, after z."""
    return lambda z, *values, **changed: function(z, **dict(zip(names, values, strict=True)), **changed)


def range_of(dtype: DType, is_loss: bool) -> Interval:
    """Return what arguments can be: any number for activations, and for losses what can be squared and added up."""
    largest = float(np.finfo(dtype).max)
    return (-np.sqrt(largest) / 16, np.sqrt(largest) / 16) if is_loss else (-largest, largest)


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
        except NotRecordableError as error:
            raise refused("forward", error, GIVE_ACTIVATION) from (error.raised or error)

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

                def moved(value: Array, i: int = i) -> Array:
                    sums: Array = (grad * self._forward(z, *begun[:i], value, *begun[i + 1 :])).sum(axis=0)
                    return sums

                value = np.full(z.shape, begun[i])
                expected = column_differences(moved, value)
                got = derived(grad, z, a, *begun, *self._symbols.values())
                require_close(got, expected, {"z": z, name: value}, f"or give Learned(gradient=...) for {name}")

    def _sample(self) -> Array:
        """Return pre-activations to try it with."""
        return COLUMN if self.elementwise else np.random.default_rng(0).normal(size=(5, 8)) * np.geomspace(0.1, 10, 8)

    def _begun(self, dtype: DType) -> list[Array]:
        """Return the learned parameters with which training begins, as a layer has them."""
        return [np.full((1, 1), value, dtype) for value in self._learned.values()]


class DerivedLoss:
    """What is derived from a loss's value.

    Parameters
    ----------
    value : callable
        ``value(a, y, **settings) -> (B,)``.
    settings : mapping
        The parameters.
    a, y : ndarray of float64, shape (n, B)
        Activations and targets that it takes, at which the derived gradient is compared with differences.
    symbols : sequence of str, optional
        The parameters that the derived function takes as arguments, after the arrays.
    learns : bool, optional
        Whether the derivatives by these parameters are needed too.

    Attributes
    ----------
    gradient : Derived
        ``gradient(a, y) -> dL/da``.
    value : Derived
        ``value(a, y) -> (B,)``: the formula itself, in its shortest form.
    by_parameter : dict of str to Derived
        For each learned parameter p, ``by_parameter[p](a, y) -> dL/dp``, of shape (B,).

    Raises
    ------
    DerivativeError
        If it can't be derived; the message says which construct stands in the way, and what to write in its place.
    """

    def __init__(
        self,
        value: Callable[..., Array],
        settings: Mapping[str, Any],
        a: Array,
        y: Array,
        symbols: Sequence[str] = (),
        learns: bool = False,
    ) -> None:
        self._value = called(value, settings)
        self._symbols = {name: settings[name] for name in symbols}
        self._recorded: dict[DType, Chosen] = {}
        self.gradient = Derived(self._gradient_source)
        self.value = Derived(self._value_source)
        self.by_parameter = {name: Derived(partial(self._parameter_source, name)) for name in symbols if learns}
        try:
            with np.errstate(all="ignore"):
                got = self.gradient(a, y, *self._symbols.values())
                require_shape("a value", self._value(a, y), a.shape[1:])
                expected = column_differences(lambda a: self._value(a, y), a)
                expected[on_the_floor(self._recorded[FLOAT64].result, {"a": a, "y": y})] = np.nan
        except NotRecordableError as error:
            raise refused("value", error, GIVE_LOSS) from (error.raised or error)
        require_close(got, expected, {"a": a, "y": y}, GIVE_LOSS)
        self._prove_parameters(a, y)

    def _prove_parameters(self, a: Array, y: Array) -> None:
        """Raise unless the derivatives by learned parameters agree with differences of the formula."""
        for name, derived in self.by_parameter.items():
            begun = np.float64(self._symbols[name])

            def moved(value: Array, name: str = name) -> Array:
                return np.array([self._value(a[:, [i]], y[:, [i]], **{name: v})[0] for i, v in enumerate(value)])

            with np.errstate(all="ignore"):
                expected = central_difference(moved, np.full(a.shape[1], begun))
                got = derived(a, y, *self._symbols.values())
            columns = {"a": a[0], "y": y[0]}
            require_close(got, expected, columns, f"or give Learned(gradient=...) for {name}")

    def _chosen(self, dtype: DType) -> Chosen:
        if dtype not in self._recorded:
            result = recorded(self._value, ["a", "y"], self._symbols, dtype)
            if result.shape != Shape.ROW:
                raise NotRecordableError("a value that isn't one number for each column", "return it of shape (B,)")
            a, one = result.graph.input("a"), result.graph.constant(1)

            def derive(ties: Mapping[Node, Tie]) -> Node:
                return pulled_back(result, one, a, ties, partial(cancel, ["a", "y"]))

            self._recorded[dtype] = Chosen(result, a, derive, ["a", "y"])
        return self._recorded[dtype]

    def as_written(self) -> Source:
        """Return the formula itself as its author wrote it, but for what is added to 0 or multiplied by 1."""
        return source_of("value", [self._chosen(FLOAT64).result], ["a", "y", *self._symbols], shapes=[Shape.ROW])

    def _value_source(self, dtype: DType, compiles: bool) -> Source:
        chosen, bounds = self._chosen(dtype), range_of(dtype, is_loss=True)
        short = chosen.shortened(chosen.result, bounds)
        arguments = ["a", "y", *self._symbols]
        return source_of("value", [short], arguments, shapes=[Shape.ROW], dtype=dtype, compiles=compiles, inputs=bounds)

    def _parameter_source(self, name: str, dtype: DType, compiles: bool) -> Source:
        chosen, bounds = self._chosen(dtype), range_of(dtype, is_loss=True)
        graph = chosen.result.graph
        slopes = pulled_back(
            chosen.result, graph.constant(1), graph.parameter(name), chosen.ties, partial(cancel, ["a", "y"])
        )
        slopes = chosen.shortened(slopes, bounds)
        arguments, shapes = ["a", "y", *self._symbols], [Shape.ROW]
        what = f"gradient_of_{name}"
        return source_of(what, [slopes], arguments, shapes=shapes, dtype=dtype, compiles=compiles, inputs=bounds)

    def _gradient_source(self, dtype: DType, compiles: bool) -> Source:
        chosen, bounds = self._chosen(dtype), range_of(dtype, is_loss=True)
        gradient = chosen.shortened(chosen.derivative, bounds)
        arguments = ["a", "y", *self._symbols]
        return source_of("gradient", [gradient], arguments, dtype=dtype, compiles=compiles, inputs=bounds)
