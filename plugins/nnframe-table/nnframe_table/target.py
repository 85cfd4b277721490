"""What is to be predicted: a class, or a number; how targets become outputs of a net, and outputs predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import shown
from nnframe.saving.failures import DefectError
from nnframe_table.cells import Cells
from nnframe_table.column import Numeric, as_json, one_hot, places
from nnframe_table.metadata import finite, one_of, text, texts


@dataclass(frozen=True)
class Classification:
    """Predicting which class a row belongs to: a target is a column with a 1 at its class, an output has probabilities.

    Parameters
    ----------
    target : str
        The name of the column.
    classes : tuple of str
    """

    kind: ClassVar[str] = "classification"
    activation: ClassVar[str | None] = "softmax"
    loss: ClassVar[str] = "cel"
    metrics: ClassVar[tuple[str, ...]] = ("accuracy",)
    target: str
    classes: tuple[str, ...]

    @property
    def n_outputs(self) -> int:
        """How many components the output of a net must have."""
        return len(self.classes)

    def encode(self, cells: Cells) -> Array:
        """Return targets for a net: bool, shape (N, n_outputs).

        Raises
        ------
        CellError
            If a cell is missing or none of the classes.
        """
        return one_hot(places(cells, self.classes, None, "refuse"), len(self.classes))

    def decode(self, outputs: Array) -> Array:
        """Return the most probable classes as texts, shape (N,), for outputs of shape (N, n_outputs)."""
        classes: Array = np.array(self.classes)[outputs.argmax(axis=1)]
        return classes

    def in_units(self, outputs: Array) -> Array:
        """Return outputs or targets, shape (N, n_outputs), as metrics should see them: as they are."""
        return outputs

    def __str__(self) -> str:
        listed = ", ".join(self.classes[:8]) + (", ..." if len(self.classes) > 8 else "")
        return f"classification of {self.target!r} into {len(self.classes)} classes: {shown(listed)[1:-1]}"

    @classmethod
    def from_notes(cls, notes: Mapping[str, Any]) -> Classification:
        """Return a task from what `task_notes` gave."""
        return cls(text(notes, "target"), texts(notes, "classes"))


@dataclass(frozen=True)
class Regression:
    """Predicting a number y: a net gives (y - mean) / scale.

    Parameters
    ----------
    target : str
        The name of the column.
    mean, scale : float
        Mean and standard deviation of the rows that were trained on.
    """

    kind: ClassVar[str] = "regression"
    activation: ClassVar[str | None] = None
    loss: ClassVar[str] = "mse"
    metrics: ClassVar[tuple[str, ...]] = ("r2", "mae")
    n_outputs: ClassVar[int] = 1
    target: str
    mean: float
    scale: float

    def encode(self, cells: Cells) -> Array:
        """Return targets for a net: float64, shape (N, 1).

        Raises
        ------
        CellError
            If a cell is missing or no finite number.
        """
        return Numeric(self.target, self.mean, self.scale).encode(cells, "refuse")

    def decode(self, outputs: Array) -> Array:
        """Return numbers in the target's own units, shape (N,), for outputs of shape (N, 1)."""
        return self.in_units(outputs)[:, 0]

    def in_units(self, outputs: Array) -> Array:
        """Return outputs or targets, shape (N, 1), as metrics should see them: in the target's own units."""
        return np.asarray(outputs.astype(np.float64) * self.scale + self.mean)

    def __str__(self) -> str:
        return f"regression of {self.target!r}, mean {self.mean:.4g}, standard deviation {self.scale:.4g}"

    @classmethod
    def from_notes(cls, notes: Mapping[str, Any]) -> Regression:
        """Return a task from what `task_notes` gave."""
        scale = finite(notes, "scale")
        if scale <= 0:
            raise DefectError(f"scale is {scale}; wanted a number above 0")
        return cls(text(notes, "target"), finite(notes, "mean"), scale)


Task: TypeAlias = Classification | Regression
TASKS: dict[str, type[Task]] = {"classification": Classification, "regression": Regression}


def task_notes(task: Task) -> dict[str, Any]:
    """Return a task as JSON has it."""
    return as_json(task.kind, task)


def task_from_notes(notes: Mapping[str, Any]) -> Task:
    """Return a task from what `task_notes` gave, after any time in a file.

    Raises
    ------
    DefectError
        If it is anything else.
    """
    return TASKS[one_of(notes, "kind", tuple(TASKS))].from_notes(notes)
