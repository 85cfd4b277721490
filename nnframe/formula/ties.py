"""The slope of a formula exactly where two of its pieces meet.

Any number between the slopes of both sides will do there, and what is usual is taken if it lies between them, as 0 for
abs and for relu. But a smooth formula may be put together of pieces: 1 / (1 + exp(-|z|)) and its mirror image make a
sigmoid, whose slope at 0 is 1/4, where the usual slope of |z|, which is 0, would make it 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from nnframe.arrays import FLOAT64, Array
from nnframe.formula.derive import WITH_TIES, Tie
from nnframe.formula.graph import COMPARISONS, Node, reachable
from nnframe.formula.operations import evaluate

# Ties are searched for at round numbers, and where a line through two of these crosses 0.
GRID = np.arange(-8, 8.125, 0.125)
TARGETS = (0.0, 1.0, -1.0, 0.25, 0.5, 2.0, -3.0)
STEP = 1e-6
# Of slopes a STEP away.
TOLERANCE = 1e-4
# A slope like this, from one side alone, is a jump, where no slope is right or wrong.
JUMP = 1e4
MOST_TRIES = 81


class Meeting(NamedTuple):
    """Where pieces meet, and the slopes on both sides.

    Attributes
    ----------
    inputs : dict of str to ndarray, shape (1, B)
    low, high : ndarray, shape (1, B)
    """

    inputs: dict[str, Array]
    low: Array
    high: Array


def candidates(nodes: Sequence[Node]) -> list[Node]:
    """Return the operations whose slope at a tie has to be chosen."""
    return [node for node in nodes if node.op in WITH_TIES]


def choices(with_ties: Sequence[Node]) -> Iterator[dict[Node, Tie]]:
    """Yield choices of slopes at ties, the most usual first."""
    yield {}
    ties: tuple[Tie, ...] = ("upper", "lower")
    for tie in ties:
        yield dict.fromkeys(with_ties, tie)
    mixed: tuple[Tie, ...] = ("plain", "upper", "lower")
    for i, choice in enumerate(product(mixed, repeat=len(with_ties))):
        if i == MOST_TRIES:
            return
        yield dict(zip(with_ties, choice, strict=True))


def meeting_points(result: Node, wrt: str, inputs: Sequence[str]) -> dict[str, Array] | None:
    """Return inputs of one component at which two pieces of a formula meet exactly; None if there are none.

    Parameters
    ----------
    result : Node
    wrt : str
        The input that is moved to find them.
    inputs : sequence of str
        All inputs; the others have the numbers that targets tend to have.
    """
    gaps = [gap for node in reachable([result]) for gap in _gaps(node)]
    if not gaps:
        return None
    others = [name for name in inputs if name != wrt]
    points = {name: np.repeat(TARGETS, len(GRID)).reshape(1, -1) for name in others}
    points[wrt] = np.tile(GRID, len(TARGETS) if others else 1).reshape(1, -1)
    found: list[dict[str, Array]] = []
    with np.errstate(all="ignore"):
        values = [np.broadcast_to(value, points[wrt].shape) for value in _values(gaps, points)]
        for gap, value in zip(gaps, values, strict=True):
            left, right = value[:, :-1], value[:, 1:]
            crossing = (left * right < 0) & (points[wrt][:, :-1] < points[wrt][:, 1:])
            x0, x1 = points[wrt][:, :-1][crossing], points[wrt][:, 1:][crossing]
            at = {name: array[:, :-1][crossing].reshape(1, -1) for name, array in points.items()}
            at[wrt] = ((x0 * right[crossing] - x1 * left[crossing]) / (right[crossing] - left[crossing])).reshape(1, -1)
            for place, gap_there in ((points, value), (at, None)):
                if place[wrt].size:
                    there = np.broadcast_to(_values([gap], place)[0], place[wrt].shape) if gap_there is None else value
                    found.append({name: array[there == 0] for name, array in place.items()})
    joined = {name: np.concatenate([each[name] for each in found]).reshape(1, -1) for name in points}
    return joined if joined[wrt].size else None


def _gaps(node: Node) -> list[Node]:
    """Return what is 0 where the pieces of an operation meet."""
    graph = node.graph
    if node.op in ("absolute", "sign"):
        return [node.args[0]]
    if node.op in COMPARISONS or node.op in ("maximum", "minimum", "fmax", "fmin"):
        return [graph.simplified("subtract", *node.args)]
    if node.op == "clip":
        return [graph.simplified("subtract", node.args[0], limit) for limit in node.args[1:]]
    return []


def meeting(result: Node, slope: Node, wrt: str, points: Mapping[str, Array]) -> Meeting | None:
    """Return the points at which a formula is continuous, with its slopes on both sides; None if there are none."""
    at = points[wrt]
    step = STEP * np.maximum(1, np.abs(at))
    below, above = ({**points, wrt: moved} for moved in (at - step, at + step))
    with np.errstate(all="ignore"):
        values = [np.broadcast_to(_values([result], place)[0], at.shape) for place in (below, dict(points), above)]
        slopes = [np.broadcast_to(_values([slope], place)[0], at.shape) for place in (below, above)]
        low, high = np.minimum(*slopes), np.maximum(*slopes)
        continuous = (np.abs(values[1] - values[0]) < JUMP * step) & (np.abs(values[2] - values[1]) < JUMP * step)
        usable = continuous & np.isfinite(low) & np.isfinite(high)
    if not usable.any():
        return None
    margin = TOLERANCE * (1 + np.abs(low) + np.abs(high))
    return Meeting(
        {name: np.broadcast_to(array, at.shape)[usable].reshape(1, -1) for name, array in points.items()},
        (low - margin)[usable].reshape(1, -1),
        (high + margin)[usable].reshape(1, -1),
    )


def is_between(slope: Node, found: Meeting) -> bool:
    """Whether a slope lies between those of both sides wherever pieces meet."""
    with np.errstate(all="ignore"):
        (value,) = _values([slope], found.inputs)
        return bool(((found.low <= value) & (value <= found.high)).all())


def _values(nodes: Sequence[Node], inputs: Mapping[str, Array]) -> list[Array]:
    return evaluate(nodes, {name: np.asarray(array, FLOAT64) for name, array in inputs.items()})
