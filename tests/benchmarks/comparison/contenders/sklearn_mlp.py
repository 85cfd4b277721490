"""scikit-learn's multi-layer perceptron, with plain stochastic gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

from comparison import contender
from comparison.problem import LEARNING_RATE, Array, Problem, Weights


class Session(contender.Session):
    """A classifier, or a regressor where the loss is the squared error."""

    def __init__(self, problem: Problem, option: str) -> None:
        row = problem.row
        settings: dict[str, Any] = {
            "hidden_layer_sizes": row.sizes[1:-1],
            "activation": row.hidden,
            "solver": "sgd",
            "alpha": 0.0,
            "batch_size": row.batch_size,
            "momentum": 0.0,
            "nesterovs_momentum": False,
            "shuffle": False,
        }
        self.X = problem.X
        if row.loss == "cel":
            self.y, self.classes = problem.labels, {"classes": np.arange(row.sizes[-1])}
            self.net = MLPClassifier(**settings, learning_rate_init=LEARNING_RATE)
        else:
            # Its squared error is half of the mean, so that the gradient is, too.
            self.y, self.classes = problem.Y[:, 0], {}
            self.net = MLPRegressor(**settings, learning_rate_init=2 * LEARNING_RATE)
        # The first call builds the net; the weights are put in afterwards.
        first = slice(0, row.batch_size)
        self.net.partial_fit(self.X[first], self.y[first], **self.classes)
        for (linear, bias), coefficients, intercepts in zip(
            problem.weights, self.net.coefs_, self.net.intercepts_, strict=True
        ):
            coefficients[...], intercepts[...] = linear.T, bias

    def train(self) -> None:
        """Make a pass."""
        self.net.partial_fit(self.X, self.y)

    def weights(self) -> Weights:
        """Return copies."""
        return [(c.T.copy(), i.copy()) for c, i in zip(self.net.coefs_, self.net.intercepts_, strict=True)]

    def answer(self, samples: Array) -> Array:
        """Return the probabilities."""
        outputs: Array = self.net.predict_proba(samples)
        return outputs
