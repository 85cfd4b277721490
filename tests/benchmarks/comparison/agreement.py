"""Checks that contenders do the same work: from the same start, a pass must end at the same weights.

With Adam, weights are compared in float64 only. Its first steps are as long as the learning rate, whatever the size of
a gradient: learning_rate g / (|g| + epsilon). Where rounding changes the sign of a gradient, a weight takes its step in
the opposite direction. In float32 this happens: with 784-256-128-10 and batches of 128, one z in the first batch is
-9e-7, and some orders of the same sum make it positive. Then relu lets the sample's gradient pass, and 9 of the 784
gradients of this unit, those near 0, change their sign. In float64, all contenders agree to 1e-10 on this row.

So contenders make two passes with Adam. One is in float64, with an epsilon too small to matter, because scikit-learn
adds it before the bias of the mean square is corrected, and all others after it. The other is the row's own, and ends
with a comparison of the trained nets' outputs, which such weights hardly change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from comparison.problem import Array, Problem, Weights
from comparison.rows import Row

# Relative to how far weights or outputs moved: what rounding can add up to in a few hundred updates.
TOLERANCES = {"float32": 1e-2, "float64": 1e-8}
NO_EPSILON = 1e-30
# Samples whose outputs are compared.
SAMPLES = 256


class MakesPasses(Protocol):
    """Makes the first pass of a row, as `Worker` does."""

    def first_pass(self, row: Row) -> Weights | Array:
        """Make a pass from a row's initial weights, and return the weights, or the answers."""


class Outcome(NamedTuple):
    """Something that contenders must agree on.

    Attributes
    ----------
    what : str
        Its name, for messages.
    vector : ndarray of float64
    moved : float
        How far the pass changed it; the largest number of it where it doesn't change.
    limit : float
        The most that two contenders may differ, relative to `moved`.
    """

    what: str
    vector: Array
    moved: float
    limit: float

    @classmethod
    def of(cls, what: str, values: Weights | Array, start: Weights | Array | None, dtype: str) -> Outcome:
        """Return the outcome of a pass; `start` is what it began with, and None for answers."""
        vector = _vector(values)
        moved = vector if start is None else vector - _vector(start)
        return cls(what, vector, float(np.abs(moved).max()), TOLERANCES[dtype])


def outcomes(worker: MakesPasses, row: Row) -> list[Outcome]:
    """Let a contender make its first pass, and return what others must agree with."""
    if row.kind == "answers":
        return [Outcome.of("answers", worker.first_pass(row), None, row.dtype)]
    if row.optimizer == "sgd":
        return [Outcome.of("weights", worker.first_pass(row), Problem.of_row(row, 1).weights, row.dtype)]
    exact = row._replace(dtype="float64", epsilon=NO_EPSILON)
    start = Problem.of_row(exact, 1).weights
    in_float64 = Outcome.of("weights in float64", worker.first_pass(exact), start, exact.dtype)
    problem = Problem.of_row(row, SAMPLES)
    # Last, since the worker goes on with this row.
    weights = worker.first_pass(row)
    assert isinstance(weights, list)
    return [
        in_float64,
        Outcome.of("outputs", outputs(problem, weights), outputs(problem, problem.weights), row.dtype),
    ]


def difference(mine: Sequence[Outcome], others: Sequence[Outcome]) -> tuple[str, float, float] | None:
    """Return the first outcome in which two contenders differ, how much, and the limit; None if they agree."""
    for one, other in zip(mine, others, strict=True):
        apart = float(np.abs(one.vector - other.vector).max()) / other.moved
        # Written so that NaN differs.
        if not apart < other.limit:
            return other.what, apart, other.limit
    return None


def outputs(problem: Problem, weights: Weights) -> Array:
    """Return a net's outputs for a problem's samples, computed in float64."""
    a = problem.X.astype(np.float64)
    for k, (linear, bias) in enumerate(weights):
        a = a @ linear.astype(np.float64).T + bias
        if k < len(weights) - 1:
            a = np.maximum(a, 0) if problem.row.hidden == "relu" else np.tanh(a)
    if problem.row.last == "softmax":
        a = np.exp(a - a.max(axis=1, keepdims=True))
        a /= a.sum(axis=1, keepdims=True)
    return a


def _vector(values: Weights | Array) -> Array:
    if isinstance(values, np.ndarray):
        return values.astype(np.float64).ravel()
    return np.concatenate([array.astype(np.float64).ravel() for layer in values for array in layer])
