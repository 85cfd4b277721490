"""What the value of a loss is called with, as separate arrays: its outputs, the targets, and what it asks for by name.

A loss with k outputs a target sees them as one array (k, n, B), so that ``mean, log_scale = a`` takes them apart; a
recording sees k symbols of y's shape in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from nnframe.arrays import Array
from nnframe.formula.graph import Shape
from nnframe.formula.refusal import refusal
from nnframe.formula.symbol import Symbol
from nnframe.inputs.by_name import SAMPLE_WEIGHT


class Outputs(tuple[Symbol, ...]):
    """The outputs in a recording: taken apart, indexed or looped over, but not computed with as a whole."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **settings: Any) -> NoReturn:
        self._refuse(f"np.{ufunc.__name__}")

    def __array_function__(self, function: Any, types: Any, args: Any, settings: Any) -> NoReturn:
        self._refuse(f"np.{getattr(function, '__name__', function)}")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__") or not hasattr(np.ndarray, name):
            raise AttributeError(name)
        self._refuse(f".{name}")

    def _refuse(self, construct: str) -> NoReturn:
        raise refusal(
            f"{construct} of all outputs at once", "take them apart, as in mean, log_scale = a, or loop over them"
        )

    def _operator(self, *others: object) -> NoReturn:
        self._refuse("arithmetic")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _operator
    __pow__ = __rpow__ = __neg__ = __abs__ = __lt__ = __le__ = __gt__ = __ge__ = _operator


@dataclass(frozen=True)
class LossArguments:
    """The arguments of a loss's value.

    Attributes
    ----------
    n_outputs : int or None
        The outputs for each target; None for a loss whose a is one array of y's shape.
    asked : tuple of str
        Those of `nnframe.inputs.by_name.GIVEN_BY_NAME` that it takes.
    """

    n_outputs: int | None = None
    asked: tuple[str, ...] = ()

    @property
    def outputs(self) -> list[str]:
        """The names of the arrays that the derivative is taken with respect to."""
        return ["a"] if self.n_outputs is None else [f"a{i}" for i in range(self.n_outputs)]

    @property
    def names(self) -> list[str]:
        """The names of all arrays, in the order of `separate`."""
        return [*self.outputs, "y", *self.asked]

    @property
    def shapes(self) -> dict[str, Shape]:
        """The shapes of those that are not (n, B)."""
        return {name: Shape.ROW for name in self.asked if name == SAMPLE_WEIGHT}

    def separate(self, a: Array, y: Array, given: Mapping[str, Array]) -> list[Array]:
        """Return the arrays that a function of separate arrays takes."""
        return [*([a] if self.n_outputs is None else a), y, *(given[name] for name in self.asked)]

    def of_separate(self, value: Callable[..., Any]) -> Callable[..., Any]:
        """Return the value as a function of separate arrays."""
        if self == PLAIN:
            return value
        count, is_one = len(self.outputs), self.n_outputs is None

        def call(*arrays: Any, **settings: Any) -> Any:
            a, (y, *more) = arrays[:count], arrays[count:]
            given = dict(zip(self.asked, more, strict=True))
            return value(a[0] if is_one else joined(a), y, **given, **settings)

        return call

    def joined(self, gradients: Any) -> Array:
        """Return the derivative with respect to each output as one array of the outputs' shape."""
        found: Array = gradients if self.n_outputs is None else joined(_tuple(gradients, self.n_outputs))
        return found


# What most losses are called with: a and y, each one array.
PLAIN = LossArguments()


def joined(arrays: Sequence[Any]) -> Any:
    """Return arrays of one shape as one with an axis more, and symbols as `Outputs`."""
    return Outputs(arrays) if isinstance(arrays[0], Symbol) else np.stack(arrays)


def _tuple(results: Any, count: int) -> Sequence[Any]:
    """Return what a derived function returns as a tuple: with one result it returns that alone."""
    return (results,) if count == 1 else results
