"""Derivatives of a recorded formula, as further nodes.

Where outputs depend on single inputs, slopes are taken forwards, from the argument to the result: then np.where selects
a slope, and no infinity is ever multiplied by the 0 of a branch not taken. Only across sums, means, maxima and minima
over the components does the derivative go backwards, because one number there depends on all components.

Source: A. Griewank and A. Walther, "Evaluating derivatives", 2nd edition, SIAM 2008, chapters 3 and 14.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from nnframe.arrays import FLOAT64
from nnframe.formula.graph import (
    COMPARISONS,
    LOGIC,
    REDUCTIONS,
    SPREAD,
    Graph,
    Node,
    Shape,
    depends,
    reachable,
    rebuilt,
)
from nnframe.formula.operands import node_of
from nnframe.formula.operations import FLAT, PARTIAL_SLOPES, SLOPES, Slope
from nnframe.formula.recording import SIZES, Recording
from nnframe.formula.sums import summed
from nnframe.formula.symbol import Symbol

# The slope of an operation where its two pieces meet. "plain" is what is usual: 0 for abs, that of the constant for
# max(x, constant), the mean otherwise. "upper" and "lower" are those of the piece for larger and smaller arguments.
Tie: TypeAlias = Literal["plain", "upper", "lower"]
# What has ties; a choice by np.where has the slope of the branch that its author chose.
WITH_TIES = frozenset(("absolute", "maximum", "minimum", "fmax", "fmin", "clip"))

NO_SLOPE = FLAT | COMPARISONS | LOGIC | REDUCTIONS | frozenset(("is_at",))


def tangents(nodes: list[Node], leaf: Node, ties: Mapping[Node, Tie]) -> dict[Node, Node]:
    """Return the slope of each node with respect to a leaf, without those that are 0.

    Parameters
    ----------
    nodes : list of Node
        Arguments first, as `reachable` has them.
    leaf : Node
        An input, a parameter, or a reduction; what the reduction is made of doesn't count here.
    ties : mapping of Node to Tie
        Where it isn't "plain".
    """
    found = {leaf: leaf.graph.constant(1)}
    for node in nodes:
        if node is leaf or node.op in NO_SLOPE or not any(arg in found for arg in node.args):
            continue
        slope = _selected(node, found, ties.get(node, "plain")) if node.op in _SELECTED else _linear(node, found)
        if slope is not None and not slope.equals(0):
            found[node] = slope
    return found


def _linear(f: Node, found: Mapping[Node, Node]) -> Node | None:
    """Return the sum of the slopes with respect to the arguments, times theirs."""
    total: Node | None = None
    for i, arg in enumerate(f.args):
        if arg not in found:
            continue
        slope: Slope
        if f.op == "call":
            slope = _stated(f, i)
        elif f.op in SLOPES:
            slope = SLOPES[f.op](f, arg)
        else:
            slope = PARTIAL_SLOPES[f.op][i](f, *f.args)
        term = found[arg] * slope
        total = term if total is None else total + term
    return total


def _stated(f: Node, i: int) -> Node:
    """Return the slope that the author of a function states, recorded like any formula."""
    recording = Recording(*SIZES[0], FLOAT64, f.graph)
    stated = f.data.slopes[i](*(Symbol(recording, node) for node in (*f.args, f)))
    (simple,) = specialized((node_of(recording, stated),), {}, f.graph)
    return simple


def _selected(f: Node, found: Mapping[Node, Node], tie: Tie) -> Node | None:
    zero = f.graph.constant(0)
    slopes = [found.get(arg, zero) for arg in f.args]
    return _SELECTED[f.op](f, slopes, tie)


def _where(f: Node, slopes: list[Node], tie: Tie) -> Node:
    return f.graph.simplified("where", f.args[0], slopes[1], slopes[2])


def _absolute(f: Node, slopes: list[Node], tie: Tie) -> Node:
    x, (dx,) = f.args[0], slopes
    if tie == "plain":
        return f.graph.simplified("sign", x) * dx
    return f.graph.simplified("where", x >= 0 if tie == "upper" else x > 0, dx, -dx)


# The comparison by which the first of two arguments is the one that an operation returns.
WINS: dict[str, dict[Tie, str]] = {
    "maximum": {"plain": "greater", "upper": "greater_equal", "lower": "greater"},
    "minimum": {"plain": "less", "upper": "less", "lower": "less_equal"},
}
WINS |= {"fmax": WINS["maximum"], "fmin": WINS["minimum"]}


def _extreme(f: Node, slopes: list[Node], tie: Tie) -> Node:
    """Return the slope of max(x, y) or min(x, y)."""
    (x, y), (dx, dy), graph, wins = f.args, slopes, f.graph, WINS[f.op][tie]
    x_wins = graph.simplified(wins, x, y)
    if tie != "plain" or dy.equals(0):
        return graph.simplified("where", x_wins, dx, dy)
    y_wins = graph.simplified(wins, y, x)
    if dx.equals(0):
        return graph.simplified("where", y_wins, dy, dx)
    return graph.simplified("where", x_wins, dx, graph.simplified("where", y_wins, dy, (dx + dy) / 2))


def _clip(f: Node, slopes: list[Node], tie: Tie) -> Node:
    x, low, high = f.args
    dx, dlow, dhigh = slopes
    graph = f.graph
    within = (x > low) & (x < high) if tie == "plain" else (x >= low) & (x <= high)
    if dlow.equals(0) and dhigh.equals(0):
        return graph.simplified("where", within, dx, dlow)
    return graph.simplified("where", within, dx, graph.simplified("where", x >= high, dhigh, dlow))


_SELECTED: dict[str, Callable[[Node, list[Node], Tie], Node]] = {
    "where": _where,
    "absolute": _absolute,
    "maximum": _extreme,
    "minimum": _extreme,
    "fmax": _extreme,
    "fmin": _extreme,
    "clip": _clip,
}


def is_elementwise(result: Node, wrt: Node) -> bool:
    """Whether each number of a result depends on one number of an argument alone."""
    nodes = reachable([result])
    return not any(node.op in REDUCTIONS for node in depends(nodes, wrt)) and result.shape <= Shape.FULL


def slope(result: Node, wrt: Node, ties: Mapping[Node, Tie]) -> Node:
    """Return f'(x) of a formula that is element-wise in x."""
    return tangents(reachable([result]), wrt, ties).get(result, wrt.graph.constant(0))


# Whether the derivative of something with respect to a reduction is 0, as sums of terms that cancel may be.
Cancels: TypeAlias = Callable[[list[Node]], bool]


def pulled_back(
    result: Node, grad: Node, wrt: Node, ties: Mapping[Node, Tie], cancels: Cancels = lambda terms: False
) -> Node:
    """Return the derivative of the sum of grad * result with respect to an argument or a parameter.

    Parameters
    ----------
    result : Node
    grad : Node
        Of result's shape, or a number.
    wrt : Node
    ties : mapping of Node to Tie
    cancels : callable
        ``cancels(terms) -> bool``: whether nodes add up to 0, whatever the inputs. A shift by the maximum, for one,
        contributes nothing.
    """
    nodes = reachable([result])
    moving = depends(nodes, wrt)
    reductions = [node for node in nodes if node.op in REDUCTIONS and node in moving]
    terms: dict[Node, list[Node]] = {leaf: [] for leaf in (wrt, *reductions)}

    def spread(root: Node, g: Node) -> None:
        inner = reachable_within(root, set(reductions))
        for leaf in (wrt, *reductions):
            if leaf in inner:
                t = tangents([node for node in nodes if node in inner], leaf, ties).get(root)
                if t is not None:
                    terms[leaf].append(_folded(g * t, root.shape, leaf.shape))

    if result in terms and result is not wrt:
        terms[result].append(grad)
    else:
        spread(result, grad)
    for node in reversed(reductions):
        if not terms[node] or cancels(terms[node]):
            continue
        g, x = _total(terms[node]), node.args[0]
        if node.op == "sum":
            spread(x, g)
        elif node.op == "mean":
            spread(x, g / x.graph.size)
        elif node.op in ("max", "min"):
            spread(x, _at_the_extreme(node, x, g))
    return _total(terms[wrt]) if terms[wrt] else wrt.graph.constant(0)


def reachable_within(root: Node, borders: set[Node]) -> set[Node]:
    """Return what a node is made of, up to borders; a border is among it, and what it is made of isn't."""
    found: set[Node] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack.extend(() if node in borders else node.args)
    return found


def _at_the_extreme(node: Node, x: Node, g: Node) -> Node:
    """Return g where x is the largest or smallest of its column, shared among those that are equal."""
    graph = node.graph
    is_extreme = graph.simplified("equal", x, node)
    share = graph.node("sum", graph.simplified("as_float", is_extreme), data=node.data)
    return graph.simplified("where", is_extreme, g / share, graph.constant(0))


def _folded(term: Node, shape: Shape, leaf_shape: Shape) -> Node:
    """Return a term of a result of a shape, summed to the shape of what it is the derivative by."""
    if leaf_shape == Shape.FULL or shape < Shape.FULL:
        return term
    return summed(term, keepdims=leaf_shape == Shape.KEPT)


def _total(terms: list[Node]) -> Node:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def specialized(roots: tuple[Node, ...], settings: Mapping[str, float], graph: Graph) -> list[Node]:
    """Return formulas with numbers in place of parameters, on a graph that simplifies.

    Parameters
    ----------
    roots : tuple of Node
    settings : mapping of str to number
        Those that aren't there stay parameters.
    graph : Graph
    """

    def build(node: Node, args: tuple[Node, ...]) -> Node:
        if node.op == "parameter" and node.data in settings:
            return graph.constant(float(settings[node.data]))
        if not args:
            return graph.leaf(node)
        simple = graph.simplified(node.op, *args, data=node.data)
        # 0 * z is 0, and still an array.
        return simple if simple.shape == node.shape else graph.node(SPREAD[node.shape], simple)

    return rebuilt(roots, build)
