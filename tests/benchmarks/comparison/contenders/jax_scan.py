"""JAX, with the whole epoch compiled into one lax.scan over the batches."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from comparison import contender
from comparison.problem import LEARNING_RATE, Array, Problem, Weights

# float32 stays what it is; without this, float64 would be cut down to it.
jax.config.update("jax_enable_x64", True)


class Session(contender.Session):
    """Weights as a tree of device arrays, and a compiled function that makes new ones."""

    def __init__(self, problem: Problem, option: str) -> None:
        row = problem.row
        hidden = jax.nn.relu if row.hidden == "relu" else jnp.tanh
        self.parameters = [(jnp.asarray(linear), jnp.asarray(bias)) for linear, bias in problem.weights]
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

        def step(parameters: Any, batch: Any) -> Any:
            gradients = jax.grad(loss)(parameters, *batch)
            return jax.tree.map(lambda p, g: p - LEARNING_RATE * g, parameters, gradients), None

        self.epoch = jax.jit(lambda parameters, X, Y: jax.lax.scan(step, parameters, (X, Y))[0])
        self.outputs = jax.jit(lambda parameters, x: jax.nn.softmax(scores(parameters, x)))

    def train(self) -> None:
        """Make a pass, and wait for its end."""
        self.parameters = jax.block_until_ready(self.epoch(self.parameters, self.X, self.Y))

    def weights(self) -> Weights:
        """Return copies."""
        return [(np.array(W), np.array(b)) for W, b in self.parameters]

    def as_input(self, X: Array) -> Any:
        """Return a device array."""
        return jnp.asarray(X)

    def answer(self, samples: Any) -> Any:
        """Return the probabilities, once they are there."""
        return jax.block_until_ready(self.outputs(self.parameters, samples))

    def as_rows(self, outputs: Any) -> Array:
        """Return an array."""
        return np.asarray(outputs)
