"""From recordings at several sizes to one formula for all sizes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from nnframe.formula.graph import CONSTANT, Graph, Node, reachable, rebuilt
from nnframe.formula.refusal import NotRecordableError

# What a number may be in terms of n, from its values at two sizes: each returns a pair of numbers, and a node of them.
CLOSE = 1e-12


def at_any_size(recordings: Sequence[tuple[Node, ...]], sizes: Sequence[tuple[int, int]]) -> tuple[Node, ...]:
    """Return the nodes of the first recording, with what depends on n as a formula of n.

    Parameters
    ----------
    recordings : sequence of tuple of Node
        What the same formula gave at each size.
    sizes : sequence of pair of int
        Components n and samples B; the first two differ in B alone, the others in n alone.

    Raises
    ------
    NotRecordableError
        If it depends on B, or on n in a way that isn't recognized.
    """
    nodes = [reachable(roots) for roots in recordings]
    for others, what, instead in (
        (
            nodes[1:2],
            "the number of samples",
            "a column's result must not depend on its neighbours: leave out z.size, z.shape[1] and random numbers",
        ),
        (nodes[2:], "the number of components", "write a formula without a loop over range(len(a)) or an if on len(a)"),
    ):
        for other in others:
            if [(each.op, each.shape, len(each.args)) for each in other] != [
                (each.op, each.shape, len(each.args)) for each in nodes[0]
            ]:
                raise NotRecordableError(f"a formula that is another for another {what[4:]}", instead)
    found: dict[Node, Callable[[Graph], Node]] = {}
    for same in zip(*nodes, strict=True):
        if same[0].op != CONSTANT:
            continue
        values = [node.data for node in same]
        if any(math.isnan(value) for value in values):
            raise NotRecordableError("a constant that is not a number", "compute with numbers that are finite")
        if values[0] != values[1]:
            raise NotRecordableError(
                "a number that depends on the number of samples, or changes from call to call,",
                "leave out z.size, z.shape[1] and random numbers: a column's result depends on that column alone",
            )
        if any(value != values[0] for value in values):
            found[same[0]] = _formula_of_n([values[0], *values[2:]], [sizes[0][0], *(n for n, _ in sizes[2:])])
    if not found:
        return recordings[0]
    graph = Graph()

    def build(node: Node, args: tuple[Node, ...]) -> Node:
        if node in found:
            return found[node](graph)
        return graph.node(node.op, *args, data=node.data) if args else graph.leaf(node)

    return tuple(rebuilt(recordings[0], build))


def _formula_of_n(values: Sequence[float], ns: Sequence[int]) -> Callable[[Graph], Node]:
    """Return what builds a number from n, given what it is for some n."""

    def fits(function: Callable[[float, float, int], float], p: float, q: float) -> bool:
        return all(math.isclose(function(p, q, n), value, rel_tol=CLOSE) for n, value in zip(ns, values, strict=True))

    (n0, n1), (v0, v1) = ns[:2], values[:2]
    # p n + q
    p, q = _line(n0, v0, n1, v1)
    if fits(lambda p, q, n: p * n + q, p, q):
        return lambda graph: _plus(_times(p, graph.size), q)
    # p / n + q
    p_inverse, q_inverse = _line(1 / n0, v0, 1 / n1, v1)
    if fits(lambda p, q, n: p / n + q, p_inverse, q_inverse):
        return lambda graph: _plus(graph.node("divide", p_inverse, graph.size), q_inverse)
    # p / (n + q)
    if v0 != 0 and v1 != 0:
        slope, offset = _line(n0, 1 / v0, n1, 1 / v1)
        if slope != 0 and fits(lambda p, q, n: p / (n + q), _nice(1 / slope), _nice(offset / slope)):
            return lambda graph: graph.node("divide", _nice(1 / slope), _plus(graph.size, _nice(offset / slope)))
    # p log n + q
    p_log, q_log = _line(math.log(n0), v0, math.log(n1), v1)
    if fits(lambda p, q, n: p * math.log(n) + q, p_log, q_log):
        return lambda graph: _plus(_times(p_log, graph.node("log", graph.size)), q_log)
    # p n^q
    if v0 > 0 < v1:
        power = _nice(math.log(v1 / v0) / math.log(n1 / n0))
        factor = _nice(v0 / n0**power)
        if fits(lambda p, q, n: p * n**q, factor, power):
            return lambda graph: _times(factor, graph.node("power", graph.size, power))
    raise NotRecordableError(
        "a number that depends on the number of components",
        "write it with len(a) in the form of 1 / n, n - 1, sqrt(n) or log(n), so that it can be recognized",
    )


def _line(x0: float, y0: float, x1: float, y1: float) -> tuple[float, float]:
    slope = _nice((y1 - y0) / (x1 - x0))
    return slope, _nice(y0 - slope * x0)


def _nice(number: float) -> float:
    """Return a number without what rounding has left in its last digits."""
    return float(f"{number:.13g}") if abs(number) > CLOSE else 0.0


def _times(number: float, node: Node) -> Node:
    return node if number == 1 else node.graph.node("multiply", number, node)


def _plus(node: Node, number: float) -> Node:
    return node if number == 0 else node.graph.node("add", node, number)
