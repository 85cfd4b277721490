"""Logarithms that needn't be taken: of exp(u) it is u, and of softmax's outputs it is z minus one number per column.

That is what makes a loss of log a stable behind an activation that computes a from exponentials. Nothing overflows, and
no output that rounds to 0 or 1 loses what the loss would see of it.
"""

from __future__ import annotations

from nnframe.formula.graph import Node, rebuilt
from nnframe.formula.intervals import UNKNOWN, Intervals


def without_logarithms(root: Node, output: Node) -> Node:
    """Return a loss of an activation's output without the logarithms that can be resolved.

    Parameters
    ----------
    root : Node
    output : Node
        Part of root.

    Returns
    -------
    Node
        The same node if there is nothing to resolve.
    """
    bounds = Intervals(UNKNOWN)
    graph = root.graph
    outputs = (output, graph.node("floored", output))

    def build(node: Node, args: tuple[Node, ...]) -> Node:
        if node.op == "log":
            known = _log(args[0], bounds)
            if known is not None:
                if args[0] in outputs:
                    graph.exponentials[known] = output
                return known
        if node.op == "subtract" and args[0].equals(1) and args[1] in outputs:
            return _complement(output, bounds) or node
        if node.op == "add" and args[0].equals(1) and args[1].op == "negative" and args[1].args[0] in outputs:
            return _complement(output, bounds) or node
        return node if args == node.args else graph.simplified(node.op, *args, data=node.data)

    return rebuilt([root], build)[0]


def _log(x: Node, bounds: Intervals) -> Node | None:
    """Return log x without the logarithm of an exponential; None if it has none."""
    graph = x.graph
    if x.op == "exp":
        return x.args[0]
    if x.op == "floored":
        # Without a number that could round to 0, there is no need for a floor.
        return _log(x.args[0], bounds)
    if x.op in ("multiply", "divide"):
        left, right = (_log(arg, bounds) for arg in x.args)
        if left is None and right is None:
            return None
        left = _plain_log(x.args[0], bounds) if left is None else left
        right = _plain_log(x.args[1], bounds) if right is None else right
        if left is None or right is None:
            return None
        return left + right if x.op == "multiply" else left - right
    if x.op == "where":
        yes, no = (_log(arg, bounds) or _plain_log(arg, bounds) for arg in x.args[1:])
        exponential = any(arg.op == "exp" for arg in x.args[1:])
        return graph.simplified("where", x.args[0], yes, no) if exponential and yes and no else None
    if x.op == "power" and x.args[1].is_constant:
        inner = _log(x.args[0], bounds)
        return None if inner is None else x.args[1] * inner
    # sigmoid, written as 1 / (1 + exp(-z)), has its exponential below.
    if x.op == "add" and x.args[0].equals(1) and bounds[x.args[1]][0] >= 0:
        return _log_of_1_and(x.args[1], bounds)
    return None


def _log_of_1_and(x: Node, bounds: Intervals) -> Node:
    """Return log(1 + x), which for x = exp(u) is max(u, 0) + log(1 + exp(-|u|)), because exp(u) may overflow."""
    graph = x.graph
    if x.op != "exp" or bounds[x.args[0]][1] <= 0:
        return graph.simplified("log1p", x)
    u = x.args[0]
    small = graph.simplified("exp", -graph.simplified("absolute", u))
    return graph.simplified("maximum", u, graph.constant(0)) + graph.simplified("log1p", small)


def _plain_log(x: Node, bounds: Intervals) -> Node | None:
    """Return log x for what is never negative; None for what may be."""
    return x.graph.simplified("log", x) if bounds[x][0] >= 0 else None


def _complement(a: Node, bounds: Intervals) -> Node | None:
    """Return 1 - a without the cancellation near a = 1; None if there is no such form."""
    if a.op == "divide":
        rest = a.args[1] - a.args[0]
        if rest.op != "subtract" and bounds[rest][0] >= 0:
            return rest / a.args[1]
    log = _log(a, bounds)
    return None if log is None else -a.graph.simplified("expm1", log)
