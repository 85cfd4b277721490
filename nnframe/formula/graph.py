"""A formula as a graph: each node is an operation on earlier nodes, and equal nodes are one.

A graph belongs to one recording and is thrown away with it. Nothing here is global, so that recordings neither leak nor
disturb each other in threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Any, TypeAlias

Number: TypeAlias = "int | float"


class Shape(IntEnum):
    """The four possible shapes, for columns of n components in a batch of B; two shapes broadcast to the larger one.

    Names are those of the axes: FULL is (n, B), KEPT is (1, B) as a sum with keepdims leaves it, ROW is (B,).
    """

    SCALAR = 0
    ROW = 1
    KEPT = 2
    FULL = 3


# Kinds of numbers: real ones, truth values, and positions in a column, as argmax returns them.
FLOAT, BOOL, INDEX = "float", "bool", "index"

# Nodes without arguments.
INPUT, PARAMETER, CONSTANT, SIZE = "input", "parameter", "constant", "size"


class Node:
    """An operation on other nodes of the same graph. Python's operators on nodes build simplified nodes.

    Attributes
    ----------
    graph : Graph
    op : str
        The operation's name, in most cases that of numpy's function.
    args : tuple of Node
    data : object
        A constant's value, an input's or a parameter's name.
    shape : Shape
    kind : {"float", "bool", "index"}
    index : int
        The position in the graph; arguments come before what is made of them.
    """

    __slots__ = ("args", "data", "graph", "index", "kind", "op", "shape")

    def __init__(
        self, graph: Graph, op: str, args: tuple[Node, ...], data: Any, shape: Shape, kind: str, index: int
    ) -> None:
        self.graph = graph
        self.op = op
        self.args = args
        self.data = data
        self.shape = shape
        self.kind = kind
        self.index = index

    def __add__(self, other: Node | Number) -> Node:
        return self.graph.simplified("add", self, other)

    def __radd__(self, other: Number) -> Node:
        return self.graph.simplified("add", other, self)

    def __sub__(self, other: Node | Number) -> Node:
        return self.graph.simplified("subtract", self, other)

    def __rsub__(self, other: Number) -> Node:
        return self.graph.simplified("subtract", other, self)

    def __mul__(self, other: Node | Number) -> Node:
        return self.graph.simplified("multiply", self, other)

    def __rmul__(self, other: Number) -> Node:
        return self.graph.simplified("multiply", other, self)

    def __truediv__(self, other: Node | Number) -> Node:
        return self.graph.simplified("divide", self, other)

    def __rtruediv__(self, other: Number) -> Node:
        return self.graph.simplified("divide", other, self)

    def __pow__(self, other: Node | Number) -> Node:
        return self.graph.simplified("power", self, other)

    def __neg__(self) -> Node:
        return self.graph.simplified("negative", self)

    def __gt__(self, other: Node | Number) -> Node:
        return self.graph.simplified("greater", self, other)

    def __ge__(self, other: Node | Number) -> Node:
        return self.graph.simplified("greater_equal", self, other)

    def __lt__(self, other: Node | Number) -> Node:
        return self.graph.simplified("less", self, other)

    def __le__(self, other: Node | Number) -> Node:
        return self.graph.simplified("less_equal", self, other)

    def __and__(self, other: Node) -> Node:
        return self.graph.simplified("logical_and", self, other)

    def __or__(self, other: Node) -> Node:
        return self.graph.simplified("logical_or", self, other)

    def __invert__(self) -> Node:
        return self.graph.simplified("logical_not", self)

    # Equal nodes are the same object, so `is` and the default `==` say whether two are equal.

    def __repr__(self) -> str:
        if self.data is not None and not self.args:
            return str(self.data)
        return f"{self.op}({', '.join(map(repr, self.args))})"

    @property
    def is_constant(self) -> bool:
        """Whether it is a number that is known."""
        return self.op == CONSTANT

    def equals(self, value: float) -> bool:
        """Return whether it is this constant."""
        return self.op == CONSTANT and self.data == value and self.kind == FLOAT


# From a graph, an operation's name and its arguments to a simpler node, or None where it is as simple as can be.
Rewrite: TypeAlias = Callable[[str, tuple[Node, ...], Any], "Node | None"]

COMPARISONS = frozenset(("greater", "greater_equal", "less", "less_equal", "equal", "not_equal"))
LOGIC = frozenset(("logical_and", "logical_or", "logical_not", "logical_xor", "isnan", "isfinite", "isinf"))
# Over the components of a column. What they return is (1, B) where data is True, else (B,).
REDUCTIONS = frozenset(("sum", "mean", "max", "min", "any", "all", "argmax", "argmin"))


class Graph:
    """The nodes of one recording.

    Parameters
    ----------
    rewrite : callable or None
        What `simplified` asks for a simpler form.

    Attributes
    ----------
    at_hand : set of Node
        What needn't be computed, and is better used as it is than taken apart.
    exponentials : dict of Node to Node
        What exp of a node is, where it is at hand.
    values : dict of str to number
        What parameters are where a formula is tried out.
    """

    def __init__(self, rewrite: Rewrite | None = None) -> None:
        self.at_hand: set[Node] = set()
        self.exponentials: dict[Node, Node] = {}
        self.values: dict[str, float] = {}
        self._rewrite = rewrite
        self._known: dict[tuple[Any, ...], Node] = {}

    def node(self, op: str, *args: Node | Number, data: Any = None, shape: Shape | None = None) -> Node:
        """Return the node of an operation as it is written; the same object for the same operation.

        Parameters
        ----------
        op : str
        *args : Node or number
        data : object, optional
        shape : Shape, optional
            Where it doesn't follow from the operation.
        """
        nodes = tuple(each if isinstance(each, Node) else self.constant(each) for each in args)
        key = _key(op, nodes, data)
        found = self._known.get(key)
        if found is None:
            shape = _shape(op, nodes, data) if shape is None else shape
            found = Node(self, op, nodes, data, shape, _kind(op, nodes, data), len(self._known))
            self._known[key] = found
        return found

    def find(self, op: str, *args: Node) -> Node | None:
        """Return the node of an operation if it exists."""
        return self._known.get(_key(op, args, None))

    def simplified(self, op: str, *args: Node | Number, data: Any = None) -> Node:
        """Return a node of the same value, as simple as the rules make it."""
        nodes = tuple(each if isinstance(each, Node) else self.constant(each) for each in args)
        simple = self._rewrite(op, nodes, data) if self._rewrite else None
        return self.node(op, *nodes, data=data) if simple is None else simple

    def constant(self, value: float | bool) -> Node:
        """Return the node of a number that is known."""
        return self.node(CONSTANT, data=value if isinstance(value, bool) else float(value))

    def input(self, name: str, shape: Shape = Shape.FULL) -> Node:
        """Return the node of an argument, of shape (n, B) unless it was made with another."""
        return self.node(INPUT, data=name, shape=shape)

    def leaf(self, node: Node) -> Node:
        """Return the node of this graph that is what a node without arguments is in another."""
        return self.node(node.op, data=node.data, shape=node.shape)

    def parameter(self, name: str) -> Node:
        """Return the node of a number that is set later."""
        return self.node(PARAMETER, data=name, shape=Shape.SCALAR)

    @property
    def size(self) -> Node:
        """The node of n, the number of components of a column."""
        return self.node(SIZE, data="n", shape=Shape.SCALAR)


# What makes a number, or the numbers of columns, an array of a larger shape.
SPREAD = {Shape.FULL: "spread", Shape.KEPT: "spread_kept", Shape.ROW: "spread_row"}


def _key(op: str, args: tuple[Node, ...], data: Any) -> tuple[Any, ...]:
    # 0.0 == -0.0 and 1.0 == True, which are different constants.
    return (op, *map(id, args), type(data), repr(data) if isinstance(data, float) else data)


def _shape(op: str, args: tuple[Node, ...], data: Any) -> Shape:
    if op in REDUCTIONS:
        return Shape.KEPT if data else Shape.ROW
    if op in ("keep", "spread_kept"):
        return Shape.KEPT
    if op in ("drop", "row", "spread_row"):
        return Shape.ROW
    if op in ("spread", "is_at"):
        return Shape.FULL
    return max((arg.shape for arg in args), default=Shape.SCALAR)


def _kind(op: str, args: tuple[Node, ...], data: Any) -> str:
    if op in COMPARISONS or op in LOGIC or op in ("any", "all", "is_at"):
        return BOOL
    if op in ("argmax", "argmin"):
        return INDEX
    if op == CONSTANT:
        return BOOL if isinstance(data, bool) else FLOAT
    if op in ("keep", "drop", "spread", "spread_row", "spread_kept"):
        return args[0].kind
    if op == "where":
        return BOOL if args[1].kind == args[2].kind == BOOL else FLOAT
    return FLOAT


def reachable(roots: Iterable[Node]) -> list[Node]:
    """Return the roots and all that they are made of, arguments first."""
    found: dict[int, Node] = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node.index not in found:
            found[node.index] = node
            stack.extend(node.args)
    return [found[index] for index in sorted(found)]


def depends(nodes: Iterable[Node], leaf: Node) -> set[Node]:
    """Return those of the nodes, arguments first, that are made of a leaf; the leaf too."""
    found = {leaf}
    for node in nodes:
        if any(arg in found for arg in node.args):
            found.add(node)
    return found


def rebuilt(
    roots: Iterable[Node], build: Callable[[Node, tuple[Node, ...]], Node], nodes: Iterable[Node] | None = None
) -> list[Node]:
    """Return the roots made anew, node by node.

    Parameters
    ----------
    roots : iterable of Node
    build : callable
        ``build(node, new_args) -> Node``.
    nodes : iterable of Node, optional
        Those that are made anew, arguments first; others stay as they are. By default all that can be reached.
    """
    roots = list(roots)
    made: dict[Node, Node] = {}
    for node in reachable(roots) if nodes is None else nodes:
        made[node] = build(node, tuple(made.get(arg, arg) for arg in node.args))
    return [made.get(root, root) for root in roots]
