"""nnframe, with the engine that the option names."""

from __future__ import annotations

import numpy as np

import nnframe
from comparison import contender
from comparison.problem import ADAM_RATE, LEARNING_RATE, Array, Problem, Weights
from comparison.rows import Row


def net_of(problem: Problem) -> nnframe.nNet:
    """Return the problem's net."""
    row = problem.row
    activations = [*[row.hidden] * (len(row.sizes) - 2), row.last]
    layers = [
        nnframe.denseLayer(linear, bias[:, np.newaxis], activation)
        for (linear, bias), activation in zip(problem.weights, activations, strict=True)
    ]
    return nnframe.nNet(layers)


def optimizer_of(row: Row) -> str:
    """Return a row's optimizer by its name and parameters."""
    if row.optimizer == "adam":
        return f"adam(learning_rate={ADAM_RATE}, epsilon={row.epsilon})"
    return f"sgd(learning_rate={LEARNING_RATE})"


class Session(contender.Session):
    """An `nNet`: `backprop` for epochs, a trainer for single pairs, a predictor for answers."""

    def __init__(self, problem: Problem, option: str) -> None:
        row = problem.row
        self.net = net_of(problem)
        self.data = nnframe.pairs(problem.X, problem.Y)
        self.loss, self.batch_size, self.engine, self.optimizer = row.loss, row.batch_size, option, optimizer_of(row)
        if row.kind == "online":
            self.step = self.net.trainer(row.loss, optimizer=self.optimizer, engine=option).step
        if row.kind == "answers":
            self.predictor = self.net.predictor(option)

    @staticmethod
    def why_not(row: Row, option: str) -> str | None:
        """Skip what the reference engine is not made for."""
        if row.kind != "training" and option == "reference":
            return "it is there to be read"
        return None

    def train(self) -> None:
        """Make a pass."""
        self.net.backprop(
            self.data, self.loss, batch_size=self.batch_size, engine=self.engine, optimizer=self.optimizer
        )

    def as_pair(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Return columns."""
        return x[:, np.newaxis], y[:, np.newaxis]

    def learn(self, x: Array, y: Array) -> None:
        """Make a step of the trainer."""
        self.step(x, y)

    def weights(self) -> Weights:
        """Return copies."""
        return [(layer.linear.copy(), layer.bias[:, 0].copy()) for layer in self.net.layersList]

    def as_input(self, X: Array) -> Array:
        """Return columns."""
        columns: Array = X.T
        return columns

    def answer(self, samples: Array) -> Array:
        """Return the predictor's outputs."""
        return self.predictor(samples)

    def as_rows(self, outputs: Array) -> Array:
        """Return rows."""
        rows: Array = outputs.T
        return rows
