"""The rows of the table: what is measured, on which nets."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, NamedTuple

Kind = Literal["training", "online", "answers"]
DType = Literal["float32", "float64"]
Optimizer = Literal["sgd", "adam"]


class Row(NamedTuple):
    """One line of the table.

    Attributes
    ----------
    kind : {"training", "online", "answers"}
        Training by epochs, training by one call per pair, or the forward pass alone.
    sizes : tuple of int
        The number of inputs, of units in each hidden layer, and of outputs.
    hidden, last : str or None
        The activations.
    loss : {"mse", "cel"}
    batch_size : int
        The samples per update, or per call of the forward pass.
    dtype : {"float32", "float64"}
    optimizer : {"sgd", "adam"}
    epsilon : float
        Of Adam. All libraries here have 1e-8 as their default.
    """

    kind: Kind
    sizes: tuple[int, ...]
    hidden: Literal["relu", "tanh"]
    last: Literal["softmax"] | None
    loss: Literal["mse", "cel"]
    batch_size: int
    dtype: DType = "float32"
    optimizer: Optimizer = "sgd"
    epsilon: float = 1e-8

    @property
    def name(self) -> str:
        """Net, batch size, and what differs from float32 and sgd. ``--rows`` searches in this."""
        net = "-".join(map(str, self.sizes))
        work = {"training": f"batch {self.batch_size}", "online": "online", "answers": f"{self.batch_size} at a time"}
        special = [value for value in (self.optimizer, self.dtype) if value not in ("sgd", "float32")]
        return ", ".join([net, work[self.kind], *special])

    @property
    def n_parameters(self) -> int:
        """The number of weights and biases."""
        return sum((n_in + 1) * n_out for n_in, n_out in pairwise(self.sizes))


def _training(sizes: tuple[int, ...], batch_size: int, dtype: DType = "float32", optimizer: Optimizer = "sgd") -> Row:
    return _row("training", sizes, batch_size, dtype, optimizer)


def _online(sizes: tuple[int, ...], optimizer: Optimizer = "sgd") -> Row:
    return _row("online", sizes, 1, "float32", optimizer)


def _answers(sizes: tuple[int, ...], batch_size: int) -> Row:
    return _row("answers", sizes, batch_size, "float32", "sgd")


def _row(kind: Kind, sizes: tuple[int, ...], batch_size: int, dtype: DType, optimizer: Optimizer) -> Row:
    if sizes[-1] == 1:
        return Row(kind, sizes, "tanh", None, "mse", batch_size, dtype, optimizer)
    return Row(kind, sizes, "relu", "softmax", "cel", batch_size, dtype, optimizer)


ROWS = (
    _training((2, 16, 1), 1),
    _training((64, 32, 10), 1),
    _training((784, 128, 10), 1),
    _training((64, 32, 10), 32),
    _training((64, 32, 10), 128),
    _training((784, 256, 128, 10), 128),
    _training((512, 2048, 2048, 10), 1024),
    _training((64, 32, 10), 1, "float64"),
    _training((64, 32, 10), 32, "float64"),
    _training((784, 256, 128, 10), 128, "float64"),
    _training((64, 32, 10), 1, optimizer="adam"),
    _training((64, 128, 10), 1, optimizer="adam"),
    _training((64, 32, 10), 32, optimizer="adam"),
    _training((784, 256, 128, 10), 128, optimizer="adam"),
    _online((2, 16, 1)),
    _online((20, 32, 3)),
    _online((64, 32, 10)),
    _online((2, 16, 1), "adam"),
    _online((20, 32, 3), "adam"),
    _online((64, 32, 10), "adam"),
    _answers((64, 32, 10), 1),
    _answers((64, 32, 10), 10_000),
    _answers((784, 256, 128, 10), 1),
    _answers((784, 256, 128, 10), 10_000),
)
