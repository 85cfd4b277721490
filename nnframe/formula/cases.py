"""Shorter forms of a formula with conditions, found by looking at each case on its own.

Where z > 0 is known, |z| is z, max(z, 0) is z, and what depends on the condition is decided. A formula is split into
its two cases, each is simplified, and they are put together again, if that takes less time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nnframe.formula.choices import MIRRORED, NEGATED
from nnframe.formula.forms import Costs
from nnframe.formula.graph import BOOL, COMPARISONS, REDUCTIONS, Node, Shape, reachable, rebuilt
from nnframe.formula.intervals import Interval, Intervals

# x > y, say, as (x, "greater", y).
Fact = tuple[Node, str, Node]

# For each comparison that holds, the others that then hold or don't.
IMPLIED: dict[str, dict[str, bool]] = {
    "greater": {"greater": True, "greater_equal": True, "less": False, "less_equal": False, "equal": False},
    "less": {"less": True, "less_equal": True, "greater": False, "greater_equal": False, "equal": False},
    "greater_equal": {"greater_equal": True, "less": False},
    "less_equal": {"less_equal": True, "greater": False},
    "equal": {"equal": True, "greater_equal": True, "less_equal": True, "greater": False, "less": False},
}
ABOVE, BELOW = frozenset(("greater", "greater_equal")), frozenset(("less", "less_equal"))
MOST_ROUNDS = 4
# Larger formulas have too many cases.
LARGEST_FORMULA = 80


def facts_of(condition: Node, holds: bool) -> list[Fact]:
    """Return the comparisons that are known to hold if a condition does, or doesn't."""
    if condition.op == "logical_not":
        return facts_of(condition.args[0], not holds)
    if (condition.op == "logical_and" and holds) or (condition.op == "logical_or" and not holds):
        return [fact for arg in condition.args for fact in facts_of(arg, holds)]
    if condition.op not in COMPARISONS:
        return []
    x, y = condition.args
    op = condition.op if holds else NEGATED[condition.op]
    return [(x, op, y)] if op in IMPLIED else []


def assumed(root: Node, condition: Node, holds: bool, thoroughly: bool = True) -> Node:
    """Return a node as it is where a condition holds, or doesn't.

    Parameters
    ----------
    root : Node
    condition : Node
    holds : bool
    thoroughly : bool, optional
        Whether |z|, max and min are resolved too, and not conditions and signs alone.
    """
    facts = facts_of(condition, holds)
    graph = root.graph

    def build(node: Node, args: tuple[Node, ...]) -> Node:
        if node is condition:
            return graph.constant(holds)
        if not args:
            return node
        for fact in facts:
            known = _known(node, fact, thoroughly)
            if known is not None:
                return known
        return node if args == node.args else graph.simplified(node.op, *args, data=node.data)

    return rebuilt([root], build, _own(root))[0]


def _known(node: Node, fact: Fact, thoroughly: bool) -> Node | None:
    """Return what a node is, given a fact about its arguments; None where that says nothing of it."""
    x, op, y = fact
    if node.op in COMPARISONS:
        for left, asked, right in (
            (*node.args[:1], node.op, node.args[1]),
            (node.args[1], MIRRORED[node.op], node.args[0]),
        ):
            if left is x and right is y and asked in IMPLIED[op]:
                return node.graph.constant(IMPLIED[op][asked])
        return None
    if op not in ABOVE | BELOW:
        return None
    if y.equals(0) and node.args == (x,):
        if node.op == "sign":
            return node.graph.constant(1 if op in ABOVE else -1)
        if node.op == "absolute" and thoroughly:
            return x if op in ABOVE else -x
    if thoroughly and node.op in ("maximum", "minimum") and set(node.args) == {x, y}:
        larger, smaller = (x, y) if op in ABOVE else (y, x)
        return larger if node.op == "maximum" else smaller
    return None


def shortened(root: Node, inputs: Interval, at_hand: Sequence[Node] = ()) -> Node:
    """Return a node of the same value that takes less time to compute, where one is found.

    Parameters
    ----------
    root : Node
    inputs : pair of float
        What inputs can be.
    at_hand : sequence of Node, optional
        What is known without being computed.
    """
    costs = Costs(Intervals(inputs), at_hand)

    def build(node: Node, args: tuple[Node, ...]) -> Node:
        if node in costs.at_hand or not args:
            return node
        if node.op in REDUCTIONS:
            args = tuple(_best(arg, costs) for arg in args)
        elif _finds_the_extreme(node):
            # In the same form as in the maximum, or the two would differ by rounding.
            args = (args[1].args[0], args[1])
        return node if args == node.args else root.graph.simplified(node.op, *args, data=node.data)

    return _best(rebuilt([root], build)[0], costs)


def _best(root: Node, costs: Costs) -> Node:
    if root.shape != Shape.FULL or len(_own(root)) > LARGEST_FORMULA:
        return root
    best, lowest = root, costs.of(root)
    for _ in range(MOST_ROUNDS):
        found = [(costs.of(other), i, other) for i, other in enumerate(_others(best, costs))]
        if not found or min(found)[0] >= lowest:
            break
        lowest, _, best = min(found)
    return best


def _others(root: Node, costs: Costs) -> Iterator[Node]:
    """Yield other forms of a node."""
    nodes = _own(root)
    conditions = _conditions(nodes)
    for node in nodes:
        if node is root:
            yield from _split(root, conditions)
        elif node.op in ("add", "subtract"):
            own = costs.of(node)
            for other in _split(node, conditions):
                if costs.of(other) < own:
                    yield _replaced(root, node, other)
        elif node.op == "where" and node.kind != BOOL:
            for other in _without_choice(node):
                yield _replaced(root, node, other)
    if root.op == "where":
        yield from _without_choice(root)


def _split(node: Node, conditions: Sequence[Node]) -> Iterator[Node]:
    """Yield a node as a choice by each of the conditions that it depends on."""
    for condition in conditions:
        for thoroughly in (True, False):
            yes = assumed(node, condition, True, thoroughly)
            no = assumed(node, condition, False, thoroughly)
            if yes is not node or no is not node:
                yield node.graph.simplified("where", condition, yes, no)


def _without_choice(where: Node) -> Iterator[Node]:
    """Yield what a choice is if one side says it all: exp(min(z, 0)) is 1 for z > 0."""
    condition, x, y = where.args
    if assumed(y, condition, True) is x:
        yield y
    if assumed(x, condition, False) is y:
        yield x
    # exp(-|z|) for z < 0 and 1 for z >= 0 is exp(min(z, 0)), too.
    for argument, op, zero in facts_of(condition, True):
        size = where.graph.find("absolute", argument)
        if size is not None and zero.equals(0) and op in ABOVE:
            folded = _replaced(y, size, -where.graph.simplified("minimum", argument, zero))
            if folded is not y and assumed(folded, condition, True) is x:
                yield folded


def _replaced(root: Node, old: Node, new: Node) -> Node:
    """Return a node with another in place of a part of it."""

    def build(node: Node, args: tuple[Node, ...]) -> Node:
        if node is old:
            return new
        return node if args == node.args else root.graph.simplified(node.op, *args, data=node.data)

    return rebuilt([root], build, _own(root))[0]


def _own(root: Node) -> list[Node]:
    """Return the parts of a node up to reductions, and up to what is compared with its own maximum or minimum."""
    kept = {node.args[0] for node in reachable([root]) if _finds_the_extreme(node)}
    found: set[Node] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if node not in found and node not in kept and node.op not in REDUCTIONS:
            found.add(node)
            stack.extend(node.args)
    return sorted(found, key=lambda node: node.index)


def _finds_the_extreme(node: Node) -> bool:
    """Whether it compares numbers with their own maximum or minimum."""
    if node.op not in COMPARISONS:
        return False
    x, extreme = node.args
    return extreme.op in ("max", "min") and extreme.args[0] is x


def _conditions(nodes: Sequence[Node]) -> list[Node]:
    """Return the conditions that something depends on, one of each pair of opposites."""
    used = {node.args[0]: None for node in nodes if node.op in ("where", "as_float") and node.args[0].kind == BOOL}
    found: dict[Node, None] = {}
    for condition in used:
        opposite = condition.graph.find(NEGATED[condition.op], *condition.args) if condition.op in NEGATED else None
        if condition.shape == Shape.FULL and (opposite is None or opposite not in found):
            found[condition] = None
    return list(found)
