"""Algebra: what is added to 0, multiplied by 1 or factored out makes derived formulas as short as those by hand.

Each rule takes the arguments of an operation and returns a simpler node of the same value, or None.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nnframe.formula import choices, products, sums
from nnframe.formula.graph import COMPARISONS, REDUCTIONS, SPREAD, Graph, Node, Shape
from nnframe.formula.operations import folded

RULES: dict[str, Callable[..., Node | None]] = {
    "multiply": products.multiply,
    "divide": products.divide,
    "power": products.power,
    "add": sums.add,
    "subtract": sums.subtract,
    "negative": sums.negative,
    "where": choices.where,
    "logical_not": choices.logical_not,
    "logical_and": choices.logical_and,
    "logical_or": choices.logical_or,
    "absolute": choices.absolute,
    "sign": choices.sign,
    "as_float": choices.as_float,
    "exp": lambda x: x.graph.exponentials.get(x),
    "keep": lambda x: x.args[0] if x.op == "drop" else x if x.shape == Shape.KEPT else None,
    "drop": lambda x: x.args[0] if x.op == "keep" else x if x.shape == Shape.ROW else None,
    **{op: choices.compared(op) for op in COMPARISONS},
}
SPREADING = frozenset(SPREAD.values())


def simplified_graph() -> Graph:
    """Return an empty graph whose nodes simplify themselves."""
    return Graph(rewrite)


def rewrite(op: str, args: tuple[Node, ...], data: Any) -> Node | None:
    """Return a simpler node for an operation, or None."""
    if not args:
        return None
    graph = args[0].graph
    if all(arg.is_constant for arg in args):
        value = folded(op, args, data)
        if value is not None:
            return graph.constant(value)
    if len(args) > 1 and any(arg.op in SPREADING for arg in args):
        # Beside an array as large, an array filled with one number is just that number.
        plain = tuple(arg.args[0] if arg.op in SPREADING else arg for arg in args)
        if max(arg.shape for arg in plain) == max(arg.shape for arg in args):
            return graph.simplified(op, *plain, data=data)
    if op in REDUCTIONS and args[0].shape != Shape.FULL:
        return _of_equal_numbers(op, args[0], keepdims=bool(data))
    if op in ("sum", "mean"):
        number, rest = products.scale(args[0])
        return None if number is None else number * graph.node(op, rest, data=data)
    rule = RULES.get(op)
    return rule(*args) if rule else None


def _of_equal_numbers(op: str, x: Node, keepdims: bool) -> Node:
    """Return a reduction of what is one number for the whole column."""
    graph = x.graph
    if op not in ("sum", "mean", "max", "min"):
        return graph.node(op, graph.node("spread", x), data=keepdims)
    value = graph.size * x if op == "sum" else x
    if value.shape == Shape.SCALAR:
        return graph.node(SPREAD[Shape.KEPT if keepdims else Shape.ROW], value)
    return graph.simplified("keep" if keepdims else "drop", value)
