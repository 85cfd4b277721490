"""What is predicted: a class or a number. How targets become a net's outputs, and outputs predictions."""

from __future__ import annotations

from typing import ClassVar, TypeAlias

import numpy as np
from msgspec import Struct

from nnframe.arrays import Array
from nnframe.errors import ArgumentError, shown
from nnframe_table.cells import Cells
from nnframe_table.column import Finite, Labels, Numeric, Positive, label_codes, one_hot


class Classification(Struct, frozen=True, tag_field="kind", tag="classification"):
    """Predicting the class of a row: a target is 1 at its class and 0 elsewhere, an output holds probabilities.

    Parameters
    ----------
    target : str
        The name of the column.
    classes : tuple of str
    """

    target: str
    classes: Labels

    kind: ClassVar[str] = "classification"
    activation: ClassVar[str | None] = "softmax"
    loss: ClassVar[str] = "cel"
    metrics: ClassVar[tuple[str, ...]] = ("accuracy",)

    def __post_init__(self) -> None:
        if len(set(self.classes)) < len(self.classes):
            raise ArgumentError(f"classes has two equal names: {shown(self.classes)}; expected different ones")

    @property
    def n_outputs(self) -> int:
        """The number of a net's outputs."""
        return len(self.classes)

    def encode(self, cells: Cells) -> Array:
        """Return targets for a net: bool, shape (N, n_outputs).

        Raises
        ------
        CellError
            If a cell is missing or not one of the classes.
        """
        return one_hot(label_codes(cells, self.classes, None, "refuse"), len(self.classes))

    def decode(self, outputs: Array) -> Array:
        """Return the most probable classes as texts, shape (N,), for outputs of shape (N, n_outputs).

        Raises
        ------
        ArgumentError
            If an output is NaN, which is no answer.
        """
        refuse_nan(outputs)
        classes: Array = np.array(self.classes)[outputs.argmax(axis=1)]
        return classes

    def in_units(self, outputs: Array) -> Array:
        """Return outputs or targets, shape (N, n_outputs), in the form that metrics take: unchanged."""
        return outputs

    def __str__(self) -> str:
        listed = ", ".join(self.classes[:8]) + (", ..." if len(self.classes) > 8 else "")
        return f"classification of {self.target!r} into {len(self.classes)} classes: {shown(listed)[1:-1]}"


class Regression(Struct, frozen=True, tag_field="kind", tag="regression"):
    """Predicting a number y: the net's output is (y - mean) / scale.

    Parameters
    ----------
    target : str
        The name of the column.
    mean, scale : float
        Mean and standard deviation over the training rows.
    """

    target: str
    mean: Finite
    scale: Positive

    kind: ClassVar[str] = "regression"
    activation: ClassVar[str | None] = None
    loss: ClassVar[str] = "mse"
    metrics: ClassVar[tuple[str, ...]] = ("r2", "mae")
    n_outputs: ClassVar[int] = 1

    def encode(self, cells: Cells) -> Array:
        """Return targets for a net: float64, shape (N, 1).

        Raises
        ------
        CellError
            If a cell is missing or not a finite number.
        """
        return Numeric(self.target, self.mean, self.scale).encode(cells, "refuse")

    def decode(self, outputs: Array) -> Array:
        """Return numbers in the target's units, shape (N,), for outputs of shape (N, 1).

        Raises
        ------
        ArgumentError
            If an output is NaN.
        """
        refuse_nan(outputs)
        return self.in_units(outputs)[:, 0]

    def in_units(self, outputs: Array) -> Array:
        """Return outputs or targets, shape (N, 1), in the form that metrics take: in the target's units."""
        return np.asarray(outputs.astype(np.float64) * self.scale + self.mean)

    def __str__(self) -> str:
        return f"regression of {self.target!r}, mean {self.mean:.4g}, standard deviation {self.scale:.4g}"


Target: TypeAlias = Classification | Regression
TARGETS: dict[str, type[Target]] = {"classification": Classification, "regression": Regression}


def refuse_nan(outputs: Array) -> None:
    """Raise if an output is NaN.

    Raises
    ------
    ArgumentError
        With the index of the row.
    """
    bad = np.isnan(outputs).any(axis=1)
    if bad.any():
        raise ArgumentError(
            f"the net's output for row {int(bad.argmax())} (counted from 0) is NaN, which predicts nothing; the net's "
            f"weights or inputs are not finite: train it again, with a lower learning rate"
        )
