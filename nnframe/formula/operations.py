"""What numpy's functions do to numbers, and the slope of each: one line a function.

An operation bears the name of numpy's function. A slope is written with `f` for the function's own result, so that a
result that is known anyway isn't computed twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from nnframe.arrays import Array, DType
from nnframe.formula.graph import CONSTANT, INPUT, PARAMETER, SIZE, Node, reachable

Slope: TypeAlias = "Node | int | float"


def function(name: str, *args: Node) -> Node:
    """Return the node of one of numpy's functions."""
    return args[0].graph.simplified(name, *args)


# df/dx of f(x).
SLOPES: dict[str, Callable[[Node, Node], Slope]] = {
    "negative": lambda f, x: -1,
    "exp": lambda f, x: f,
    "exp2": lambda f, x: math.log(2) * f,
    # Not f + 1, which loses all digits where f is nearly -1.
    "expm1": lambda f, x: function("exp", x),
    "log": lambda f, x: 1 / x,
    "log2": lambda f, x: 1 / math.log(2) / x,
    "log10": lambda f, x: 1 / math.log(10) / x,
    "log1p": lambda f, x: 1 / (1 + x),
    "sqrt": lambda f, x: 0.5 / f,
    "cbrt": lambda f, x: 1 / 3 / (f * f),
    "sin": lambda f, x: function("cos", x),
    "cos": lambda f, x: -function("sin", x),
    "tan": lambda f, x: 1 + f * f,
    # As (1 - x) (1 + x), 1 - x^2 keeps its digits near 1.
    "arcsin": lambda f, x: 1 / function("sqrt", (1 - x) * (1 + x)),
    "arccos": lambda f, x: -1 / function("sqrt", (1 - x) * (1 + x)),
    "arctan": lambda f, x: 1 / (1 + x * x),
    "sinh": lambda f, x: function("cosh", x),
    "cosh": lambda f, x: function("sinh", x),
    "tanh": lambda f, x: 1 - f * f,
    "arcsinh": lambda f, x: 1 / function("hypot", x, x.graph.constant(1)),
    "arccosh": lambda f, x: 1 / function("sqrt", (x - 1) * (x + 1)),
    "arctanh": lambda f, x: 1 / ((1 - x) * (1 + x)),
    "deg2rad": lambda f, x: math.pi / 180,
    "rad2deg": lambda f, x: 180 / math.pi,
    # Truth values become numbers, numbers stay.
    "as_float": lambda f, x: 1,
    # A guard against log 0 and 1 / 0: it is there for the values, and lets slopes through as if it weren't there.
    "floored": lambda f, x: 1,
    "keep": lambda f, x: 1,
    "drop": lambda f, x: 1,
    "spread": lambda f, x: 1,
    "spread_row": lambda f, x: 1,
    "spread_kept": lambda f, x: 1,
}

# (df/dx, df/dy) of f(x, y), each as a function, so that only what is needed is built.
PARTIAL_SLOPES: dict[str, tuple[Callable[[Node, Node, Node], Slope], Callable[[Node, Node, Node], Slope]]] = {
    "add": (lambda f, x, y: 1, lambda f, x, y: 1),
    "subtract": (lambda f, x, y: 1, lambda f, x, y: -1),
    "multiply": (lambda f, x, y: y, lambda f, x, y: x),
    "divide": (lambda f, x, y: 1 / y, lambda f, x, y: -(f / y)),
    # At x = 0 the slope with respect to the exponent is 0, where log x isn't a number.
    "power": (
        lambda f, x, y: y * x ** (y - 1),
        lambda f, x, y: function("where", x > 0, f * function("log", x), f.graph.constant(0)),
    ),
    "logaddexp": (lambda f, x, y: function("exp", x - f), lambda f, x, y: function("exp", y - f)),
    "logaddexp2": (lambda f, x, y: function("exp2", x - f), lambda f, x, y: function("exp2", y - f)),
    # Where both arguments are 0, the slope is 0, in the middle of those around.
    "hypot": (lambda f, x, y: x / function("floored", f), lambda f, x, y: y / function("floored", f)),
    "arctan2": (lambda f, x, y: y / (x * x + y * y), lambda f, x, y: -x / (x * x + y * y)),
    "remainder": (lambda f, x, y: 1, lambda f, x, y: -function("floor", x / y)),
    "fmod": (lambda f, x, y: 1, lambda f, x, y: -function("trunc", x / y)),
    "copysign": (lambda f, x, y: function("sign", x) * function("sign", f), lambda f, x, y: 0),
}

# Their slope is 0 nearly everywhere.
FLAT = frozenset(("sign", "floor", "ceil", "trunc", "rint", "floor_divide", "heaviside"))

# These choose one of their arguments; `nnframe.formula.derive` has their slopes.
SELECTIONS = frozenset(("where", "maximum", "minimum", "fmax", "fmin", "clip", "absolute"))


def floor_of(dtype: DType) -> float:
    """Return the number that `nnframe.floored` raises others to."""
    limits = np.finfo(dtype)
    return float(limits.tiny / limits.eps)


def _reduction(reduce: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, data: reduce(x, axis=0, keepdims=bool(data))


_OWN: dict[str, Callable[..., Any]] = {
    "as_float": lambda x: x * 1.0,
    "floored": lambda x: np.maximum(x, floor_of(x.dtype)),
    "keep": lambda x: np.reshape(x, (1, -1)),
    "drop": lambda x: np.reshape(x, -1),
    "is_at": lambda top, x: np.arange(len(x)).reshape(-1, 1) == top,
}
_REDUCE: dict[str, Callable[..., Any]] = {
    "sum": _reduction(np.sum),
    "mean": _reduction(np.mean),
    "max": _reduction(np.max),
    "min": _reduction(np.min),
    "any": _reduction(np.any),
    "all": _reduction(np.all),
    "argmax": _reduction(np.argmax),
    "argmin": _reduction(np.argmin),
}


def evaluate(roots: Sequence[Node], inputs: Mapping[str, Array]) -> list[Array]:
    """Return what nodes are for given arrays: the graph, calculated step by step.

    Parameters
    ----------
    roots : sequence of Node
    inputs : mapping of str to ndarray
        By name, each of shape (n, B).
    """
    results: dict[Node, Any] = {}
    like = next(iter(inputs.values()))
    for node in reachable(roots):
        args = [results[arg] for arg in node.args]
        if node.op == INPUT:
            result: Any = inputs[node.data]
        elif node.op == PARAMETER:
            result = node.graph.values[node.data]
        elif node.op == CONSTANT:
            result = node.data
        elif node.op == SIZE:
            result = len(like)
        elif node.op == "row":
            # Forms are tried out with few inputs, of which any will do.
            result = args[0][node.data % len(args[0])]
        elif node.op in _REDUCE:
            # The inputs of a net may be more or fewer than its targets.
            whole = np.ndim(args[0]) == 2 and len(args[0]) > 1
            result = _REDUCE[node.op](args[0] if whole else np.broadcast_to(args[0], like.shape), node.data)
        elif node.op == "call":
            result = node.data.function(*args)
        elif node.op.startswith("spread"):
            shape = {"spread": like.shape, "spread_row": like.shape[1:], "spread_kept": (1, *like.shape[1:])}[node.op]
            result = np.broadcast_to(args[0], shape)
        else:
            result = (_OWN.get(node.op) or getattr(np, node.op))(*args)
        results[node] = result
    return [results[root] for root in roots]


def folded(op: str, args: Sequence[Node], data: Any) -> float | bool | None:
    """Return the value of an operation on numbers that are known; None if it is to stay as it is."""
    if op in _REDUCE or op in ("call", "floored", "as_float", "is_at", "spread", "spread_row", "spread_kept"):
        return None
    with np.errstate(all="ignore"):
        value = (_OWN.get(op) or getattr(np, op))(*(arg.data for arg in args))
    if isinstance(value, np.bool_):
        return bool(value)
    return float(value) if np.isfinite(value) else None
