"""Moves numbers that multiply vectors outwards in a recorded formula, where several of them become one.

In adam, ``rate * (c1 * total) / (sqrt(c2 * square) + epsilon)`` has three products of a vector and a number. As
``(rate * c1 / sqrt(c2)) * (total / (sqrt(square) + epsilon / sqrt(c2)))`` it has one; the numbers in brackets are
computed once per update.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence

from nnframe.formula.graph import FLOAT, Node, Shape, reachable

FOLDED = {"multiply": operator.mul, "divide": operator.truediv}


def with_factors_outside(results: Sequence[Node]) -> tuple[Node, ...]:
    """Return the results of a formula with as few products of vectors and numbers as this finds."""
    parts: dict[Node, tuple[Node | None, Node]] = {}
    for node in reachable(results):
        parts[node] = _split(node, parts)
    return tuple(_whole(*parts[result]) for result in results)


def _split(node: Node, parts: dict[Node, tuple[Node | None, Node]]) -> tuple[Node | None, Node]:
    """Return the number that a node is a multiple of, if there is one, and what it is a multiple of."""
    if node.shape == Shape.SCALAR or not node.args:
        return None, node
    graph = node.graph
    if node.op in ("multiply", "add") and node.args[0].shape != node.args[1].shape:
        number, vector = sorted(node.args, key=lambda arg: arg.shape)
        factor, rest = parts[vector]
        if number.shape == Shape.SCALAR and number.kind == vector.kind == FLOAT:
            if node.op == "multiply":
                return _number("multiply", number, factor), rest
            if factor is not None and (moved := _number("divide", number, factor)) is not None:
                return factor, graph.node("add", rest, moved)
    elif node.op in FOLDED and node.args[0].shape == node.args[1].shape:
        (factor, rest), (other_factor, other) = (parts[arg] for arg in node.args)
        return _number(node.op, factor, other_factor), graph.node(node.op, rest, other)
    elif node.op == "sqrt":
        factor, rest = parts[node.args[0]]
        return None if factor is None else graph.node("sqrt", factor), graph.node("sqrt", rest)
    return None, graph.node(node.op, *(_whole(*parts[arg]) for arg in node.args), data=node.data)


def _whole(factor: Node | None, rest: Node) -> Node:
    return rest if factor is None else rest.graph.node("multiply", factor, rest)


def _number(op: str, one: Node | None, other: Node | None) -> Node | None:
    """Return the product or the quotient of two numbers; None stands for 1."""
    if other is None:
        return one
    if one is None:
        if op == "multiply":
            return other
        one = other.graph.constant(1.0)
    if one.is_constant and other.is_constant and not other.equals(0):
        return one.graph.constant(FOLDED[op](one.data, other.data))
    return one.graph.node(op, one, other)
