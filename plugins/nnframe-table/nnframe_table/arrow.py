"""Where pyarrow is asked for, the extra ``table``, and its columns become cells.

pyarrow reads csv and parquet files a block at a time, and takes the data frames of pandas, polars and others as they
are, so that whoever has such a library goes on using it and nobody needs a second one.
"""

from __future__ import annotations

from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import MissingDependencyError
from nnframe_table.cells import ABSENT, MISSING_TEXTS, Cells, NumberCells, TextCells, Texts, UnusableCells

DECIMAL_COMMA = r"^\s*([+-]?\d+),(\d+)\s*$"


def import_pyarrow(purpose: str) -> ModuleType:
    """Return pyarrow.

    Parameters
    ----------
    purpose : str
        What it is wanted for, for the error: ``"data.csv"``.

    Raises
    ------
    MissingDependencyError
        If it is missing.
    """
    try:
        import pyarrow
    except ImportError:
        raise MissingDependencyError(
            f'reading {purpose} needs pyarrow: install it with pip install "nnframe[table]", or give a .npy or .npz '
            f"file, which needs numpy alone"
        ) from None
    module: ModuleType = pyarrow
    return module


class ArrowTextCells:
    """Cells of a column of texts, which are counted and compared by pyarrow until Python has to see them.

    Parameters
    ----------
    array : pyarrow.StringArray
    decimal_comma : bool, optional
        Whether 3,5 is three and a half.
    """

    of_numbers = False
    unusable = None

    def __init__(self, array: Any, decimal_comma: bool = False) -> None:
        self._array, self._decimal_comma = array, decimal_comma

    def missing(self) -> Array:
        """Return where there is no value."""
        return self._plain.missing() if self._numbers is None else np.isnan(self._numbers)

    def numbers(self) -> tuple[Array, Array]:
        """Return the cells as numbers, and where they are none."""
        if self._numbers is None:
            return self._plain.numbers()
        return self._numbers, np.zeros(len(self._numbers), bool)

    def texts(self) -> Texts:
        """Return the cells as texts."""
        return self._plain.texts()

    def text_at(self, index: int) -> str:
        """Return a cell as it is written."""
        return self._array[index].as_py() or ""

    def part(self, start: int, stop: int) -> ArrowTextCells:
        """Return some of the cells that follow each other."""
        return ArrowTextCells(self._array[start:stop], self._decimal_comma)

    @cached_property
    def _read(self) -> Any:
        """The texts with a point for the decimal comma, and null where they stand for a missing value."""
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = self._array
        if self._decimal_comma:
            texts = pc.replace_substring_regex(texts, DECIMAL_COMMA, r"\1.\2")
        return pc.if_else(pc.is_in(texts, pa.array(MISSING_TEXTS)), None, texts)

    @cached_property
    def _numbers(self) -> Array | None:
        """The cells as numbers if all are, but for missing ones; None if there is a space or a word somewhere."""
        import pyarrow as pa
        import pyarrow.compute as pc

        try:
            values = pc.cast(self._read, pa.float64())
        except pa.ArrowInvalid:
            return None
        # Arrow takes "NAN" for a number, in any case of letters.
        return None if pc.any(pc.is_nan(values)).as_py() else as_numpy(values)

    @cached_property
    def _plain(self) -> TextCells:
        encoded = self._read.dictionary_encode()
        return TextCells(encoded.dictionary.to_pylist(), as_numpy(encoded.indices.fill_null(ABSENT)))


def cells_of(array: Any) -> Cells:
    """Return the cells of a pyarrow.Array of any type."""
    import pyarrow as pa

    kind = pa.types
    of = array.type
    if kind.is_dictionary(of):
        return cells_of(array.dictionary_decode())
    if kind.is_boolean(of) or kind.is_null(of) or kind.is_large_string(of) or _is_string_view(of):
        return ArrowTextCells(array.cast(pa.string()))
    if kind.is_string(of):
        return ArrowTextCells(array)
    if kind.is_integer(of):
        return NumberCells(as_numpy(array.fill_null(0)), as_numpy(array.is_null()))
    if kind.is_floating(of):
        return NumberCells(as_numpy(array))
    if kind.is_decimal(of):
        return NumberCells(as_numpy(array.cast(pa.float64(), safe=False)))
    if kind.is_temporal(of):
        return UnusableCells("dates", array)
    return UnusableCells(f"values of type {of}", array)


def as_numpy(array: Any) -> Array:
    """Return a pyarrow.Array of numbers as an ndarray, with NaN where there is none."""
    values: Array = array.to_numpy(zero_copy_only=False)
    return values


def _is_string_view(of: Any) -> bool:
    return str(of) == "string_view"
