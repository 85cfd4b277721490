"""How products, quotients and powers become simpler. A product has its number first, `2 * x`."""

from __future__ import annotations

from collections.abc import Callable

from nnframe.formula.graph import BOOL, Node, Shape


def scale(node: Node) -> tuple[Node | None, Node]:
    """Return a product's number and the rest: (2, x) of 2 x, (-1, x) of -x, (None, x) of x."""
    if node.op == "negative":
        number, rest = scale(node.args[0])
        return (node.graph.constant(-1), rest) if number is None else (-1 * number, rest)
    if node.op == "multiply" and node.args[0].shape == Shape.SCALAR < node.shape:
        return node.args[0], node.args[1]
    return None, node


def scaled(number: Node | None, node: Node) -> Node:
    """Return a number times a node that has none."""
    if number is None or number.equals(1):
        return node
    if number.equals(-1):
        return node.graph.node("negative", node)
    if number.op == "negative":
        return node.graph.node("negative", scaled(number.args[0], node))
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


def multiply(x: Node, y: Node) -> Node | None:
    """Simplify x * y."""
    if x.equals(0) or y.equals(0):
        return x.graph.constant(0)
    if x.equals(1):
        return y
    if y.equals(1):
        return x
    if x.shape == y.shape == Shape.SCALAR:
        return _scalar_product(x, y)
    return _scaled_product(x, y) or _special_product(x, y) or _special_product(y, x) or _ordered(x, y)


def _scalar_product(x: Node, y: Node) -> Node | None:
    if y.is_constant and not x.is_constant:
        return y * x
    if x.equals(-1):
        return y.args[0] if y.op == "negative" else y.graph.node("negative", y)
    if x.is_constant and y.op == "multiply" and y.args[0].is_constant:
        return (x * y.args[0]) * y.args[1]
    if y.op == "divide" and y.args[0].is_constant:
        return (x * y.args[0]) / y.args[1]
    if x.op == "divide" and x.args[0].is_constant and not y.is_constant:
        return (y * x.args[0]) / x.args[1]
    return None


def _scaled_product(x: Node, y: Node) -> Node | None:
    """Bring all numbers of a product to its front."""
    number_x, rest_x = (x, None) if x.shape == Shape.SCALAR else scale(x)
    number_y, rest_y = (y, None) if y.shape == Shape.SCALAR else scale(y)
    if number_x is None and number_y is None:
        return None
    rest = rest_x * rest_y if rest_x is not None and rest_y is not None else rest_x or rest_y
    assert rest is not None
    number = number_x * number_y if number_x is not None and number_y is not None else number_x or number_y
    inner, rest = scale(rest)
    if inner is not None and number is not None:
        number = number * inner
    simple = scaled(number, rest)
    return None if simple.op == "multiply" and simple.args == (x, y) else simple


def _special_product(x: Node, y: Node) -> Node | None:
    """Simplify products in which x is a quotient, a sign or a mask."""
    graph = x.graph
    if x.shape == Shape.SCALAR:
        return None
    if x.op == "divide" and (over := _in_place_of_1(x, y)):
        return over
    # X / S * e is X * (e / S), where e / S is at hand.
    if x.op == "divide" and is_rows(x):
        known = graph.find("divide", y, x.args[1])
        # Where X / S and e / S are both numbers of columns, the older one stays, or they would take turns.
        if known is not None and (not is_rows(known) or known.index < x.index):
            return x.args[0] * known
    if x.op == "sign":
        return _signed(x, y)
    masked = _masked(x)
    if masked is not None and any(_vanishes(each, masked[0]) for each in factors(y)):
        return masked[1] * y
    if x.op == y.op == "as_float" and x.args[0].kind == y.args[0].kind == BOOL:
        return graph.simplified("as_float", x.args[0] & y.args[0])
    return None


def _in_place_of_1(quotient: Node, x: Node) -> Node | None:
    """Return x / s / s for 1 / s / s."""
    if quotient.op != "divide":
        return None
    over, under = quotient.args
    above = x if over.equals(1) else _in_place_of_1(over, x)
    return None if above is None else above / under


def _signed(sign: Node, y: Node) -> Node | None:
    """Return sign(x) x as |x| and sign(x) |x| as x, also where these are factors or numerators."""
    if y.op == "divide":
        inner = _signed(sign, y.args[0])
        return None if inner is None else inner / y.args[1]
    x = sign.args[0]
    size = sign.graph.find("absolute", x)
    for factor in factors(y):
        if factor is x or factor is size:
            return without(y, factor) * (x if factor is size else sign.graph.simplified("absolute", x))
    return None


def _masked(x: Node) -> tuple[Node, Node] | None:
    """Return the condition and the value of where(condition, value, 0), or None."""
    if x.op == "as_float" and x.args[0].kind == BOOL:
        return x.args[0], x.graph.constant(1)
    if x.op == "where" and x.args[2].equals(0):
        return x.args[0], x.args[1]
    return None


def _vanishes(x: Node, condition: Node) -> bool:
    """Whether max(x, 0) stands beside the condition x > 0, which it makes superfluous."""
    comparisons = {"maximum": ("greater", "greater_equal"), "minimum": ("less", "less_equal")}.get(x.op, ())
    return any(
        x.args[1].equals(0) and condition is x.graph.simplified(comparison, x.args[0], x.args[1])
        for comparison in comparisons
    )


def _ordered(x: Node, y: Node) -> Node | None:
    """Put the smaller array first, and numbers of columns together, because there are few of them."""
    if y.shape < x.shape:
        return y * x
    if is_rows(x) and y.op == "multiply" and is_rows(y.args[0]) and y.args[1].shape == Shape.FULL:
        return (x * y.args[0]) * y.args[1]
    return x.graph.find("multiply", y, x)


def divide(x: Node, y: Node) -> Node | None:
    """Simplify x / y."""
    if x.equals(0) or y.equals(1):
        return x
    if x is y:
        return x.graph.constant(1)
    if y.shape == Shape.SCALAR:
        return None if x.shape == Shape.SCALAR else (1 / y) * x
    number_x, rest_x = scale(x)
    if x.shape == Shape.SCALAR and not x.equals(1):
        number_x, rest_x = x, x.graph.constant(1)
    number_y, rest_y = scale(y)
    if number_x is not None or number_y is not None:
        number = x.graph.constant(1) if number_x is None else number_x
        own, rest = scale(rest_x / rest_y)
        number = number if number_y is None else number / number_y
        return scaled(number if own is None else number * own, rest)
    if y.op == "divide" and y.args[0].equals(1):
        return x * y.args[1]
    if x.equals(1) and y.op == "divide":
        return y.args[1] / y.args[0]
    if x.op == "multiply" and y in factors(x):
        return without(x, y)
    if x.op == "multiply" and is_rows(x.args[0]) and is_rows(y) and x.args[1].shape == Shape.FULL:
        return (x.args[0] / y) * x.args[1]
    return None


def power(x: Node, y: Node) -> Node | None:
    """Simplify x ** y for the exponents that numpy has faster functions for."""
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
