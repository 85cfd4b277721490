"""The matrix products of training and nothing else: a bound on what is left to gain."""

from __future__ import annotations

import numpy as np

from comparison import contender
from comparison.problem import Array, Problem
from comparison.rows import Row


class Session(contender.Session):
    """Buffers of the right shapes, and np.dot between them."""

    incomparable = "it learns nothing"

    def __init__(self, problem: Problem, option: str) -> None:
        row = problem.row
        self.X, self.batch_size = problem.X, row.batch_size
        self.W = [linear.copy() for linear, _ in problem.weights]
        self.dW = [np.empty_like(W) for W in self.W]
        self.a = [np.ones((row.batch_size, n), row.dtype) for n in row.sizes[1:]]
        self.d = [np.ones((row.batch_size, n), row.dtype) for n in row.sizes[1:]]

    @staticmethod
    def why_not(row: Row, option: str) -> str | None:
        """Skip single pairs, whose products are the same as in batches of 1."""
        return "the row with batch 1 has the same products" if row.kind == "online" else None

    def train(self) -> None:
        """Make a pass: three products per layer, two for the first."""
        W, dW, a, d = self.W, self.dW, self.a, self.d
        for start in range(0, len(self.X), self.batch_size):
            x = self.X[start : start + self.batch_size]
            inputs = [x, *a[:-1]]
            for k in range(len(W)):
                np.dot(inputs[k], W[k].T, out=a[k])
            for k in reversed(range(len(W))):
                np.dot(d[k].T, inputs[k], out=dW[k])
                if k > 0:
                    np.dot(d[k], W[k], out=d[k - 1])
            # Keeps the numbers from overflowing after many batches, which is slow on some processors.
            for each in d[:-1]:
                each[0, 0] = 1

    def answer(self, samples: Array) -> Array:
        """Return the product of all."""
        a = samples
        for W, out in zip(self.W, self.a, strict=True):
            a = np.dot(a, W.T, out=out)
        return a
