"""What a student writes in numpy: one sample after the other, as columns, with the formulas of the textbook."""

from __future__ import annotations

import numpy as np

from comparison import contender
from comparison.problem import ADAM_RATE, BETA1, BETA2, LEARNING_RATE, Array, Problem, Weights
from comparison.rows import Row

MOST_PARAMETERS = 1_000_000


def relu(z: Array) -> Array:
    """Return max(z, 0)."""
    a: Array = np.maximum(z, 0)
    return a


def relu_slope(z: Array) -> Array:
    """Return the derivative of relu."""
    return (z > 0).astype(z.dtype)


def tanh(z: Array) -> Array:
    """Return tanh(z)."""
    a: Array = np.tanh(z)
    return a


def tanh_slope(z: Array) -> Array:
    """Return the derivative of tanh."""
    slope: Array = 1 - np.tanh(z) ** 2
    return slope


def softmax(z: Array) -> Array:
    """Return exp(z) over its sum."""
    e = np.exp(z - z.max(axis=0, keepdims=True))
    a: Array = e / e.sum(axis=0, keepdims=True)
    return a


class Session(contender.Session):
    """A list of weights, a list of biases, and two loops."""

    def __init__(self, problem: Problem, option: str) -> None:
        row = problem.row
        self.W = [linear.copy() for linear, _ in problem.weights]
        self.b = [bias[:, np.newaxis].copy() for _, bias in problem.weights]
        self.activation, self.slope = (relu, relu_slope) if row.hidden == "relu" else (tanh, tanh_slope)
        self.has_softmax = row.last == "softmax"
        self.batch_size = row.batch_size
        self.samples = [self.as_pair(x, y) for x, y in zip(problem.X, problem.Y, strict=True)]
        self.update = self.adam if row.optimizer == "adam" else self.sgd
        self.mean = [np.zeros_like(each) for each in (*self.W, *self.b)]
        self.square = [np.zeros_like(each) for each in (*self.W, *self.b)]
        self.epsilon, self.t = row.epsilon, 0

    @staticmethod
    def why_not(row: Row, option: str) -> str | None:
        """Skip what would take minutes."""
        if row.kind == "training" and row.n_parameters > MOST_PARAMETERS:
            return "a batch would take half a minute"
        return None

    def gradients(self, x: Array, y: Array) -> tuple[list[Array], list[Array]]:
        """Return the gradient of one sample's loss with respect to weights and biases."""
        activations, zs = [x], []
        for W, b in zip(self.W[:-1], self.b[:-1], strict=True):
            zs.append(W @ activations[-1] + b)
            activations.append(self.activation(zs[-1]))
        z = self.W[-1] @ activations[-1] + self.b[-1]
        delta = softmax(z) - y if self.has_softmax else 2 * (z - y) / len(y)
        dW, db = [delta @ activations[-1].T], [delta]
        for k in range(len(zs) - 1, -1, -1):
            delta = (self.W[k + 1].T @ delta) * self.slope(zs[k])
            dW.insert(0, delta @ activations[k].T)
            db.insert(0, delta)
        return dW, db

    def sgd(self, dW: list[Array], db: list[Array]) -> None:
        """Take a step against the gradient."""
        self.W = [W - LEARNING_RATE * d for W, d in zip(self.W, dW, strict=True)]
        self.b = [b - LEARNING_RATE * d for b, d in zip(self.b, db, strict=True)]

    def adam(self, dW: list[Array], db: list[Array]) -> None:
        """Take a step of Adam."""
        self.t += 1
        gradients = [*dW, *db]
        self.mean = [BETA1 * m + (1 - BETA1) * g for m, g in zip(self.mean, gradients, strict=True)]
        self.square = [BETA2 * v + (1 - BETA2) * g**2 for v, g in zip(self.square, gradients, strict=True)]
        first, second = 1 - BETA1**self.t, 1 - BETA2**self.t
        steps = [
            ADAM_RATE * (m / first) / (np.sqrt(v / second) + self.epsilon)
            for m, v in zip(self.mean, self.square, strict=True)
        ]
        n = len(self.W)
        self.W = [W - step for W, step in zip(self.W, steps[:n], strict=True)]
        self.b = [b - step for b, step in zip(self.b, steps[n:], strict=True)]

    def train(self) -> None:
        """Make a pass. The gradients of a batch are averaged."""
        for start in range(0, len(self.samples), self.batch_size):
            batch = self.samples[start : start + self.batch_size]
            dW, db = self.gradients(*batch[0])
            for x, y in batch[1:]:
                more_dW, more_db = self.gradients(x, y)
                dW = [total + more for total, more in zip(dW, more_dW, strict=True)]
                db = [total + more for total, more in zip(db, more_db, strict=True)]
            if len(batch) > 1:
                dW, db = [d / len(batch) for d in dW], [d / len(batch) for d in db]
            self.update(dW, db)

    def as_pair(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Return columns."""
        return x[:, np.newaxis], y[:, np.newaxis]

    def learn(self, x: Array, y: Array) -> None:
        """Make an update."""
        self.update(*self.gradients(x, y))

    def weights(self) -> Weights:
        """Return the weights."""
        return [(W, b[:, 0]) for W, b in zip(self.W, self.b, strict=True)]

    def as_input(self, X: Array) -> Array:
        """Return columns."""
        columns: Array = X.T
        return columns

    def answer(self, samples: Array) -> Array:
        """Return the last layer's output, in bare numpy expressions."""
        a = samples
        for W, b in zip(self.W[:-1], self.b[:-1], strict=True):
            a = self.activation(W @ a + b)
        z = self.W[-1] @ a + self.b[-1]
        return softmax(z) if self.has_softmax else z

    def as_rows(self, outputs: Array) -> Array:
        """Return rows."""
        rows: Array = outputs.T
        return rows
