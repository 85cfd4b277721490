"""nnframe, with the engine that is named."""

from __future__ import annotations

import numpy as np

import nnframe
from comparison import contender
from comparison.problem import LEARNING_RATE, Array, Problem, Weights
from comparison.rows import Row

ENGINE_THAT_ANSWERS = "numpy"


class Session(contender.Session):
    """An `nNet`."""

    def __init__(self, problem: Problem, option: str) -> None:
        row = problem.row
        activations = [*[row.hidden] * (len(row.sizes) - 2), row.last]
        layers = [
            nnframe.denseLayer(linear, bias[:, np.newaxis], activation)
            for (linear, bias), activation in zip(problem.weights, activations, strict=True)
        ]
        self.net = nnframe.nNet(layers)
        self.data = nnframe.pairs(problem.X, problem.Y)
        self.loss, self.batch_size, self.engine = row.loss, row.batch_size, option

    @staticmethod
    def why_not(row: Row, option: str) -> str | None:
        """Let one answer for all."""
        if row.kind == "answers" and option != ENGINE_THAT_ANSWERS:
            return "answers don't depend on the engine"
        return None

    def train(self) -> None:
        """Make a pass."""
        self.net.backprop(self.data, self.loss, LEARNING_RATE, self.batch_size, engine=self.engine)

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
