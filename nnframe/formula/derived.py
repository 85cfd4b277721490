"""Derived functions, and the gradient of a loss that leaves it out: recorded, derived, proven and compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np

from nnframe.arrays import FLOAT32, FLOAT64, Array, DType
from nnframe.errors import DerivativeError, NNFrameError
from nnframe.formula.derive import Tie, pulled_back, specialized
from nnframe.formula.differences import TOLERANCE, central_difference, column_differences, unit_of
from nnframe.formula.graph import Node, Shape
from nnframe.formula.intervals import Interval
from nnframe.formula.loss_arguments import PLAIN, LossArguments
from nnframe.formula.proof import Chosen, cancel, on_the_floor, require_close, require_shape
from nnframe.formula.recording import record
from nnframe.formula.refusal import NotRecordableError, raised_by
from nnframe.formula.simplify import simplified_graph
from nnframe.formula.source import Source, source_of

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

    def source_to_compile(self, dtype: DType) -> Source:
        """Return the source in the form that a compiler of numpy formulas takes best, for numbers too."""
        return self._make(dtype, True)


def recorded(
    function: Callable[..., Any],
    arguments: Sequence[str],
    symbols: Mapping[str, float],
    dtype: DType = FLOAT64,
    shapes: Mapping[str, Shape] | None = None,
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
    shapes : mapping of str to Shape, optional
        The shapes of arrays that are not (n, B).

    Raises
    ------
    NotRecordableError
        If it can't be recorded.
    """
    roots = record(function, arguments, symbols, tuple(symbols), dtype, shapes)
    if len(roots) != 1:
        raise NotRecordableError("a result of several arrays", "return one array")
    graph = simplified_graph()
    graph.values.update(symbols)
    (root,) = specialized(roots, {}, graph)
    return root


def refused(part: str, error: NotRecordableError | RecursionError, give: str) -> DerivativeError:
    """Return the error for a formula that can't be recorded, or is too long, as its author reads it."""
    if isinstance(error, RecursionError):
        error = NotRecordableError("a formula of so many steps", "write a loop with fewer passes")
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


def range_of(dtype: DType, is_loss: bool) -> Interval:
    """Return what arguments can be: any number for activations, and for losses what can be squared and added up."""
    largest = float(np.finfo(dtype).max)
    return (-np.sqrt(largest) / 16, np.sqrt(largest) / 16) if is_loss else (-largest, largest)


class DerivedLoss:
    """What is derived from a loss's value.

    Parameters
    ----------
    value : callable
        ``value(a, y, **settings) -> (B,)``, with what it asks for by name.
    settings : mapping
        The parameters.
    a, y : ndarray of float64, shape (n, B), or (k, n, B) for a
        Activations and targets that it takes, at which the derived gradient is compared with differences.
    symbols : sequence of str, optional
        The parameters that the derived function takes as arguments, after the arrays.
    learns : bool, optional
        Whether the derivatives by these parameters are needed too.
    arguments : LossArguments, optional
        What it is called with.
    given : mapping of str to ndarray, optional
        What it asks for by name, to try it with.

    Attributes
    ----------
    gradient : Derived
        ``gradient(a, y) -> dL/da``; of a loss with k outputs a target or with arguments by name, a function of separate
        arrays, which returns k of them.
    value : Derived
        ``value(a, y) -> (B,)``, likewise: the formula itself, in its shortest form.
    by_parameter : dict of str to Derived
        For each learned parameter p, ``by_parameter[p](a, y) -> dL/dp``, of shape (B,).

    Raises
    ------
    DerivativeError
        If it can't be derived; the message says what stands in the way, and what to write in its place.
    """

    def __init__(
        self,
        value: Callable[..., Array],
        settings: Mapping[str, Any],
        a: Array,
        y: Array,
        symbols: Sequence[str] = (),
        learns: bool = False,
        arguments: LossArguments = PLAIN,
        given: Mapping[str, Array] | None = None,
    ) -> None:
        self.arguments = arguments
        self._value = called(arguments.of_separate(value), settings)
        self._symbols = {name: settings[name] for name in symbols}
        self._recorded: dict[DType, list[Chosen]] = {}
        self.gradient = Derived(self._gradient_source)
        self.value = Derived(self._value_source)
        self.by_parameter = {name: Derived(partial(self._parameter_source, name)) for name in symbols if learns}
        arrays = dict(zip(arguments.names, arguments.separate(a, y, given or {}), strict=True))
        try:
            with np.errstate(all="ignore"):
                gradients = self.gradient(*arrays.values(), *self._symbols.values())
                require_shape("a value", self._value(*arrays.values()), y.shape[1:])
                differences = [self._differences(arrays, output) for output in arguments.outputs]
        except (NotRecordableError, RecursionError) as error:
            raise refused("value", error, GIVE_LOSS) from (getattr(error, "raised", None) or error)
        got = [gradients] if len(differences) == 1 else gradients
        for each, expected in zip(got, differences, strict=True):
            require_close(each, expected, arrays, GIVE_LOSS)
        self._prove_parameters(a, y)

    def _prove_parameters(self, a: Array, y: Array) -> None:
        """Raise unless the derivatives by learned parameters agree with differences of the formula."""
        for name, derived in self.by_parameter.items():
            begun, unit = float(self._symbols[name]), unit_of(self._symbols[name])

            def moved(steps: Array, name: str = name, begun: float = begun, unit: float = unit) -> Array:
                columns = (
                    self._value(a[:, [i]], y[:, [i]], **{name: begun + unit * t}) for i, t in enumerate(steps.tolist())
                )
                return np.array([column[0] for column in columns])

            with np.errstate(all="ignore"):
                expected = central_difference(moved, np.zeros(a.shape[1]))
                rounding = np.finfo(FLOAT64).eps ** (2 / 3) * np.abs(self._value(a, y))
                expected[rounding > TOLERANCE / 10 * (1 + np.abs(expected))] = np.nan
                got = unit * derived(a, y, *self._symbols.values())
            columns = {"a": a[0], "y": y[0]}
            require_close(got, expected, columns, f"or give Learned(gradient=...) for {name}")

    def _differences(self, arrays: Mapping[str, Array], output: str) -> Array:
        """Return the differences of the value with respect to an output; NaN where they say nothing."""
        found = column_differences(lambda a: self._value(*{**arrays, output: a}.values()), arrays[output])
        # One large term of a column hides what others change.
        rounding = np.finfo(FLOAT64).eps ** (2 / 3) * np.abs(self._value(*arrays.values()))
        found[rounding > TOLERANCE / 10 * (1 + np.abs(found))] = np.nan
        found[on_the_floor(self._recorded[FLOAT64][0].result, arrays)] = np.nan
        return found

    def _chosen(self, dtype: DType) -> list[Chosen]:
        """Return the derivative with respect to each output."""
        if dtype not in self._recorded:
            names = self.arguments.names
            result = recorded(self._value, names, self._symbols, dtype, self.arguments.shapes)
            if result.shape != Shape.ROW:
                raise NotRecordableError("a value that isn't one number for each column", "return it of shape (B,)")
            one = result.graph.constant(1)

            def derivative(output: Node) -> Chosen:
                def derive(ties: Mapping[Node, Tie]) -> Node:
                    return pulled_back(result, one, output, ties, partial(cancel, names))

                return Chosen(result, output, derive, names)

            self._recorded[dtype] = [derivative(result.graph.input(name)) for name in self.arguments.outputs]
        return self._recorded[dtype]

    def as_written(self) -> Source:
        """Return the formula itself as its author wrote it, but for what is added to 0 or multiplied by 1."""
        arguments = [*self.arguments.names, *self._symbols]
        return source_of("value", [self._chosen(FLOAT64)[0].result], arguments, shapes=[Shape.ROW])

    def _value_source(self, dtype: DType, compiles: bool) -> Source:
        (chosen, *_), bounds = self._chosen(dtype), range_of(dtype, is_loss=True)
        short = chosen.shortened(chosen.result, bounds)
        arguments = [*self.arguments.names, *self._symbols]
        return source_of("value", [short], arguments, shapes=[Shape.ROW], dtype=dtype, compiles=compiles, inputs=bounds)

    def _parameter_source(self, name: str, dtype: DType, compiles: bool) -> Source:
        (chosen, *_), bounds = self._chosen(dtype), range_of(dtype, is_loss=True)
        graph = chosen.result.graph
        slopes = pulled_back(
            chosen.result, graph.constant(1), graph.parameter(name), chosen.ties, partial(cancel, ["a", "y"])
        )
        slopes = chosen.shortened(slopes, bounds)
        arguments, shapes = ["a", "y", *self._symbols], [Shape.ROW]
        what = f"gradient_of_{name}"
        return source_of(what, [slopes], arguments, shapes=shapes, dtype=dtype, compiles=compiles, inputs=bounds)

    def _gradient_source(self, dtype: DType, compiles: bool) -> Source:
        bounds = range_of(dtype, is_loss=True)
        gradients = [chosen.shortened(chosen.derivative, bounds) for chosen in self._chosen(dtype)]
        arguments = [*self.arguments.names, *self._symbols]
        shapes = [Shape.FULL] * len(gradients)
        return source_of("gradient", gradients, arguments, shapes=shapes, dtype=dtype, compiles=compiles, inputs=bounds)
