"""torch, as in its tutorials. The compiled contender passes the model and the loss through torch.compile."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch

from comparison import contender
from comparison.problem import ADAM_RATE, LEARNING_RATE, Array, Problem, Weights


class Session(contender.Session):
    """Linear modules in a Sequential, and SGD or Adam, fused."""

    def __init__(self, problem: Problem, option: str) -> None:
        row = problem.row
        dtype = getattr(torch, row.dtype)
        activation = torch.nn.ReLU if row.hidden == "relu" else torch.nn.Tanh
        self.linear = [torch.nn.Linear(n_in, n_out, dtype=dtype) for n_in, n_out in pairwise(row.sizes)]
        modules: list[Any] = [self.linear[0]]
        for linear in self.linear[1:]:
            modules += [activation(), linear]
        with torch.no_grad():
            for module, (weight, bias) in zip(self.linear, problem.weights, strict=True):
                module.weight.copy_(torch.from_numpy(weight))
                module.bias.copy_(torch.from_numpy(bias))
        model = torch.nn.Sequential(*modules)
        self.is_classifier = row.loss == "cel"
        criterion = torch.nn.CrossEntropyLoss() if self.is_classifier else torch.nn.MSELoss()
        self.X = torch.from_numpy(problem.X)
        self.y = torch.from_numpy(problem.labels if self.is_classifier else problem.Y)
        self.batch_size = row.batch_size
        self.optimizer: Any
        if row.optimizer == "adam":
            self.optimizer = torch.optim.Adam(model.parameters(), lr=ADAM_RATE, eps=row.epsilon, fused=True)
        else:
            self.optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)

        def loss(x: Any, y: Any) -> Any:
            return criterion(model(x), y)

        def outputs(x: Any) -> Any:
            return torch.softmax(model(x), dim=1)

        is_compiled = option == "compiled"
        if is_compiled:
            # Otherwise torch treats the next net as another shape of this one, and gives up after eight.
            torch.compiler.reset()
        self.loss = torch.compile(loss) if is_compiled else loss
        self.outputs = torch.compile(outputs) if is_compiled else outputs

    def train(self) -> None:
        """Make a pass."""
        for start in range(0, len(self.X), self.batch_size):
            batch = slice(start, start + self.batch_size)
            self.learn(self.X[batch], self.y[batch])

    def as_pair(self, x: Array, y: Array) -> tuple[Any, Any]:
        """Return tensors of one row."""
        target = y.argmax(axis=0, keepdims=True) if self.is_classifier else y[None]
        return torch.from_numpy(x[None]), torch.from_numpy(target)

    def learn(self, x: Any, y: Any) -> None:
        """Make an update."""
        self.optimizer.zero_grad()
        self.loss(x, y).backward()
        self.optimizer.step()

    def weights(self) -> Weights:
        """Return copies."""
        return [(each.weight.detach().numpy().copy(), each.bias.detach().numpy().copy()) for each in self.linear]

    def as_input(self, X: Array) -> Any:
        """Return a tensor."""
        return torch.from_numpy(X)

    def answer(self, samples: Any) -> Any:
        """Return the probabilities."""
        with torch.inference_mode():
            return self.outputs(samples)

    def as_rows(self, outputs: Any) -> Array:
        """Return an array."""
        rows: Array = outputs.numpy()
        return rows
