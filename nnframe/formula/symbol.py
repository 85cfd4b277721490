"""The array that a formula is recorded with: it computes nothing, and notes each operation on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn, Protocol

import numpy as np

from nnframe.arrays import DType
from nnframe.formula.graph import BOOL, Graph, Node, Shape
from nnframe.formula.instead import INSTEAD, NO_COMPLEX
from nnframe.formula.methods import METHODS
from nnframe.formula.refusal import (
    NeedsNumberError,
    array_refusal,
    author_frame,
    loop_refusal,
    number_refusal,
    place_of,
    refusal,
    truth_refusal,
    vectorized,
)


class Recorder(Protocol):
    """What a symbol reports each operation to."""

    graph: Graph
    dtype: DType

    def shape_of(self, shape: Shape) -> tuple[int, ...]:
        """Return a shape in numbers."""

    def call_ufunc(self, ufunc: np.ufunc, method: str, inputs: Any, settings: Any) -> Any:
        """Record one of numpy's element-wise functions."""

    def call_function(self, function: Any, args: Any, settings: Any) -> Any:
        """Record another of numpy's functions."""

    def call_rule(self, rule: Any, inputs: Any) -> Symbol:
        """Record a function whose slope is known."""

    def item(self, symbol: Symbol, key: Any) -> Symbol:
        """Record symbol[key]."""

    def with_item(self, symbol: Symbol, key: Any, value: Any) -> Node:
        """Return what symbol is after symbol[key] = value."""


class Symbol:
    """An array whose numbers aren't known, or a parameter whose value isn't.

    Python's operators, numpy's functions and the methods of arrays all return further symbols.

    Attributes
    ----------
    recorder : Recorder
        The recording that it belongs to.
    node : Node
        What it is. Another one after ``symbol += 1`` or ``symbol[mask] = 0``.
    mask : Node or None
        Where not None, only the elements where this is true, as ``z[z > 0]`` has them.
    is_argument : bool
        Whether the caller's array stands behind it, which isn't to be written to.
    """

    def __init__(self, recorder: Recorder, node: Node, mask: Node | None = None, is_argument: bool = False) -> None:
        self.recorder = recorder
        self.node = node
        self.mask = mask
        self.is_argument = is_argument

    # What numpy asks an array for.

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """An array's, so that formulas which assert that their arguments are arrays go on."""
        return np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape; a recording has a size of its own, and is repeated with others."""
        return self.recorder.shape_of(self.node.shape)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(self.shape))

    @property
    def dtype(self) -> DType:
        """float32 or float64, as the recording has it; bool for truth values."""
        return np.dtype(bool) if self.node.kind == BOOL else self.recorder.dtype

    def __len__(self) -> int:
        if self.node.shape == Shape.SCALAR:
            raise TypeError("a number has no len()")
        return self.shape[0]

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **settings: Any) -> Any:
        return self.recorder.call_ufunc(ufunc, method, inputs, settings)

    def __array_function__(self, function: Any, types: Any, args: Any, settings: Any) -> Any:
        return self.recorder.call_function(function, args, settings)

    def __array__(self, *args: Any, **settings: Any) -> NoReturn:
        if vectorized():
            raise refusal("np.vectorize", "write the formula for the whole array, with np.where in place of if")
        raise array_refusal()

    # What Python asks.

    def __bool__(self) -> NoReturn:
        self._require_values("an if on it")
        raise truth_refusal()

    def __float__(self) -> NoReturn:
        self._require_values("float()")
        raise number_refusal("float()")

    def __int__(self) -> NoReturn:
        self._require_values("int()")
        raise number_refusal("int()")

    def __index__(self) -> NoReturn:
        self._require_values("a whole number")
        raise number_refusal("a whole number")

    def __complex__(self) -> NoReturn:
        raise number_refusal("complex()")

    def __iter__(self) -> NoReturn:
        raise loop_refusal()

    def __contains__(self, item: object) -> NoReturn:
        raise refusal("in", "write np.any(z == value, axis=0)")

    def __repr__(self) -> str:
        return f"<recorded {self.node!r}>"

    def _require_values(self, asked: str) -> None:
        """Raise the error that has the recording repeated with numbers, if only parameters matter here."""
        if self.node.shape == Shape.SCALAR:
            raise NeedsNumberError(f"{asked} of a parameter", "its value is needed", place_of(author_frame()))

    # Indexing.

    def __getitem__(self, key: Any) -> Symbol:
        return self.recorder.item(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.replace(self.recorder.with_item(self, key, value), "an assignment to an element")

    def replace(self, node: Node, construct: str) -> None:
        """Become another node, as in-place operations have it."""
        if self.is_argument:
            raise refusal(
                f"{construct} of an argument", "write to a copy, z = z.copy(), for arguments are to be left alone"
            )
        if node.shape > self.node.shape:
            raise refusal(f"{construct} that makes an array larger", "write z = z + x in place of z += x")
        self.node = node

    # Methods of arrays: those of numpy's functions that have the same name.

    def __getattr__(self, name: str) -> Any:
        if name in METHODS:
            return partial(METHODS[name], self)
        if name == "T":
            raise refusal(".T", "leave it out: a column is a sample, and sums over its components have axis=0")
        if name.startswith("__") or not hasattr(np.ndarray, name):
            raise AttributeError(f"an array has no attribute {name!r}")
        raise refusal(f".{name}", INSTEAD.get(name, "write it with numpy's functions of arrays"))

    def astype(self, dtype: Any, *args: Any, **settings: Any) -> Symbol:
        """Record that truth values become numbers; numbers stay what they are."""
        wanted = np.dtype(dtype)
        kind = wanted.kind
        if kind == "f" and self.node.kind != BOOL and wanted.itemsize < self.recorder.dtype.itemsize:
            raise refusal(f"astype({wanted})", "leave it out, or write astype(z.dtype): a formula keeps the dtype")
        if kind == "f" or (kind in "iu" and self.node.kind == BOOL):
            return Symbol(self.recorder, as_float(self.node), self.mask)
        if kind == "b":
            return Symbol(self.recorder, as_truth(self.node), self.mask)
        raise refusal(f"astype({wanted})", "write np.floor or np.rint, or leave it out")

    def copy(self, order: str = "C") -> Symbol:
        """Return an array of one's own."""
        return Symbol(self.recorder, self.node, self.mask)

    def reshape(self, *shape: Any, **settings: Any) -> Symbol:
        """Record that the numbers of columns become (B,) or (1, B)."""
        wanted = shape[0] if len(shape) == 1 else shape
        reshaped: Symbol = self.recorder.call_function(np.reshape, (self, wanted), {})
        return reshaped

    def flatten(self, order: str = "C") -> Symbol:
        """Record that (1, B) becomes (B,)."""
        flat: Symbol = self.recorder.call_function(np.ravel, (self,), {})
        return flat

    def fill(self, value: Any) -> None:
        """Record that all elements become a number."""
        self[...] = value

    def record_rule(self, rule: Any, inputs: Any) -> Symbol:
        """Record a function whose slope its author states; see `nnframe.formula.rules`."""
        return self.recorder.call_rule(rule, inputs)


def as_float(node: Node) -> Node:
    """Return truth values as numbers, and numbers as they are."""
    return node.graph.node("as_float", node) if node.kind == BOOL else node


def as_truth(node: Node) -> Node:
    """Return whether numbers differ from 0, and truth values as they are."""
    return node if node.kind == BOOL else node.graph.node("not_equal", node, 0)


OPERANDS = (np.ndarray, np.generic, int, float, list, tuple)


def _operator(name: str, swapped: bool = False) -> Callable[..., Symbol]:
    function = getattr(np, name)

    def operate(self: Symbol, *others: Any) -> Any:
        if any(isinstance(other, complex) for other in others):
            raise refusal("a complex number", NO_COMPLEX)
        if len(others) > 1 or not all(isinstance(other, OPERANDS) for other in others):
            return NotImplemented
        operands = (*others, self) if swapped else (self, *others)
        return self.recorder.call_ufunc(function, "__call__", operands, {})

    return operate


def _in_place(name: str) -> Callable[[Symbol, Any], Symbol]:
    operate = _operator(name)

    def operate_in_place(self: Symbol, other: Any) -> Symbol:
        result = operate(self, other)
        if self.node.shape == Shape.SCALAR:
            # A parameter is a number, and no array.
            return result
        self.replace(result.node, f"an in-place {name}")
        return self

    return operate_in_place


for _name, _function in {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "power",
    "matmul": "matmul",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
}.items():
    setattr(Symbol, f"__{_name}__", _operator(_function))
    setattr(Symbol, f"__r{_name}__", _operator(_function, swapped=True))
    setattr(Symbol, f"__i{_name}__", _in_place(_function))
for _name, _function in {
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
    "eq": "equal",
    "ne": "not_equal",
    "neg": "negative",
    "pos": "positive",
    "abs": "absolute",
    "invert": "invert",
}.items():
    setattr(Symbol, f"__{_name}__", _operator(_function))
# Like an array, it can't be a key: a helper that caches its results would keep a recording.
Symbol.__hash__ = None  # type: ignore[assignment]
