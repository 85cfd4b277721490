"""FANN, a neural network library in C, called through ctypes. Debian has it as libfann-dev."""

from __future__ import annotations

from ctypes import CDLL, POINTER, Structure, c_float, c_int, c_uint, c_void_p
from ctypes.util import find_library
from itertools import pairwise
from typing import Any

import numpy as np

from comparison import contender
from comparison.problem import LEARNING_RATE, Array, Problem, Weights
from comparison.rows import Row

# Numbers of enum values in fann_data.h.
LINEAR, TANH = 0, 5
INCREMENTAL, SQUARED_ERROR = 0, 0


class Connection(Structure):
    """``struct fann_connection``: a weight between two neurons."""

    _fields_ = (("from_neuron", c_uint), ("to_neuron", c_uint), ("weight", c_float))


def library() -> CDLL:
    """Return the library, with its functions' types."""
    fann = CDLL(find_library("fann"))
    net, floats = c_void_p, POINTER(c_float)
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "fann_create_standard_array": (net, [c_uint, POINTER(c_uint)]),
        "fann_destroy": (None, [net]),
        "fann_set_activation_function_hidden": (None, [net, c_int]),
        "fann_set_activation_function_output": (None, [net, c_int]),
        "fann_set_activation_steepness_hidden": (None, [net, c_float]),
        "fann_set_activation_steepness_output": (None, [net, c_float]),
        "fann_set_training_algorithm": (None, [net, c_int]),
        "fann_set_train_error_function": (None, [net, c_int]),
        "fann_set_learning_rate": (None, [net, c_float]),
        "fann_set_learning_momentum": (None, [net, c_float]),
        "fann_get_total_connections": (c_uint, [net]),
        "fann_get_connection_array": (None, [net, POINTER(Connection)]),
        "fann_set_weight_array": (None, [net, POINTER(Connection), c_uint]),
        "fann_train": (None, [net, floats, floats]),
        "fann_run": (floats, [net, floats]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(fann, name)
        function.restype, function.argtypes = result, arguments
    return fann


class Session(contender.Session):
    """tanh in the hidden layers, linear outputs and the squared error: FANN has neither softmax nor cross-entropy."""

    incomparable = "its slope of tanh is never below 0.04, and it has neither softmax nor cross-entropy"

    def __init__(self, problem: Problem, option: str) -> None:
        row = problem.row
        self.fann = library()
        self.sizes = row.sizes
        self.net = c_void_p(self.fann.fann_create_standard_array(len(row.sizes), (c_uint * len(row.sizes))(*row.sizes)))
        self.fann.fann_set_activation_function_hidden(self.net, TANH)
        self.fann.fann_set_activation_function_output(self.net, LINEAR)
        self.fann.fann_set_activation_steepness_hidden(self.net, 1)
        self.fann.fann_set_activation_steepness_output(self.net, 1)
        self.fann.fann_set_training_algorithm(self.net, INCREMENTAL)
        self.fann.fann_set_train_error_function(self.net, SQUARED_ERROR)
        # FANN's gradient is a - y, that of the mean squared error 2 (a - y) / n_out.
        self.fann.fann_set_learning_rate(self.net, 2 * LEARNING_RATE / row.sizes[-1])
        self.fann.fann_set_learning_momentum(self.net, 0)
        self._set_weights(problem.weights)
        self.train_one, self.run = self.fann.fann_train, self.fann.fann_run
        # The pointers don't keep the arrays alive.
        self.arrays: list[Array] = []
        self.pairs = [self.as_pair(x, y) for x, y in zip(problem.X, problem.Y, strict=True)]

    def __del__(self) -> None:
        if hasattr(self, "net"):
            self.fann.fann_destroy(self.net)

    @staticmethod
    def why_not(row: Row, option: str) -> str | None:
        """Skip what FANN has not."""
        if row.dtype != "float32":
            return "the library is for float32"
        if row.optimizer != "sgd":
            return f"it has no {row.optimizer}"
        if row.kind != "answers" and row.batch_size > 1:
            return "it updates after each sample, or after the whole data"
        return "it answers one at a time" if row.kind == "answers" and row.batch_size > 1 else None

    def train(self) -> None:
        """Make a pass."""
        net, train_one = self.net, self.train_one
        for x, y in self.pairs:
            train_one(net, x, y)

    def as_pair(self, x: Array, y: Array) -> tuple[Any, Any]:
        """Return pointers."""
        return self._pointer(x), self._pointer(y)

    def learn(self, x: Any, y: Any) -> None:
        """Make an update."""
        self.train_one(self.net, x, y)

    def weights(self) -> Weights:
        """Return copies of the weights."""
        connections = self._connections()
        found = []
        for k, (first, start) in enumerate(self._layers()):
            linear = np.empty((self.sizes[k + 1], self.sizes[k]), np.float32)
            bias = np.empty(self.sizes[k + 1], np.float32)
            for each in connections:
                row, column = each.to_neuron - start, each.from_neuron - first
                if 0 <= row < len(bias) and 0 <= column <= self.sizes[k]:
                    if column == self.sizes[k]:
                        bias[row] = each.weight
                    else:
                        linear[row, column] = each.weight
            found.append((linear, bias))
        return found

    def as_input(self, X: Array) -> Any:
        """Return a pointer."""
        return self._pointer(X[0])

    def answer(self, samples: Any) -> Any:
        """Return a pointer to the outputs."""
        return self.run(self.net, samples)

    def as_rows(self, outputs: Any) -> Array:
        """Return an array."""
        return np.array([outputs[: self.sizes[-1]]])

    def _pointer(self, values: Array) -> Any:
        kept = np.ascontiguousarray(values, np.float32)
        self.arrays.append(kept)
        return kept.ctypes.data_as(POINTER(c_float))

    def _layers(self) -> list[tuple[int, int]]:
        """Return the number of each layer's first input neuron and of its first neuron; FANN counts biases too."""
        starts = np.cumsum([0, *(size + 1 for size in self.sizes)]).tolist()
        return list(pairwise(starts[:-1]))

    def _connections(self) -> Any:
        connections = (Connection * self.fann.fann_get_total_connections(self.net))()
        self.fann.fann_get_connection_array(self.net, connections)
        return connections

    def _set_weights(self, weights: Weights) -> None:
        connections = self._connections()
        layers = self._layers()
        for each in connections:
            k = next(k for k in reversed(range(len(layers))) if each.to_neuron >= layers[k][1])
            first, start = layers[k]
            linear, bias = weights[k]
            row, column = each.to_neuron - start, each.from_neuron - first
            each.weight = bias[row] if column == len(linear[row]) else linear[row, column]
        self.fann.fann_set_weight_array(self.net, connections, len(connections))
