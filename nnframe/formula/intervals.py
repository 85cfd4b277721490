"""Bounds of each part of a formula, for all arguments: what is known to be finite needs no guard.

Source: R. Moore, "Interval analysis", Prentice-Hall 1966.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from nnframe.formula.graph import BOOL, CONSTANT, INPUT, SIZE, Node

Interval: TypeAlias = tuple[float, float]

UNKNOWN: Interval = (-math.inf, math.inf)


class Intervals:
    """The smallest and the largest value of each node, as far as they are known.

    Parameters
    ----------
    inputs : pair of float
        What inputs can be.
    """

    def __init__(self, inputs: Interval) -> None:
        self.inputs = inputs
        self._found: dict[Node, Interval] = {}

    def __getitem__(self, node: Node) -> Interval:
        found = self._found.get(node)
        if found is None:
            found = self._found[node] = _interval(node, [self[arg] for arg in node.args], self.inputs)
        return found


def is_finite(interval: Interval) -> bool:
    """Whether all numbers of an interval are finite."""
    return math.isfinite(interval[0]) and math.isfinite(interval[1])


def _interval(node: Node, args: list[Interval], inputs: Interval) -> Interval:
    if node.op == INPUT:
        return inputs
    if node.op == CONSTANT:
        return float(node.data), float(node.data)
    if node.op == SIZE:
        return 1.0, 1e9
    if node.kind == BOOL:
        return 0.0, 1.0
    with np.errstate(all="ignore"):
        if node.op in RISING:
            low, high = (float(getattr(np, node.op)(number)) for number in args[0])
            return _checked(low, high)
        rule = RULES.get(node.op)
        if rule is None or (node.op not in KEEP and not all(map(is_finite, args))):
            return UNKNOWN
        return _checked(*rule(*args))


def _checked(low: float, high: float) -> Interval:
    return UNKNOWN if math.isnan(low) or math.isnan(high) else (low, high)


# Functions that rise with their argument, wherever they are defined.
RISING = frozenset(
    ("exp", "exp2", "expm1", "tanh", "arctan", "sinh", "arcsinh", "cbrt", "floor", "ceil", "rint", "sign")
)


def _product(x: Interval, y: Interval) -> Interval:
    corners = [a * b for a in x for b in y]
    return min(corners), max(corners)


def _quotient(x: Interval, y: Interval) -> Interval:
    if y[0] <= 0 <= y[1]:
        return UNKNOWN
    corners = [a / b for a in x for b in y]
    return min(corners), max(corners)


def _size(x: Interval) -> Interval:
    low = 0.0 if x[0] <= 0 <= x[1] else min(abs(x[0]), abs(x[1]))
    return low, max(abs(x[0]), abs(x[1]))


def _power(x: Interval, y: Interval) -> Interval:
    if x[0] < 0 or (x[0] == 0 and y[0] < 0):
        return UNKNOWN
    corners = [float(np.power(a, b)) for a in x for b in y]
    return min(corners), max(corners)


def _domain(function: Callable[[float], Any], lowest: float) -> Callable[[Interval], Interval]:
    return lambda x: (float(function(x[0])), float(function(x[1]))) if x[0] > lowest else UNKNOWN


# These have useful bounds even for infinite arguments.
KEEP = frozenset(
    ("maximum", "minimum", "clip", "absolute", "negative", "sin", "cos", "sum", "where", "mean", "max", "min")
)

RULES: dict[str, Callable[..., Interval]] = {
    "add": lambda x, y: (x[0] + y[0], x[1] + y[1]),
    "subtract": lambda x, y: (x[0] - y[1], x[1] - y[0]),
    "multiply": _product,
    "divide": _quotient,
    "power": _power,
    "negative": lambda x: (-x[1], -x[0]),
    "absolute": _size,
    "maximum": lambda x, y: (max(x[0], y[0]), max(x[1], y[1])),
    "minimum": lambda x, y: (min(x[0], y[0]), min(x[1], y[1])),
    "clip": lambda x, low, high: (max(x[0], low[0]), min(max(x[1], low[1]), high[1])),
    "where": lambda c, x, y: (min(x[0], y[0]), max(x[1], y[1])),
    "log": _domain(np.log, 0),
    "log1p": _domain(np.log1p, -1),
    "sqrt": _domain(np.sqrt, -5e-324),
    "sin": lambda x: (-1.0, 1.0),
    "cos": lambda x: (-1.0, 1.0),
    "logaddexp": lambda x, y: (float(np.logaddexp(x[0], y[0])), float(np.logaddexp(x[1], y[1]))),
    "as_float": lambda x: x,
    "spread": lambda x: x,
    "sum": lambda x: (0.0 if x[0] >= 0 else -math.inf, 0.0 if x[1] <= 0 else math.inf),
    "max": lambda x: x,
    "min": lambda x: x,
    "mean": lambda x: x,
}
