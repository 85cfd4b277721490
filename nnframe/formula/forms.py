"""The ways in which a choice is written, and what operations cost: what decides between forms of one formula.

np.where takes ten times as long as a product with a mask, because the processor mispredicts which side each element
takes. A mask can stand in for it where both sides are finite: 0 * infinity is NaN.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal, TypeAlias

from nnframe.formula.graph import BOOL, COMPARISONS, LOGIC, Node, Shape
from nnframe.formula.intervals import Intervals, is_finite

# "numbers": a choice between two numbers. "yes" and "no": the product of a mask with the side that isn't 0.
# "both": the sum of both such products. "where": np.where.
Form: TypeAlias = Literal["numbers", "yes", "no", "both", "where"]


def form_of(where: Node, bounds: Intervals) -> Form:
    """Return how a choice is best written for numpy."""
    _, x, y = where.args
    if where.kind == BOOL:
        return "where"
    if x.shape == y.shape == Shape.SCALAR:
        return "numbers"
    x_finite, y_finite = (is_finite(bounds[each]) for each in (x, y))
    if y.equals(0) and x_finite:
        return "yes"
    if x.equals(0) and y_finite:
        return "no"
    return "both" if x_finite and y_finite and where.shape == Shape.FULL else "where"


# In units of a sum of two large arrays. What isn't listed is taken to be 1.
COSTS = {
    "exp": 0.8,
    "expm1": 3.0,
    "exp2": 1.0,
    "tanh": 1.2,
    "log": 2.0,
    "log1p": 5.0,
    "sqrt": 2.5,
    "power": 7.0,
    "sin": 4.0,
    "cos": 4.0,
    "arctan": 5.0,
    "sinh": 5.0,
    "cosh": 5.0,
    "logaddexp": 25.0,
    "call": 8.0,
    "absolute": 0.5,
    "negative": 0.5,
    "sign": 1.2,
    "as_float": 0.3,
    "clip": 0.7,
    "sum": 0.4,
    "mean": 0.4,
    "max": 0.5,
    "min": 0.5,
    "argmax": 1.0,
    "is_at": 0.3,
}
WHERE_COSTS: dict[Form, float] = {"numbers": 1.2, "yes": 1.2, "no": 1.2, "both": 3.4, "where": 7.0}
COMPARISON_COST, LOGIC_COST, WITH_NUMBER, ROWS_COST = 0.25, 0.05, 0.6, 0.01
# Of two formulas that take equally long, this prefers the shorter one.
EACH = 0.01


class Costs:
    """About how long it takes to compute nodes, in units of a sum of two large arrays.

    Parameters
    ----------
    bounds : Intervals
    at_hand : iterable of Node, optional
        What is known without being computed.
    """

    def __init__(self, bounds: Intervals, at_hand: Iterable[Node] = ()) -> None:
        self.bounds = bounds
        self.at_hand = frozenset(at_hand)
        self._found: dict[Node, float] = {}

    def of(self, root: Node) -> float:
        """Return what a node costs, with all that it is made of."""
        needed: set[Node] = set()
        stack = [root]
        while stack:
            node = stack.pop()
            if node not in needed and node not in self.at_hand:
                needed.add(node)
                stack.extend(node.args)
        # Exact, whatever the order of the set: of forms that cost the same, each process takes the same.
        return math.fsum(self._own(node) for node in needed)

    def _own(self, node: Node) -> float:
        found = self._found.get(node)
        if found is None:
            found = self._found[node] = _cost(node, self.bounds)
        return found


def _cost(node: Node, bounds: Intervals) -> float:
    if not node.args:
        return 0.0
    widest = max(arg.shape for arg in node.args)
    if widest != Shape.FULL:
        return ROWS_COST
    if node.op in COMPARISONS:
        return EACH + COMPARISON_COST
    if node.op in LOGIC:
        return EACH + LOGIC_COST
    if node.op == "where":
        return EACH + WHERE_COSTS[form_of(node, bounds)]
    if node.op in COSTS:
        return EACH + COSTS[node.op]
    return EACH + (1.0 if all(arg.shape == Shape.FULL for arg in node.args) else WITH_NUMBER)
