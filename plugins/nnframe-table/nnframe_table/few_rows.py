"""A few rows of plain values, without the machinery for large tables: for answers to single questions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nnframe.arrays import Array, DType
from nnframe_table.columns import Columns
from nnframe_table.sources.memory import is_pandas_frame

FEW_ROWS = 4


def few_inputs(table: Any, columns: Columns, dtype: DType) -> Array | None:
    """Return the inputs for a few rows of plain values without the machinery for large tables, or None."""
    if isinstance(table, Mapping):
        rows: list[Mapping[str, Any]] = [table]
    elif isinstance(table, list) and 0 < len(table) <= FEW_ROWS and all(isinstance(row, Mapping) for row in table):
        rows = table
    elif is_pandas_frame(table) and 0 < len(table) <= FEW_ROWS and table.columns.is_unique:
        rows = _frame_rows(table, columns.names)
    else:
        return None
    inputs = [columns.encode_row(row) for row in rows]
    return None if not inputs or None in inputs else np.array(inputs, dtype)


def _frame_rows(frame: Any, names: tuple[str, ...]) -> list[Mapping[str, Any]]:
    """Return the rows of a small frame of pandas as dicts; none if a column is missing or of a type of its own."""
    columns: dict[str, list[Any]] = {}
    for name in names:
        try:
            columns[name] = frame[name].tolist()
        except KeyError:
            return []
    return [{name: values[i] for name, values in columns.items()} for i in range(len(frame))]
