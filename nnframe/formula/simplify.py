"""Algebra: what is added to 0, multiplied by 1 or factored out makes derived formulas as short as those by hand.

Each rule takes the arguments of an operation and returns a simpler node of the same value, or None. A product has its
number first, `2 * x`; sums share factors and denominators, `x * a + x * b` becomes `x * (a + b)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nnframe.formula.graph import BOOL, COMPARISONS, Graph, Node, Shape
from nnframe.formula.operations import folded

NEGATED = {
    "greater": "less_equal",
    "less_equal": "greater",
    "less": "greater_equal",
    "greater_equal": "less",
    "equal": "not_equal",
    "not_equal": "equal",
}


def simplified_graph() -> Graph:
    """Return an empty graph whose nodes simplify themselves."""
    return Graph(rewrite)


def rewrite(op: str, args: tuple[Node, ...], data: Any) -> Node | None:
    """Return a simpler node for an operation, or None."""
    graph = args[0].graph if args else None
    if graph is None:
        return None
    if all(arg.is_constant for arg in args):
        value = folded(op, args, data)
        if value is not None:
            return graph.constant(value)
    rule = RULES.get(op)
    return rule(*args) if rule else None


def scale(node: Node) -> tuple[Node | None, Node]:
    """Return a product's number and the rest: (2, x) of 2 x, (-1, x) of -x, (None, x) of x."""
    if node.op == "negative":
        return node.graph.constant(-1), node.args[0]
    if node.op == "multiply" and node.args[0].shape == Shape.SCALAR < node.shape:
        return node.args[0], node.args[1]
    return None, node


def scaled(number: Node | None, node: Node) -> Node:
    """Return a number times a node that has none."""
    if number is None or number.equals(1):
        return node
    if number.equals(-1):
        return node.graph.node("negative", node)
    if number.equals(0):
        return number
    if node.is_constant:
        return number * node
    return node.graph.node("multiply", number, node)


def factors(node: Node) -> list[Node]:
    """Return what a product is made of."""
    if node.op == "multiply":
        return [*factors(node.args[0]), *factors(node.args[1])]
    return [node]


def without(node: Node, factor: Node) -> Node:
    """Return a product without one of its factors."""
    if node is factor:
        return node.graph.constant(1)
    left, right = node.args
    if factor in factors(left):
        return without(left, factor) * right
    return left * without(right, factor)


def is_rows(node: Node) -> bool:
    """Whether there is one number for each column."""
    return node.shape in (Shape.ROW, Shape.KEPT)


def _multiply(x: Node, y: Node) -> Node | None:
    graph = x.graph
    if x.equals(0) or y.equals(0):
        return graph.constant(0)
    if x.equals(1):
        return y
    if y.equals(1):
        return x
    if x.shape == y.shape == Shape.SCALAR:
        return _scalar_product(x, y)
    number_x, rest_x = (x, None) if x.shape == Shape.SCALAR else scale(x)
    number_y, rest_y = (y, None) if y.shape == Shape.SCALAR else scale(y)
    if number_x is not None or number_y is not None:
        if rest_x is None or rest_y is None:
            rest = rest_x or rest_y
            assert rest is not None
        else:
            rest = rest_x * rest_y
        number = number_x * number_y if number_x is not None and number_y is not None else number_x or number_y
        inner, rest = scale(rest)
        if inner is not None and number is not None:
            number = number * inner
        simple = scaled(number, rest)
        return None if simple.op == "multiply" and simple.args == (x, y) else simple
    for this, other in ((x, y), (y, x)):
        if this.op == "divide" and this.args[0].equals(1):
            return other / this.args[1]
        if this.op == "sign" and other.op == "absolute" and this.args == other.args:
            return this.args[0]
        # X / S * e is X * (e / S), where e / S is at hand.
        if this.op == "divide" and is_rows(this) and (known := graph.find("divide", other, this.args[1])):
            return this.args[0] * known
    if x.op == y.op == "as_float" and x.args[0].kind == y.args[0].kind == BOOL:
        return graph.simplified("as_float", x.args[0] & y.args[0])
    if y.shape < x.shape:
        x, y = y, x
        return x * y
    # The numbers of columns first, for they are few.
    if is_rows(x) and y.op == "multiply" and is_rows(y.args[0]) and y.args[1].shape == Shape.FULL:
        return (x * y.args[0]) * y.args[1]
    return None


def _scalar_product(x: Node, y: Node) -> Node | None:
    if y.is_constant and not x.is_constant:
        return y * x
    if x.is_constant and y.op == "multiply" and y.args[0].is_constant:
        return (x * y.args[0]) * y.args[1]
    if y.op == "divide" and y.args[0].is_constant:
        return (x * y.args[0]) / y.args[1]
    if x.op == "divide" and x.args[0].is_constant and not y.is_constant:
        return (y * x.args[0]) / x.args[1]
    return None


def _divide(x: Node, y: Node) -> Node | None:
    if x.equals(0):
        return x
    if y.equals(1):
        return x
    if x is y:
        return x.graph.constant(1)
    if y.shape == Shape.SCALAR:
        if x.shape == Shape.SCALAR:
            return None
        return (1 / y) * x
    number_x, rest_x = (x, None) if x.shape == Shape.SCALAR and not x.equals(1) else scale(x)
    number_y, rest_y = scale(y)
    if number_x is not None or number_y is not None:
        rest = (x.graph.constant(1) if rest_x is None else rest_x) / rest_y
        number = number_x if number_x is not None else x.graph.constant(1)
        if number_y is not None:
            number = number / number_y
        inner, rest = scale(rest)
        return scaled(number * inner if inner is not None else number, rest)
    if y.op == "divide" and y.args[0].equals(1):
        return x * y.args[1]
    if x.equals(1) and y.op == "divide":
        return y.args[1] / y.args[0]
    if x.op == "multiply" and y in factors(x):
        return without(x, y)
    if x.op == "multiply" and is_rows(x.args[0]) and is_rows(y) and x.args[1].shape == Shape.FULL:
        return (x.args[0] / y) * x.args[1]
    return None


def _add(x: Node, y: Node) -> Node | None:
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
    return _shared(x, y, lambda a, b: a + b)


def _subtract(x: Node, y: Node) -> Node | None:
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


def _negative(x: Node) -> Node | None:
    if x.op == "negative":
        return x.args[0]
    if x.op == "subtract":
        return x.args[1] - x.args[0]
    number, rest = scale(x)
    if number is not None:
        return scaled(-1 * number if number.is_constant else -number, rest)
    return None


def _where(c: Node, x: Node, y: Node) -> Node | None:
    graph = c.graph
    if c.is_constant:
        return x if c.data else y
    if x is y:
        return x
    if c.op == "logical_not":
        return graph.simplified("where", c.args[0], y, x)
    if x.kind == y.kind == BOOL:
        return None
    if x.equals(1) and y.equals(0):
        return graph.simplified("as_float", c)
    if x.equals(0) and y.equals(1):
        return graph.simplified("as_float", ~c)
    if x.op == "where" and x.args[0] is c:
        return graph.simplified("where", c, x.args[1], y)
    if y.op == "where" and y.args[0] is c:
        return graph.simplified("where", c, x, y.args[2])
    if y.op == "where" and y.args[1] is x:
        return graph.simplified("where", c | y.args[0], x, y.args[2])
    if x.op == "where" and x.args[2] is y:
        return graph.simplified("where", c & x.args[0], x.args[1], y)
    return _where_of_products(c, x, y)


def _where_of_products(c: Node, x: Node, y: Node) -> Node | None:
    """Take what both sides have in common, or the only one that isn't 0 has, out of a choice."""
    graph = c.graph
    if x.is_constant and y.is_constant:
        return None
    number_x, rest_x = scale(x)
    number_y, rest_y = scale(y)
    if y.equals(0) and number_x is not None:
        return number_x * graph.simplified("where", c, rest_x, y)
    if x.equals(0) and number_y is not None:
        return number_y * graph.simplified("where", c, x, rest_y)
    if number_x is not None and number_x is number_y:
        return number_x * graph.simplified("where", c, rest_x, rest_y)
    if x.op == y.op == "divide" and x.args[1] is y.args[1]:
        return graph.simplified("where", c, x.args[0], y.args[0]) / x.args[1]
    for factor in factors(x):
        if factor in factors(y) and factor.shape >= Shape.ROW:
            return factor * graph.simplified("where", c, without(x, factor), without(y, factor))
    return None


def _power(x: Node, y: Node) -> Node | None:
    if not y.is_constant:
        return None
    exponents: dict[float, Callable[[], Node]] = {
        0: lambda: x.graph.constant(1),
        1: lambda: x,
        2: lambda: x * x,
        3: lambda: x * x * x,
        0.5: lambda: x.graph.simplified("sqrt", x),
        -1: lambda: 1 / x,
    }
    return exponents[y.data]() if y.data in exponents else None


def _not(x: Node) -> Node | None:
    if x.op == "logical_not":
        return x.args[0]
    return x.graph.simplified(NEGATED[x.op], *x.args) if x.op in NEGATED else None


def _and(x: Node, y: Node) -> Node | None:
    if x is y or (y.is_constant and y.data):
        return x
    if x.is_constant:
        return y if x.data else x
    return y if y.is_constant else None


def _or(x: Node, y: Node) -> Node | None:
    if x is y or (y.is_constant and not y.data):
        return x
    if x.is_constant:
        return x if x.data else y
    return y if y.is_constant else None


def _absolute(x: Node) -> Node | None:
    if x.op == "absolute":
        return x
    return x.graph.simplified("absolute", x.args[0]) if x.op == "negative" else None


def _sign(x: Node) -> Node | None:
    return -x.graph.simplified("sign", x.args[0]) if x.op == "negative" else None


def _as_float(x: Node) -> Node | None:
    if x.kind != BOOL:
        return x
    return x.graph.constant(float(x.data)) if x.is_constant else None


def _compared(op: str) -> Callable[[Node, Node], Node | None]:
    mirrored = {"greater": "less", "less": "greater", "greater_equal": "less_equal", "less_equal": "greater_equal"}

    def rule(x: Node, y: Node) -> Node | None:
        # A number stands on the right.
        if x.is_constant and not y.is_constant:
            return x.graph.simplified(mirrored.get(op, op), y, x)
        return None

    return rule


RULES: dict[str, Callable[..., Node | None]] = {
    "multiply": _multiply,
    "divide": _divide,
    "add": _add,
    "subtract": _subtract,
    "negative": _negative,
    "where": _where,
    "power": _power,
    "logical_not": _not,
    "logical_and": _and,
    "logical_or": _or,
    "absolute": _absolute,
    "sign": _sign,
    "as_float": _as_float,
    "keep": lambda x: x.args[0] if x.op == "drop" else x if x.shape == Shape.KEPT else None,
    "drop": lambda x: x.args[0] if x.op == "keep" else x if x.shape == Shape.ROW else None,
    **{op: _compared(op) for op in COMPARISONS},
}


def summed(x: Node, keepdims: bool) -> Node:
    """Return the sum of x over the components, with what is the same for a whole column taken out of it."""
    graph = x.graph
    if x.shape != Shape.FULL:
        rows = graph.size * x
        return rows if x.shape == Shape.SCALAR else _as_rows(rows, keepdims)
    number, rest = scale(x)
    if number is not None:
        return number * summed(rest, keepdims)
    if x.op == "multiply" and is_rows(x.args[0]):
        return _as_rows(x.args[0], keepdims) * summed(x.args[1], keepdims)
    if x.op == "divide" and is_rows(x.args[1]):
        return summed(x.args[0], keepdims) / _as_rows(x.args[1], keepdims)
    return graph.node("sum", x, data=keepdims)


def _as_rows(x: Node, keepdims: bool) -> Node:
    return x.graph.simplified("keep" if keepdims else "drop", x)
