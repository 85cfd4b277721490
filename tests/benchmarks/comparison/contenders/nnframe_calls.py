"""nnframe, called for one pair or one batch at a time without anything prepared."""

from __future__ import annotations

import numpy as np

from comparison import contender
from comparison.contenders.nnframe_engine import net_of
from comparison.problem import LEARNING_RATE, Array, Problem, Weights
from comparison.rows import Row


class Session(contender.Session):
    """An `nNet`: `backprop` with a list of one pair, and `forwardPass`."""

    def __init__(self, problem: Problem, option: str) -> None:
        self.net = net_of(problem)
        self.loss = problem.row.loss

    @staticmethod
    def why_not(row: Row, option: str) -> str | None:
        """Skip what a call can't do."""
        if row.kind == "training":
            return "it is for one pair per call"
        if row.optimizer != "sgd":
            return "an optimizer's state would be lost between calls"
        return None

    def as_pair(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Return columns."""
        return x[:, np.newaxis], y[:, np.newaxis]

    def learn(self, x: Array, y: Array) -> None:
        """Make a pass over one pair."""
        self.net.backprop([(x, y)], self.loss, LEARNING_RATE)

    def weights(self) -> Weights:
        """Return copies."""
        return [(layer.linear.copy(), layer.bias[:, 0].copy()) for layer in self.net.layersList]

    def as_input(self, X: Array) -> Array:
        """Return columns."""
        columns: Array = X.T
        return columns

    def answer(self, samples: Array) -> Array:
        """Return the last layer's output."""
        return self.net.forwardPass(samples, False)

    def as_rows(self, outputs: Array) -> Array:
        """Return rows."""
        rows: Array = outputs.T
        return rows
