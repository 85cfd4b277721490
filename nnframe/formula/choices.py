"""How choices, conditions and signs become simpler."""

from __future__ import annotations

from collections.abc import Callable

from nnframe.formula.graph import BOOL, Node, Shape
from nnframe.formula.products import factors, scale, without

NEGATED = {
    "greater": "less_equal",
    "less_equal": "greater",
    "less": "greater_equal",
    "greater_equal": "less",
    "equal": "not_equal",
    "not_equal": "equal",
}
# z where z > 0, else 0, is max(z, 0).
LIMITS = {"greater": "maximum", "greater_equal": "maximum", "less": "minimum", "less_equal": "minimum"}
MIRRORED = {
    "greater": "less",
    "less": "greater",
    "greater_equal": "less_equal",
    "less_equal": "greater_equal",
    "equal": "equal",
    "not_equal": "not_equal",
}


def where(c: Node, x: Node, y: Node) -> Node | None:
    """Simplify a choice."""
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
    if x.is_constant and y.equals(0):
        return x * graph.simplified("as_float", c)
    if y.is_constant and x.equals(0):
        return y * graph.simplified("as_float", ~c)
    if x.op == "where" and x.args[0] is c:
        return graph.simplified("where", c, x.args[1], y)
    if y.op == "where" and y.args[0] is c:
        return graph.simplified("where", c, x, y.args[2])
    if y.op == "where" and y.args[1] is x:
        return graph.simplified("where", c | y.args[0], x, y.args[2])
    if x.op == "where" and x.args[2] is y:
        return graph.simplified("where", c & x.args[0], x.args[1], y)
    if y.equals(0) and x is not y and c.args[1:] == (y,) and c.args[0] is x and c.op in LIMITS:
        return graph.simplified(LIMITS[c.op], x, y)
    return _sign_of_choice(c, x, y) or _clip(c, x, y) or _where_of_products(c, x, y)


def _sign_of_choice(c: Node, x: Node, y: Node) -> Node | None:
    """Return p for z > 0, q for z < 0 and their mean for z = 0 as a multiple of the sign of z and the mean."""
    if c.op != "greater" or not c.args[1].equals(0) or not x.is_constant:
        return None
    z, graph = c.args[0], c.graph
    if y.op == "as_float" or scale(y)[1].op == "as_float":
        # q * (z < 0), as a choice between q and 0 is written.
        number, mask = scale(y)
        condition, below, level = mask.args[0], number or graph.constant(1), graph.constant(0)
    elif y.op == "where" and y.args[1].is_constant and y.args[2].is_constant:
        condition, below, level = y.args
    else:
        return None
    below_zero = condition.op == "less" and condition.args[0] is z and condition.args[1].equals(0)
    if not below_zero or not below.is_constant or abs((x.data + below.data) / 2 - level.data) > 1e-15:
        return None
    return level + (x - level) * graph.simplified("sign", z)


def _clip(c: Node, x: Node, y: Node) -> Node | None:
    """Return z where |z| < k, else k or -k by its sign, as a clip."""
    if c.op not in ("less", "less_equal") or c.args[0].op != "absolute" or not c.args[1].is_constant:
        return None
    number, sign = scale(y)
    limit = c.args[1]
    if sign.op != "sign" or sign.args[0] is not x or c.args[0].args[0] is not x or limit.data <= 0:
        return None
    if (1.0 if number is None else number.data) != limit.data:
        return None
    return c.graph.simplified("clip", x, -limit, limit)


def _where_of_products(c: Node, x: Node, y: Node) -> Node | None:
    """Move a factor of both sides, or of the only side that isn't 0, out of a choice."""
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


def logical_not(x: Node) -> Node | None:
    """Simplify ~x."""
    if x.op == "logical_not":
        return x.args[0]
    return x.graph.simplified(NEGATED[x.op], *x.args) if x.op in NEGATED else None


def logical_and(x: Node, y: Node) -> Node | None:
    """Simplify x & y."""
    if x is y or (y.is_constant and y.data):
        return x
    if x.is_constant:
        return y if x.data else x
    return y if y.is_constant else None


def logical_or(x: Node, y: Node) -> Node | None:
    """Simplify x | y."""
    if x is y or (y.is_constant and not y.data):
        return x
    if x.is_constant:
        return x if x.data else y
    return y if y.is_constant else None


def absolute(x: Node) -> Node | None:
    """Simplify |x|."""
    if x.op == "absolute":
        return x
    return x.graph.simplified("absolute", x.args[0]) if x.op == "negative" else None


def sign(x: Node) -> Node | None:
    """Simplify sign(x)."""
    number, rest = scale(x)
    if number is None or not number.is_constant or number.equals(0):
        return None
    simple = x.graph.simplified("sign", rest)
    return simple if number.data > 0 else -simple


def as_float(x: Node) -> Node | None:
    """Simplify a condition as a number."""
    if x.kind != BOOL:
        return x
    return x.graph.constant(float(x.data)) if x.is_constant else None


def compared(op: str) -> Callable[[Node, Node], Node | None]:
    """Return the rule of a comparison."""

    def rule(x: Node, y: Node) -> Node | None:
        graph = x.graph
        if x.is_constant:
            return graph.simplified(MIRRORED[op], y, x)
        if y.is_constant:
            return _compared_with_number(op, x, y)
        # 0.5 x > -0.5 x is x > 0.
        number_x, rest_x = scale(x)
        number_y, rest_y = scale(y)
        if rest_x is rest_y and (number_x or number_y):
            difference = (number_x or graph.constant(1)) - (number_y or graph.constant(1))
            if difference.is_constant and difference.data != 0:
                zero = graph.constant(0)
                return graph.simplified(op if difference.data > 0 else MIRRORED[op], rest_x, zero)
        return None

    return rule


def _compared_with_number(op: str, x: Node, y: Node) -> Node | None:
    """Move what is added to x, or multiplied by it, to the other side of a comparison."""
    graph = x.graph
    number, rest = scale(x)
    if number is not None and number.is_constant and number.data != 0:
        return graph.simplified(op if number.data > 0 else MIRRORED[op], rest, y / number + 0.0)
    if x.op == "add" and x.args[0].is_constant:
        return graph.simplified(op, x.args[1], y - x.args[0])
    if x.op == "subtract" and x.args[0].is_constant:
        return graph.simplified(MIRRORED[op], x.args[1], x.args[0] - y)
    return None
