"""The kinds of columns, what is learned about each, and how its cells become a net's inputs.

They are declared as msgspec structs, which checks whatever a model file says about them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from msgspec import Meta, Struct

from nnframe.arrays import Array
from nnframe.errors import shown
from nnframe_table.cells import ABSENT, Cells
from nnframe_table.label_normalization import TRUTH, normalizer
from nnframe_table.numerals import UNCLEAR

Unknown: TypeAlias = Literal["refuse", "ignore"]
Finite: TypeAlias = Annotated[float, Meta(ge=-sys.float_info.max, le=sys.float_info.max)]
Positive: TypeAlias = Annotated[float, Meta(gt=0, le=sys.float_info.max)]
Labels: TypeAlias = Annotated[tuple[str, ...], Meta(min_length=1)]
MIDDLE = 0.5
# float32 ends at 3.4e38, and a layer sums many inputs.
LARGEST = 1e30
DECIMAL_HINT = "which may mean a thousand times as much: say how to read it with decimal=',' or decimal='.' (--decimal)"


class CellError(Exception):
    """A cell that can't be encoded.

    Attributes
    ----------
    index : int
        Its index among the cells.
    problem : str
        What is wrong with it; follows the words that say where it is.
    """

    def __init__(self, index: int, problem: str) -> None:
        super().__init__(problem)
        self.index = index
        self.problem = problem


class Numeric(Struct, frozen=True, tag_field="kind", tag="numeric"):
    """A column of numbers x, encoded as (x - mean) / scale.

    Parameters
    ----------
    name : str
    mean, scale : float
        Mean and standard deviation over the training rows.
    fill : float or None
        What replaces a missing number; None if missing numbers are refused.
    """

    name: str
    mean: Finite
    scale: Positive
    fill: Finite | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the inputs it becomes: one."""
        return (self.name,)

    def encode(self, cells: Cells, unknown: Unknown) -> Array:
        """Return a net's inputs: float64, shape (N, 1).

        Raises
        ------
        CellError
            If a cell is missing, not a finite number, or too large to be scaled.
        """
        values, missing, words, unclear = cells.numbers()
        _refuse(words, cells, lambda cell: f"is {cell}; expected a number")
        _refuse(unclear, cells, lambda cell: f"is {cell}, {DECIMAL_HINT}")
        _refuse(np.isinf(values), cells, lambda cell: f"is {cell}; expected a finite number")
        if self.fill is None:
            _refuse(missing, cells, lambda _: "has no value")
        filled = values if self.fill is None else np.where(missing, self.fill, values)
        with np.errstate(over="ignore"):
            scaled = np.asarray((filled - self.mean) / self.scale, dtype=np.float64)
        too_far = np.abs(scaled) > LARGEST
        _refuse(too_far, cells, lambda cell: f"is {cell}, which is too far from the numbers seen in training")
        return scaled.reshape(-1, 1)

    def encode_value(self, value: Any) -> list[float] | None:
        """Return the input for one plain finite number, or None for anything that needs a closer look."""
        if type(value) in (float, int):
            scaled = (value - self.mean) / self.scale
            if -LARGEST <= scaled <= LARGEST:
                return [scaled]
        return None


class Category(Struct, frozen=True, tag_field="kind", tag="category"):
    """A column of texts; each category becomes an input that is 1 where it occurs and 0 elsewhere.

    Parameters
    ----------
    name : str
    categories : tuple of str
    fill : str or None
        What replaces a missing text; None if missing texts are refused.
    """

    name: str
    categories: Labels
    fill: str | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the inputs it becomes: one for each category."""
        return tuple(f"{self.name}={category}" for category in self.categories)

    def encode(self, cells: Cells, unknown: Unknown) -> Array:
        """Return a net's inputs: bool, shape (N, number of categories).

        Raises
        ------
        CellError
            If a cell is missing or not one of the categories; with ``unknown="ignore"``, unknown ones are all 0.
        """
        return one_hot(label_codes(cells, self.categories, self.fill, unknown, IF_UNKNOWN), len(self.categories))

    def encode_value(self, value: Any) -> list[float] | None:
        """Return the inputs for one category, or None for anything that needs a closer look."""
        if type(value) is str and value in self.categories:
            return [float(category == value) for category in self.categories]
        return None


class Boolean(Struct, frozen=True, tag_field="kind", tag="boolean"):
    """A column of true and false, or yes and no, which becomes one input that is 1 or 0.

    Parameters
    ----------
    name : str
    fill : str or None
        What replaces a missing value; None if missing values are refused.
    """

    name: str
    fill: Literal["true", "yes", "false", "no"] | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the inputs it becomes: one."""
        return (self.name,)

    def encode(self, cells: Cells, unknown: Unknown) -> Array:
        """Return a net's inputs: float64, shape (N, 1).

        Raises
        ------
        CellError
            If a cell is missing or neither true nor false; with ``unknown="ignore"``, the latter become 0.5.
        """
        numbers = np.array([float(truth) for truth in TRUTH.values()] + [MIDDLE])
        return numbers[label_codes(cells, tuple(TRUTH), self.fill, unknown)].reshape(-1, 1)

    def encode_value(self, value: Any) -> list[float] | None:
        """Return the input for true or false, or None for anything that needs a closer look."""
        truth = value if type(value) is bool else TRUTH.get(value.lower()) if type(value) is str else None
        return None if truth is None else [float(truth)]


IF_UNKNOWN = "; treat it as none of them (--unknown ignore, or unknown='ignore' in Python), or leave the row out"
Column: TypeAlias = Numeric | Category | Boolean
KINDS: dict[str, type[Column]] = {"numeric": Numeric, "category": Category, "boolean": Boolean}


def one_hot(codes: Array, count: int) -> Array:
    """Return a row for each code with a 1 at its index, or none for -1: bool, the smallest dtype, shape (N, count)."""
    return np.asarray(codes[:, None] == np.arange(count))


def label_codes(cells: Cells, known: Sequence[str], fill: str | None, unknown: Unknown, advice: str = "") -> Array:
    """Return for each cell the index of its text among the known ones, however it is written, or -1.

    Parameters
    ----------
    cells : Cells
    known : sequence of str
    fill : str or None
        What replaces a missing cell.
    unknown : {"refuse", "ignore"}
        Whether -1 is allowed.
    advice : str, optional
        What the error says to do about an unknown text.

    Raises
    ------
    CellError
        If a cell is missing or unknown, and that isn't allowed.
    """
    normal = normalizer(known)
    order = {normal(name): i for i, name in enumerate(known)}
    distinct, codes = cells.texts(order)
    missing = codes == ABSENT
    if fill is None:
        _refuse(missing, cells, lambda _: "has no value")
    # ABSENT is -1, the last entry.
    table = np.array([order.get(normal(name), ABSENT) for name in distinct] + [order.get(normal(fill or ""), ABSENT)])
    found: Array = table[codes]
    if unknown == "refuse":
        _refuse(
            found == ABSENT,
            cells,
            lambda cell: f"is {cell}, which was not seen in training; {known_labels(known)}{advice}",
        )
    return found


def known_labels(known: Collection[str]) -> str:
    """Return a sentence that lists the first few labels."""
    some = ", ".join(shown(label, 40)[1:-1] for label in list(known)[:5])
    return f"known are {some}" + (", ..." if len(known) > 5 else "")


def is_unclear(text: str) -> bool:
    """Return whether a text is a number that may mean a thousand times as much."""
    return UNCLEAR.fullmatch(text.strip()) is not None


def _refuse(bad: Array, cells: Cells, problem: Callable[[str], str]) -> None:
    if bad.any():
        index = int(bad.argmax())
        raise CellError(index, problem(shown(cells.text_at(index))))
