"""scikit-learn's multi-layer perceptron, with plain stochastic gradient descent or Adam."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

from comparison import contender
from comparison.problem import ADAM_RATE, LEARNING_RATE, Array, Problem, Weights


class Session(contender.Session):
    """A classifier, or a regressor where the loss is the squared error."""

    def __init__(self, problem: Problem, option: str) -> None:
        row = problem.row
        is_classifier = row.loss == "cel"
        # The regressor's loss is half the squared error, and so is its gradient. Adam doesn't see such a factor.
        rate = ADAM_RATE if row.optimizer == "adam" else LEARNING_RATE if is_classifier else 2 * LEARNING_RATE
        settings: dict[str, Any] = {
            "hidden_layer_sizes": row.sizes[1:-1],
            "activation": row.hidden,
            "solver": row.optimizer,
            "alpha": 0.0,
            "batch_size": row.batch_size,
            "momentum": 0.0,
            "nesterovs_momentum": False,
            "shuffle": False,
            "learning_rate_init": rate,
            "epsilon": row.epsilon,
        }
        self.X = problem.X
        if is_classifier:
            self.y, self.classes = problem.labels, {"classes": np.arange(row.sizes[-1])}
            self.net = MLPClassifier(**settings)
        else:
            self.y, self.classes = problem.Y[:, 0], {}
            self.net = MLPRegressor(**settings)
        # The first call builds the net. The weights are put in afterwards, and the optimizer starts afresh.
        first = slice(0, row.batch_size)
        self.net.partial_fit(self.X[first], self.y[first], **self.classes)
        for (linear, bias), coefficients, intercepts in zip(
            problem.weights, self.net.coefs_, self.net.intercepts_, strict=True
        ):
            coefficients[...], intercepts[...] = linear.T, bias
        if row.optimizer == "adam":
            state = self.net._optimizer
            state.t = 0
            for each in (*state.ms, *state.vs):
                each[...] = 0

    def train(self) -> None:
        """Make a pass."""
        self.net.partial_fit(self.X, self.y)

    def as_pair(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Return a row, and a class or a number."""
        return x[np.newaxis], y.argmax(axis=0, keepdims=True) if self.classes else y

    def learn(self, x: Array, y: Array) -> None:
        """Make an update."""
        self.net.partial_fit(x, y)

    def weights(self) -> Weights:
        """Return copies."""
        return [(c.T.copy(), i.copy()) for c, i in zip(self.net.coefs_, self.net.intercepts_, strict=True)]

    def answer(self, samples: Array) -> Array:
        """Return the probabilities."""
        outputs: Array = self.net.predict_proba(samples)
        return outputs
