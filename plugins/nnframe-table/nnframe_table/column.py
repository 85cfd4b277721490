"""The kinds of columns, what is learned of each, and how its cells become numbers for a net.

All are plain values, so that they can be written into a model file as JSON and checked when they come back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

from nnframe.arrays import Array
from nnframe.saving.failures import DefectError
from nnframe_table.cells import ABSENT, Cells
from nnframe_table.label_normalization import TRUTH, spelling_of
from nnframe_table.metadata import finite, one_of, optional, text, texts

Unknown: TypeAlias = Literal["refuse", "ignore"]
MIDDLE = 0.5
# float32 ends at 3.4e38, and a layer adds up many inputs.
LARGEST = 1e30


class CellError(Exception):
    """A cell that can't be encoded.

    Attributes
    ----------
    index : int
        Its place among the cells.
    problem : str
        What is wrong with it, to follow the words that say where it is.
    """

    def __init__(self, index: int, problem: str) -> None:
        super().__init__(problem)
        self.index = index
        self.problem = problem


@dataclass(frozen=True)
class Numeric:
    """A column of numbers x, which becomes (x - mean) / scale.

    Parameters
    ----------
    name : str
    mean, scale : float
        Mean and standard deviation of the rows that were trained on.
    fill : float or None
        What stands in for a missing number; None if missing ones are refused.
    """

    kind: ClassVar[str] = "numeric"
    name: str
    mean: float
    scale: float
    fill: float | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """What it becomes: one column of numbers."""
        return (self.name,)

    def encode(self, cells: Cells, unknown: Unknown) -> Array:
        """Return the numbers for a net: float64, shape (N, 1).

        Raises
        ------
        CellError
            If a cell is missing, is no number, is infinite, or would be when it is scaled.
        """
        values, others = cells.numbers()
        missing = cells.missing()
        _refuse(others, cells, lambda cell: f"is {cell}; wanted a number")
        _refuse(np.isinf(values), cells, lambda cell: f"is {cell}; wanted a finite number")
        if self.fill is None:
            _refuse(missing, cells, lambda _: "has no value")
        filled = values if self.fill is None else np.where(missing, self.fill, values)
        with np.errstate(over="ignore"):
            scaled = np.asarray((filled - self.mean) / self.scale, dtype=np.float64)
        too_far = np.abs(scaled) > LARGEST
        _refuse(too_far, cells, lambda cell: f"is {cell}, which is too far from the numbers of the training")
        return scaled.reshape(-1, 1)

    @classmethod
    def from_notes(cls, notes: Mapping[str, Any]) -> Numeric:
        """Return a column from what `column_notes` gave."""
        scale = finite(notes, "scale")
        if scale <= 0:
            raise DefectError(f"scale is {scale}; wanted a number above 0")
        return cls(text(notes, "name"), finite(notes, "mean"), scale, optional(finite, notes, "fill"))


@dataclass(frozen=True)
class Category:
    """A column of texts, each of which gets a column of its own with a 1 where it stands and 0 elsewhere.

    Parameters
    ----------
    name : str
    categories : tuple of str
        The texts.
    fill : str or None
        What stands in for a missing one; None if missing ones are refused.
    """

    kind: ClassVar[str] = "category"
    name: str
    categories: tuple[str, ...]
    fill: str | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """What it becomes: a column for each category."""
        return tuple(f"{self.name}={category}" for category in self.categories)

    def encode(self, cells: Cells, unknown: Unknown) -> Array:
        """Return the numbers for a net: bool, shape (N, number of categories).

        Raises
        ------
        CellError
            If a cell is missing, or is none of the categories, unless those are to be ignored; then all are 0.
        """
        return one_hot(places(cells, self.categories, self.fill, unknown), len(self.categories))

    @classmethod
    def from_notes(cls, notes: Mapping[str, Any]) -> Category:
        """Return a column from what `column_notes` gave."""
        categories = texts(notes, "categories")
        fill = optional(text, notes, "fill")
        if fill is not None and fill not in categories:
            raise DefectError(f"fill is {fill!r}, which is none of the categories")
        return cls(text(notes, "name"), categories, fill)


@dataclass(frozen=True)
class Boolean:
    """A column of true and false, or yes and no, which becomes one of 1 and 0.

    Parameters
    ----------
    name : str
    fill : str or None
        What stands in for a missing one; None if missing ones are refused.
    """

    kind: ClassVar[str] = "boolean"
    name: str
    fill: str | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """What it becomes: one column of numbers."""
        return (self.name,)

    def encode(self, cells: Cells, unknown: Unknown) -> Array:
        """Return the numbers for a net: float64, shape (N, 1).

        Raises
        ------
        CellError
            If a cell is missing, or is neither true nor false, unless those are to be ignored; then it is 0.5.
        """
        numbers = np.array([float(truth) for truth in TRUTH.values()] + [MIDDLE])
        return numbers[places(cells, tuple(TRUTH), self.fill, unknown)].reshape(-1, 1)

    @classmethod
    def from_notes(cls, notes: Mapping[str, Any]) -> Boolean:
        """Return a column from what `column_notes` gave."""
        fill = optional(text, notes, "fill")
        if fill is not None and fill not in TRUTH:
            raise DefectError(f"fill is {fill!r}; wanted one of {', '.join(TRUTH)}")
        return cls(text(notes, "name"), fill)


Column: TypeAlias = Numeric | Category | Boolean
KINDS: dict[str, type[Column]] = {"numeric": Numeric, "category": Category, "boolean": Boolean}


def column_notes(column: Column) -> dict[str, Any]:
    """Return a column as JSON has it."""
    return as_json(column.kind, column)


def as_json(kind: str, learned: Any) -> dict[str, Any]:
    """Return the fields of a dataclass as JSON has them, which knows lists and no tuples."""
    fields = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(learned).items()}
    return {"kind": kind, **fields}


def column_from_notes(notes: Mapping[str, Any]) -> Column:
    """Return a column from what `column_notes` gave, after any time in a file.

    Raises
    ------
    DefectError
        If it is anything else.
    """
    return KINDS[one_of(notes, "kind", tuple(KINDS))].from_notes(notes)


def one_hot(places: Array, count: int) -> Array:
    """Return rows with a 1 at a place each, or none where it is -1: bool, which takes up least, shape (N, count)."""
    return np.asarray(places[:, None] == np.arange(count))


def places(cells: Cells, known: Sequence[str], fill: str | None, unknown: Unknown) -> Array:
    """Return for each cell the place of its text among those known, in any spelling, or -1.

    Parameters
    ----------
    cells : Cells
    known : sequence of str
    fill : str or None
        What stands in for a missing cell.
    unknown : {"refuse", "ignore"}
        Whether -1 is allowed.

    Raises
    ------
    CellError
        If a cell is missing or unknown, and that isn't allowed.
    """
    spelled = spelling_of(known)
    order = {spelled(name): i for i, name in enumerate(known)}
    missing = cells.missing()
    if fill is None:
        _refuse(missing, cells, lambda _: "has no value")
    distinct, codes = cells.texts()
    # ABSENT is -1, the last entry.
    table = np.array([order.get(spelled(name), ABSENT) for name in distinct] + [order.get(spelled(fill or ""), ABSENT)])
    found: Array = table[codes]
    if unknown == "refuse":
        some = ", ".join(known[:5]) + (", ..." if len(known) > 5 else "")
        _refuse(found == ABSENT, cells, lambda cell: f"is {cell}, which was never seen in training; known are {some}")
    return found


def _refuse(bad: Array, cells: Cells, problem: Callable[[str], str]) -> None:
    if bad.any():
        index = int(bad.argmax())
        raise CellError(index, problem(repr(cells.text_at(index))))
