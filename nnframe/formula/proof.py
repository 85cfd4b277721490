"""Checks of derived formulas before they are used: against differences of the formula, and of one form with another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import DerivativeError
from nnframe.formula.cases import shortened
from nnframe.formula.derive import Tie
from nnframe.formula.differences import TOLERANCE
from nnframe.formula.graph import INPUT, Node, Shape, reachable
from nnframe.formula.intervals import Interval
from nnframe.formula.operations import evaluate, floor_of
from nnframe.formula.refusal import NotRecordableError
from nnframe.formula.ties import Meeting, candidates, choices, is_between, meeting, meeting_points

# Of two forms of the same formula, far above what rounding does.
SAME = 1e-7
NEGLIGIBLE = 1e-10


def require_shape(part: str, result: Any, shape: tuple[int, ...]) -> Array:
    """Return the result of a formula as an array.

    Raises
    ------
    NotRecordableError
        If it has another shape than expected.
    """
    array = np.asarray(result)
    if array.shape != shape:
        raise NotRecordableError(f"{part} of shape {array.shape}", f"return an array of shape {shape}")
    return array


def require_close(got: Array, expected: Array, inputs: Mapping[str, Array], give: str) -> None:
    """Raise unless a derivative agrees with differences, wherever these are finite.

    Raises
    ------
    DerivativeError
    """
    error = np.where(np.isfinite(expected), np.abs(got - expected) / (1 + np.abs(expected)), 0)
    error = np.where(np.isnan(error), np.inf, error)
    if error.max() > TOLERANCE:
        at = np.unravel_index(int(error.argmax()), error.shape)
        shown = {name: array for name, array in inputs.items() if array.shape == error.shape}
        where = ", ".join(f"{name} = {array[at]:.4g}" for name, array in shown.items())
        raise DerivativeError(
            f"none is given, and what is derived isn't right: at {where} it is {got[at]:.4g} where central differences "
            f"of the formula say {expected[at]:.4g}; {give}"
        )


def on_the_floor(result: Node, inputs: Mapping[str, Array]) -> Array:
    """Return where a floor is in effect: there, slopes are meant to differ from those of the formula."""
    at = next(iter(inputs.values()))
    under = [node.args[0] for node in reachable([result]) if node.op == "floored"]
    found = np.zeros(at.shape, bool)
    for value in evaluate(under, inputs):
        # What a loss makes of the inputs of a net may have more rows.
        if np.ndim(value) == 2 and len(value) not in (1, len(at)):
            continue
        found |= np.broadcast_to(value < floor_of(at.dtype), at.shape)
    return found


def cancel(inputs: Sequence[str], terms: list[Node]) -> bool:
    """Whether nodes cancel each other for random inputs; terms that are 0 by themselves are not known to cancel."""
    values = _at_random(inputs, terms)
    total, size = np.asarray(sum(values)), np.asarray(sum(np.abs(value) for value in values))
    known = np.isfinite(size)
    return bool(known.any() and np.all(size[known] > 0) and np.all(np.abs(total[known]) <= NEGLIGIBLE * size[known]))


def _at_random(inputs: Sequence[str], nodes: Sequence[Node]) -> list[Array]:
    """Return what nodes are for small, middling and large numbers, each a column."""
    rng = np.random.default_rng(0)
    scales = np.geomspace(0.05, 12, 8)
    arrays = {name: rng.uniform(0.1, 0.9, size=(5, 8)) * rng.choice([-1, 1, 1, 1], (5, 8)) * scales for name in inputs}
    rows = {node.data for node in reachable(nodes) if node.op == INPUT and node.shape == Shape.ROW}
    # Weights of samples are not negative.
    arrays |= {name: np.abs(arrays[name][0]) for name in rows & arrays.keys()}
    with np.errstate(all="ignore"):
        return evaluate(nodes, arrays)


class Chosen:
    """The slope of a formula where its pieces meet, and the shortest form of its derivative.

    Parameters
    ----------
    result : Node
        The formula.
    wrt : Node
        The input that the derivative is taken with respect to.
    derive : callable
        ``derive(ties) -> Node``.
    inputs : sequence of str
        The names of all inputs.
    has_ties : bool, optional
        Whether to look for ties at all, which is done with columns of one component.
    """

    def __init__(
        self,
        result: Node,
        wrt: Node,
        derive: Callable[[Mapping[Node, Tie]], Node],
        inputs: Sequence[str],
        has_ties: bool = True,
    ) -> None:
        self.result = result
        self.ties: dict[Node, Tie] = {}
        self.meeting: Meeting | None = None
        self._inputs = inputs
        self.derivative = derive({})
        with_ties = candidates(reachable([result])) if has_ties else []
        points = meeting_points(result, wrt.data, inputs) if with_ties else None
        if points is not None:
            self.meeting = meeting(result, self.derivative, wrt.data, points)
        if self.meeting is None or is_between(self.derivative, self.meeting):
            return
        for ties in choices(with_ties):
            derivative = derive(ties)
            if is_between(derivative, self.meeting):
                self.ties, self.derivative = ties, derivative
                return

    def shortened(self, derivative: Node, inputs: Interval, at_hand: Sequence[Node] = ()) -> Node:
        """Return a derivative in its shortest form, if that gives the same numbers."""
        short = shortened(derivative, inputs, at_hand)
        if short is derivative:
            return derivative
        names = sorted({node.data for node in reachable([derivative]) if node.op == "input"})
        if names:
            plain, other = _at_random(names, [derivative, short])
            if not np.allclose(plain, other, rtol=SAME, atol=SAME, equal_nan=True):
                return derivative
        if self.meeting is not None and set(names) <= set(self._inputs) and not is_between(short, self.meeting):
            return derivative
        return short
