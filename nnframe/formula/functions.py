"""numpy's functions other than ufuncs and reductions, as recordings take them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nnframe.formula.graph import BOOL, INDEX, SPREAD, Node, Shape
from nnframe.formula.instead import INSTEAD, OTHERWISE
from nnframe.formula.operands import as_floats, mask_of, node_of
from nnframe.formula.reductions import (
    average,
    count_nonzero,
    deviation,
    norm,
    peak_to_peak,
    reduction,
    refuse_settings,
    variance,
)
from nnframe.formula.refusal import refusal
from nnframe.formula.symbol import Recorder, Symbol


def call(recorder: Recorder, function: Any, args: Sequence[Any], settings: dict[str, Any]) -> Any:
    """Record one of numpy's functions, or refuse it with what to write instead."""
    known = FUNCTIONS.get(function)
    if known is None:
        module = (getattr(function, "__module__", None) or "numpy").replace("numpy", "np")
        name = getattr(function, "__name__", str(function))
        raise refusal(f"{module}.{name}", INSTEAD.get(name, OTHERWISE))
    return known(recorder, *args, **settings)


def where(recorder: Recorder, condition: Any, x: Any = None, y: Any = None) -> Symbol:
    """Record a choice."""
    if x is None or y is None:
        raise refusal("np.where with one argument", "write np.where(condition, yes, no)")
    chosen, yes, no = (node_of(recorder, each) for each in (condition, x, y))
    if chosen.kind != BOOL:
        chosen = recorder.graph.node("not_equal", chosen, 0)
    if not yes.kind == no.kind == BOOL:
        yes, no = as_floats([yes, no])
    return Symbol(recorder, recorder.graph.node("where", chosen, yes, no), mask_of([condition, x, y]))


def clip(recorder: Recorder, x: Any, a_min: Any = None, a_max: Any = None, out: Any = None, **settings: Any) -> Symbol:
    """Record a clip; with one limit it is a maximum or a minimum."""
    low, high = settings.pop("min", a_min), settings.pop("max", a_max)
    low, high = (None if limit is np._NoValue else limit for limit in (low, high))
    refuse_settings("clip", out=out, **settings)
    nodes = as_floats(node_of(recorder, each) for each in (x, low, high) if each is not None)
    if low is None and high is None:
        return copy(recorder, x)
    op = "clip" if low is not None and high is not None else "minimum" if low is None else "maximum"
    return Symbol(recorder, recorder.graph.node(op, *nodes), mask_of([x, low, high]))


def select(recorder: Recorder, condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """Record a choice among several: the first condition that holds decides."""
    result = default
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        result = where(recorder, condition, choice, result)
    return result


def piecewise(recorder: Recorder, x: Any, condlist: Any, funclist: Sequence[Any], *args: Any, **settings: Any) -> Any:
    """Record a formula in pieces: the last condition that holds decides, and another function where none does."""
    conditions = list(condlist) if isinstance(condlist, (list, tuple)) else [condlist]
    pieces = [piece(x, *args, **settings) if callable(piece) else piece for piece in funclist]
    result = pieces[len(conditions)] if len(pieces) > len(conditions) else 0
    for condition, piece in zip(conditions, pieces, strict=False):
        result = where(recorder, condition, piece, result)
    return result


def full_like(recorder: Recorder, a: Any, fill_value: Any, dtype: Any = None, **settings: Any) -> Symbol:
    """Record an array of a's shape that is one number everywhere."""
    if settings.get("shape") is not None:
        raise refusal("shape=", "write np.full_like(z, number)")
    shape = node_of(recorder, a).shape
    op = SPREAD.get(shape)
    node = node_of(recorder, fill_value)
    if dtype is not None and np.dtype(dtype).kind == "b":
        node = recorder.graph.constant(bool(node.data))
    elif dtype is None:
        (node,) = as_floats([node])
    return Symbol(recorder, node if op is None else recorder.graph.node(op, node), mask_of([a]))


def like(value: float) -> Callable[..., Symbol]:
    """Return what records np.zeros_like and its siblings."""

    def record(recorder: Recorder, a: Any, dtype: Any = None, *args: Any, **settings: Any) -> Symbol:
        return full_like(recorder, a, value, dtype)

    return record


def copy(recorder: Recorder, a: Any, *args: Any, **settings: Any) -> Symbol:
    """Record an array of one's own."""
    return Symbol(recorder, node_of(recorder, a), mask_of([a]))


def rounded(recorder: Recorder, a: Any, decimals: int = 0, out: Any = None) -> Any:
    """Record the nearest whole number."""
    refuse_settings("round", out=out)
    if decimals != 0:
        raise refusal("np.round to decimals", "write np.rint(z * 100) / 100")
    return np.rint(a)


def flatten(recorder: Recorder, a: Any, order: str = "C") -> Symbol:
    """Record that (1, B) becomes (B,)."""
    if node_of(recorder, a).shape not in (Shape.ROW, Shape.KEPT):
        raise refusal("np.ravel", INSTEAD["ravel"])
    return reshape(recorder, a, -1)


def at_least_2d(recorder: Recorder, *arrays: Any) -> Symbol:
    """Record nothing: an array of shape (n, B) has two axes."""
    if len(arrays) > 1 or node_of(recorder, arrays[0]).shape < Shape.KEPT:
        raise refusal("np.atleast_2d", "leave it out: shapes (1, B) and (B,) combine with (n, B)")
    return copy(recorder, arrays[0])


def reshape(recorder: Recorder, a: Any, shape: Any = None, *args: Any, **settings: Any) -> Symbol:
    """Record that the numbers of columns change between (B,) and (1, B)."""
    node = node_of(recorder, a)
    wanted = (shape,) if isinstance(shape, int) else tuple(shape)
    own = recorder.shape_of(node.shape)
    if wanted == own:
        return Symbol(recorder, node)
    n_columns = own[-1]
    if node.shape in (Shape.ROW, Shape.KEPT) and wanted in ((-1,), (n_columns,)):
        return Symbol(recorder, recorder.graph.node("drop", node) if node.shape == Shape.KEPT else node)
    if node.shape in (Shape.ROW, Shape.KEPT) and wanted in ((1, -1), (1, n_columns)):
        return Symbol(recorder, recorder.graph.node("keep", node) if node.shape == Shape.ROW else node)
    raise refusal(f"a reshape to {wanted}", "leave the shape (n, B) as it is")


def squeeze(recorder: Recorder, a: Any, axis: Any = None) -> Symbol:
    """Record that (1, B) becomes (B,)."""
    if node_of(recorder, a).shape != Shape.KEPT:
        raise refusal("np.squeeze", "leave it out")
    return reshape(recorder, a, -1)


def expand_dims(recorder: Recorder, a: Any, axis: Any) -> Symbol:
    """Record that (B,) becomes (1, B)."""
    if node_of(recorder, a).shape != Shape.ROW or axis != 0:
        raise refusal("np.expand_dims", "leave the shape (n, B) as it is")
    return reshape(recorder, a, (1, -1))


def broadcast_to(recorder: Recorder, array: Any, shape: Any, subok: bool = False) -> Symbol:
    """Record a wider array of the same numbers."""
    if tuple(shape) != recorder.shape_of(Shape.FULL):
        raise refusal("np.broadcast_to", "leave it out: shapes (1, B) and (B,) combine with (n, B)")
    return Symbol(recorder, recorder.graph.node("spread", node_of(recorder, array)))


def take_along_axis(recorder: Recorder, arr: Any, indices: Any, axis: Any = -1) -> Symbol:
    """Record x at the position that argmax or argmin found in each column."""
    x, at = node_of(recorder, arr), _position(recorder, indices, axis, "np.take_along_axis")
    graph = recorder.graph
    if at.args[0] is x:
        return Symbol(recorder, graph.node("max" if at.op == "argmax" else "min", x, data=True))
    chosen = graph.node("where", graph.node("is_at", at, x), x, graph.constant(0))
    return Symbol(recorder, graph.node("sum", chosen, data=True))


def put_along_axis(recorder: Recorder, arr: Any, indices: Any, values: Any, axis: Any) -> None:
    """Record that x changes at the position that argmax or argmin found in each column."""
    at, graph = _position(recorder, indices, axis, "np.put_along_axis"), recorder.graph
    new, old = node_of(recorder, values), node_of(recorder, arr)
    arr.replace(graph.node("where", graph.node("is_at", at, old), new, old), "np.put_along_axis")


def _position(recorder: Recorder, indices: Any, axis: Any, name: str) -> Node:
    node = node_of(recorder, indices)
    if node.kind != INDEX or node.shape != Shape.KEPT or axis not in (0, -2):
        raise refusal(name, "take positions from x.argmax(axis=0, keepdims=True), with axis=0")
    return node


def polyval(recorder: Recorder, p: Sequence[float], x: Any) -> Any:
    """Record a polynomial, by Horner's rule."""
    total: Any = full_like(recorder, x, 0)
    for coefficient in p:
        total = total * x + coefficient
    return total


def _shape_of(recorder: Recorder, a: Any) -> tuple[int, ...]:
    shape: tuple[int, ...] = a.shape
    return shape


def _first(recorder: Recorder, a: Any, *args: Any, **settings: Any) -> Any:
    return a


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    **{getattr(np, name): reduction(name) for name in ("sum", "mean", "max", "min", "any", "all")},
    **{getattr(np, name): reduction(name) for name in ("argmax", "argmin")},
    np.amax: reduction("max"),
    np.amin: reduction("min"),
    np.average: average,
    np.ptp: peak_to_peak,
    np.var: variance,
    np.std: deviation,
    np.linalg.norm: norm,
    np.where: where,
    np.clip: clip,
    np.select: select,
    np.piecewise: piecewise,
    np.full_like: full_like,
    np.zeros_like: like(0.0),
    np.ones_like: like(1.0),
    np.empty_like: like(0.0),
    np.copy: copy,
    np.round: rounded,
    np.around: rounded,
    np.reshape: reshape,
    np.ravel: flatten,
    np.atleast_2d: at_least_2d,
    np.squeeze: squeeze,
    np.expand_dims: expand_dims,
    np.broadcast_to: broadcast_to,
    np.take_along_axis: take_along_axis,
    np.put_along_axis: put_along_axis,
    np.count_nonzero: count_nonzero,
    np.polyval: polyval,
    np.real: _first,
    np.shape: _shape_of,
}
