"""Sums, means, maxima and the like over the components of a column, as recordings take them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nnframe.formula.graph import BOOL, FLOAT, Shape
from nnframe.formula.operands import as_floats, mask_of, node_of
from nnframe.formula.refusal import refusal
from nnframe.formula.symbol import Recorder, Symbol

# The reductions that are ufuncs' methods, such as np.add.reduce.
REDUCING_UFUNCS = {
    "add": "sum",
    "maximum": "max",
    "minimum": "min",
    "logical_and": "all",
    "logical_or": "any",
}


def refuse_settings(name: str, **settings: Any) -> None:
    """Refuse out= and where=, which write to arrays."""
    for key, value in settings.items():
        left_out = value is None or value is np._NoValue or (isinstance(value, tuple) and value == (None,))
        if not left_out:
            raise refusal(f"{key}= of np.{name}", _INSTEAD_OF_SETTINGS.get(key, "leave it out"))


_INSTEAD_OF_SETTINGS = {
    "out": "leave it out, and use what the function returns",
    "where": "write np.where(condition, yes, no)",
    "initial": "write np.maximum or np.minimum",
}


def reduction(name: str) -> Callable[..., Any]:
    """Return what records a sum, mean, maximum or the like over the components."""

    def reduce(
        recorder: Recorder,
        x: Any,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        keepdims: Any = False,
        initial: Any = None,
        where: Any = None,
    ) -> Any:
        refuse_settings(name, out=out, where=where, initial=initial)
        return reduced(recorder, name, x, axis, keepdims)

    return reduce


def reduced(recorder: Recorder, name: str, x: Any, axis: Any, keepdims: Any = False) -> Any:
    """Record a reduction over axis 0, or refuse another axis."""
    node = node_of(recorder, x)
    if mask_of([x]) is not None:
        raise refusal(f"np.{name} of selected elements", f"write np.{name}(np.where(condition, x, 0), axis=0)")
    if node.shape != Shape.FULL or axis not in (0, -2, (0,)):
        said = "without axis" if axis is None else f"with axis={axis}"
        raise refusal(
            f"np.{name} {said} of shape {_written(node.shape)}",
            f"write np.{name}(x, axis=0), over the components of each column: samples must not meet",
        )
    if name not in ("any", "all") and node.kind == BOOL:
        (node,) = as_floats([node])
    if name in ("any", "all") and node.kind != BOOL:
        node = recorder.graph.node("not_equal", node, 0)
    return Symbol(recorder, recorder.graph.node(name, node, data=keepdims is True or keepdims == 1))


def _written(shape: Shape) -> str:
    return {Shape.FULL: "(n, B)", Shape.KEPT: "(1, B)", Shape.ROW: "(B,)", Shape.SCALAR: "()"}[shape]


def variance(
    recorder: Recorder,
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: int = 0,
    keepdims: Any = False,
    **settings: Any,
) -> Any:
    """Record the mean square of the differences from the mean."""
    refuse_settings("var", out=out, **settings)
    centered = x - reduced(recorder, "mean", x, axis, True)
    if ddof:
        return reduced(recorder, "sum", centered * centered, axis, keepdims) / (len(x) - ddof)
    return reduced(recorder, "mean", centered * centered, axis, keepdims)


def deviation(recorder: Recorder, x: Any, *args: Any, **settings: Any) -> Any:
    """Record the root of the variance."""
    return np.sqrt(variance(recorder, x, *args, **settings))


def norm(recorder: Recorder, x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:  # noqa: A002
    """Record the length of each column."""
    if ord in (None, 2):
        return np.sqrt(reduced(recorder, "sum", x * x, axis, keepdims))
    if ord == 1:
        return reduced(recorder, "sum", abs(x), axis, keepdims)
    if ord == np.inf:
        return reduced(recorder, "max", abs(x), axis, keepdims)
    if isinstance(ord, (int, float)) and ord > 0:
        return reduced(recorder, "sum", abs(x) ** ord, axis, keepdims) ** (1 / ord)
    raise refusal(f"np.linalg.norm with ord={ord}", "write it with sums over axis=0")


def count_nonzero(recorder: Recorder, a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Record how many components aren't 0."""
    return reduced(recorder, "sum", a != 0 if node_of(recorder, a).kind == FLOAT else a, axis, keepdims)


def average(recorder: Recorder, a: Any, axis: Any = None, weights: Any = None, **settings: Any) -> Any:
    """Record a mean, weighted or not."""
    if weights is None:
        return reduced(recorder, "mean", a, axis, settings.get("keepdims", False))
    raise refusal("weights= of np.average", "write (weights * x).sum(axis=0) / weights.sum(axis=0)")


def peak_to_peak(recorder: Recorder, a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    """Record the difference between the largest and the smallest."""
    refuse_settings("ptp", out=out)
    return reduced(recorder, "max", a, axis, keepdims) - reduced(recorder, "min", a, axis, keepdims)
