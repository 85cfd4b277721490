"""What a student writes in numpy: one sample after the other, in columns, as the formulas stand in the textbook."""

from __future__ import annotations

import numpy as np

from comparison import contender
from comparison.problem import LEARNING_RATE, Array, Problem, Weights
from comparison.rows import Row

MOST_PARAMETERS = 1_000_000


def relu(z: Array) -> Array:
    """Return max(z, 0)."""
    a: Array = np.maximum(z, 0)
    return a


def relu_slope(z: Array) -> Array:
    """Return its derivative."""
    return (z > 0).astype(z.dtype)


def tanh(z: Array) -> Array:
    """Return tanh(z)."""
    a: Array = np.tanh(z)
    return a


def tanh_slope(z: Array) -> Array:
    """Return its derivative."""
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
        self.samples = [(x[:, np.newaxis], y[:, np.newaxis]) for x, y in zip(problem.X, problem.Y, strict=True)]

    @staticmethod
    def why_not(row: Row, option: str) -> str | None:
        """Decline what would take minutes."""
        if row.kind == "training" and row.n_parameters > MOST_PARAMETERS:
            return "a batch would take half a minute"
        return None

    def gradients(self, x: Array, y: Array) -> tuple[list[Array], list[Array]]:
        """Return the gradient of the loss of one sample, for weights and biases."""
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

    def train(self) -> None:
        """Make a pass; the gradients of a batch are added up and averaged."""
        for start in range(0, len(self.samples), self.batch_size):
            batch = self.samples[start : start + self.batch_size]
            dW, db = self.gradients(*batch[0])
            for x, y in batch[1:]:
                more_dW, more_db = self.gradients(x, y)
                dW = [total + more for total, more in zip(dW, more_dW, strict=True)]
                db = [total + more for total, more in zip(db, more_db, strict=True)]
            rate = LEARNING_RATE / len(batch)
            self.W = [W - rate * d for W, d in zip(self.W, dW, strict=True)]
            self.b = [b - rate * d for b, d in zip(self.b, db, strict=True)]

    def weights(self) -> Weights:
        """Return them."""
        return [(W, b[:, 0]) for W, b in zip(self.W, self.b, strict=True)]

    def as_input(self, X: Array) -> Array:
        """Return columns."""
        columns: Array = X.T
        return columns

    def answer(self, samples: Array) -> Array:
        """Return the forward pass's last step: the bare numpy expressions."""
        a = samples
        for W, b in zip(self.W[:-1], self.b[:-1], strict=True):
            a = self.activation(W @ a + b)
        z = self.W[-1] @ a + self.b[-1]
        return softmax(z) if self.has_softmax else z

    def as_rows(self, outputs: Array) -> Array:
        """Return rows."""
        rows: Array = outputs.T
        return rows
