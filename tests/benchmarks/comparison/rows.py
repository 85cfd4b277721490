"""What is measured: nets, batch sizes and dtypes."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, NamedTuple


class Row(NamedTuple):
    """A line of the table.

    Attributes
    ----------
    kind : {"training", "answers"}
        Whether an epoch of stochastic gradient descent is timed, or the forward pass alone.
    sizes : tuple of int
        Components of the input, of each hidden layer, and of the output.
    hidden, last : str or None
        The activations.
    loss : {"mse", "cel"}
    batch_size : int
        How many samples one update, or one call, takes.
    dtype : {"float32", "float64"}
    """

    kind: Literal["training", "answers"]
    sizes: tuple[int, ...]
    hidden: Literal["relu", "tanh"]
    last: Literal["softmax"] | None
    loss: Literal["mse", "cel"]
    batch_size: int
    dtype: Literal["float32", "float64"]

    @property
    def name(self) -> str:
        """Net and batch size, and the dtype where it isn't float32: what ``--rows`` looks into."""
        net = "-".join(map(str, self.sizes))
        work = f"batch {self.batch_size}" if self.kind == "training" else f"{self.batch_size} at a time"
        return f"{net}, {work}" + ("" if self.dtype == "float32" else f", {self.dtype}")

    @property
    def n_parameters(self) -> int:
        """The number of trained values."""
        return sum((n_in + 1) * n_out for n_in, n_out in pairwise(self.sizes))


def _training(sizes: tuple[int, ...], batch_size: int, dtype: Literal["float32", "float64"] = "float32") -> Row:
    if sizes[-1] == 1:
        return Row("training", sizes, "tanh", None, "mse", batch_size, dtype)
    return Row("training", sizes, "relu", "softmax", "cel", batch_size, dtype)


def _answers(sizes: tuple[int, ...], batch_size: int) -> Row:
    return Row("answers", sizes, "relu", "softmax", "cel", batch_size, "float32")


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
    _answers((64, 32, 10), 1),
    _answers((64, 32, 10), 10_000),
    _answers((784, 256, 128, 10), 1),
    _answers((784, 256, 128, 10), 10_000),
)
