"""JAX: a whole epoch compiled into one lax.scan over the batches, or one compiled step per pair."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from comparison import contender
from comparison.problem import ADAM_RATE, BETA1, BETA2, LEARNING_RATE, Array, Problem, Weights

# Otherwise JAX would turn float64 into float32.
jax.config.update("jax_enable_x64", True)


class Session(contender.Session):
    """Weights as a tree of device arrays, and compiled functions that return new ones."""

    def __init__(self, problem: Problem, option: str) -> None:
        row = problem.row
        hidden = jax.nn.relu if row.hidden == "relu" else jnp.tanh
        parameters = [(jnp.asarray(linear), jnp.asarray(bias)) for linear, bias in problem.weights]
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        # The state: weights, and for Adam the two running means and the number of steps.
        self.state: Any = (parameters, zeros, zeros, jnp.zeros((), row.dtype))
        n_batches = len(problem.X) // row.batch_size
        self.X, self.Y = (jnp.asarray(array.reshape(n_batches, row.batch_size, -1)) for array in (problem.X, problem.Y))

        def scores(parameters: Any, x: Any) -> Any:
            *first, (linear, bias) = parameters
            for W, b in first:
                x = hidden(x @ W.T + b)
            return x @ linear.T + bias

        def loss(parameters: Any, x: Any, y: Any) -> Any:
            z = scores(parameters, x)
            if row.loss == "cel":
                return -(y * jax.nn.log_softmax(z)).sum(axis=1).mean()
            return ((z - y) ** 2).mean()

        def sgd(state: Any, batch: Any) -> Any:
            parameters, *rest = state
            gradients = jax.grad(loss)(parameters, *batch)
            return (jax.tree.map(lambda p, g: p - LEARNING_RATE * g, parameters, gradients), *rest), None

        def adam(state: Any, batch: Any) -> Any:
            parameters, mean, square, t = state
            gradients = jax.grad(loss)(parameters, *batch)
            t = t + 1
            mean = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, mean, gradients)
            square = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, square, gradients)
            rate, correction = ADAM_RATE / (1 - BETA1**t), 1 - BETA2**t
            parameters = jax.tree.map(
                lambda p, m, v: p - rate * m / (jnp.sqrt(v / correction) + row.epsilon), parameters, mean, square
            )
            return (parameters, mean, square, t), None

        step = adam if row.optimizer == "adam" else sgd
        self.step = jax.jit(lambda state, x, y: step(state, (x, y))[0])
        self.epoch = jax.jit(lambda state, X, Y: jax.lax.scan(step, state, (X, Y))[0])
        self.outputs = jax.jit(lambda parameters, x: jax.nn.softmax(scores(parameters, x)))

    def train(self) -> None:
        """Make a pass, and wait for its end."""
        self.state = jax.block_until_ready(self.epoch(self.state, self.X, self.Y))

    def as_pair(self, x: Array, y: Array) -> tuple[Any, Any]:
        """Return device arrays of one row."""
        return jnp.asarray(x[np.newaxis]), jnp.asarray(y[np.newaxis])

    def learn(self, x: Any, y: Any) -> None:
        """Make an update, and wait for its end."""
        self.state = jax.block_until_ready(self.step(self.state, x, y))

    def weights(self) -> Weights:
        """Return copies."""
        return [(np.array(W), np.array(b)) for W, b in self.state[0]]

    def as_input(self, X: Array) -> Any:
        """Return a device array."""
        return jnp.asarray(X)

    def answer(self, samples: Any) -> Any:
        """Return the probabilities when they are there."""
        return jax.block_until_ready(self.outputs(self.state[0], samples))

    def as_rows(self, outputs: Any) -> Array:
        """Return an array."""
        return np.asarray(outputs)
