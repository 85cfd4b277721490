"""How sums and differences become simpler: `x * a + x * b` becomes `x * (a + b)`, for factors and for denominators."""

from __future__ import annotations

from collections.abc import Callable

from nnframe.formula.graph import Node, Shape
from nnframe.formula.products import factors, is_rows, scale, scaled, without


def add(x: Node, y: Node) -> Node | None:
    """Simplify x + y."""
    if x.equals(0) and x.shape <= y.shape:
        return y
    if y.equals(0):
        return x
    if x is y:
        return 2 * x
    if x.op == "negative":
        return y - x.args[0]
    if y.op == "negative":
        return x - y.args[0]
    if y.is_constant:
        return y + x
    if x.is_constant and y.op == "add" and y.args[0].is_constant:
        return (x + y.args[0]) + y.args[1]
    if x.is_constant and y.op == "subtract" and y.args[0].is_constant:
        return (x + y.args[0]) - y.args[1]
    return _shared(x, y, lambda a, b: a + b) or x.graph.find("add", y, x)


def subtract(x: Node, y: Node) -> Node | None:
    """Simplify x - y."""
    if y.equals(0):
        return x
    if x.equals(0) and x.shape <= y.shape:
        return -y
    if x is y:
        return x.graph.constant(0)
    if y.op == "negative":
        return x + y.args[0]
    if x.op == "negative":
        return -(x.args[0] + y)
    if y.is_constant and y.data != 0:
        return x.graph.constant(-y.data) + x
    if x.is_constant and y.op == "add" and y.args[0].is_constant:
        return (x - y.args[0]) - y.args[1]
    if x.is_constant and y.op == "subtract" and y.args[0].is_constant:
        return (x - y.args[0]) + y.args[1]
    if y.op == "subtract" and y.args[0] is x:
        return y.args[1]
    if x.op == "add" and y in x.args:
        return x.args[1] if x.args[0] is y else x.args[0]
    if y.op == "where" and x.op == "add" and any(arg in x.args for arg in y.args[1:]):
        c, yes, no = y.args
        return x.graph.simplified("where", c, x - yes, x - no)
    # 1 - x / (1 + x) is 1 / (1 + x), without the cancellation.
    if x.equals(1) and y.op == "divide" and y.args[1].op == "add" and y.args[0] in y.args[1].args:
        left, right = y.args[1].args
        return (right if left is y.args[0] else left) / y.args[1]
    return _shared(x, y, lambda a, b: a - b)


def _shared(x: Node, y: Node, combine: Callable[[Node, Node], Node]) -> Node | None:
    """Return the sum or difference of two products with what they have in common taken out."""
    number_x, rest_x = scale(x)
    number_y, rest_y = scale(y)
    if number_x is not None and number_x is number_y:
        return number_x * combine(rest_x, rest_y)
    if x.op == y.op == "divide" and x.args[1] is y.args[1]:
        return combine(x.args[0], y.args[0]) / x.args[1]
    # x - 2 x c is x (1 - 2 c), without a look at each factor of x, which may be many.
    if rest_x.op != "divide" and rest_y.op == "multiply" and rest_x in rest_y.args and not rest_x.is_constant:
        other = rest_y.args[1] if rest_y.args[0] is rest_x else rest_y.args[0]
        return rest_x * combine(_or_1(number_x, x), other if number_y is None else number_y * other)
    if rest_y.op != "divide" and rest_x.op == "multiply" and rest_y in rest_x.args and not rest_y.is_constant:
        other = rest_x.args[1] if rest_x.args[0] is rest_y else rest_x.args[0]
        return rest_y * combine(other if number_x is None else number_x * other, _or_1(number_y, x))
    theirs = factors(y)
    for factor in factors(x):
        if factor in theirs and not factor.is_constant:
            rest = combine(without(x, factor), without(y, factor))
            return factor * rest
    for this, other, flipped in ((x, y, False), (y, x, True)):
        # a / d * b and a * c share a.
        if other.op == "divide":
            shared = [each for each in factors(other.args[0]) if each in factors(this) and not each.is_constant]
            if shared:
                rest = without(other.args[0], shared[0]) / other.args[1]
                own = without(this, shared[0])
                return shared[0] * (combine(rest, own) if flipped else combine(own, rest))
    return None


def _or_1(number: Node | None, beside: Node) -> Node:
    return beside.graph.constant(1) if number is None else number


def negative(x: Node) -> Node | None:
    """Simplify -x."""
    if x.op == "negative":
        return x.args[0]
    if x.op == "subtract":
        return x.args[1] - x.args[0]
    if x.op == "add" and x.args[0].is_constant:
        return -x.args[0] - x.args[1]
    number, rest = scale(x)
    if number is not None:
        return scaled(-1 * number if number.is_constant else -number, rest)
    return None


def summed(x: Node, keepdims: bool) -> Node:
    """Return the sum of x over the components, with factors that are the same for a whole column moved out of it."""
    graph = x.graph
    if x.shape != Shape.FULL:
        rows = graph.size * x
        return rows if x.shape == Shape.SCALAR else _as_rows(rows, keepdims)
    number, rest = scale(x)
    if number is not None:
        return number * summed(rest, keepdims)
    for factor in factors(x):
        if is_rows(factor):
            return _as_rows(factor, keepdims) * summed(without(x, factor), keepdims)
        if factor.op == "divide" and is_rows(factor.args[1]) and factor not in graph.at_hand:
            rest = without(x, factor) * factor.args[0]
            return summed(rest, keepdims) / _as_rows(factor.args[1], keepdims)
    return graph.node("sum", x, data=keepdims)


def _as_rows(x: Node, keepdims: bool) -> Node:
    return x.graph.simplified("keep" if keepdims else "drop", x)
