"""Predictions in a csv file."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nnframe.errors import ArgumentError, DataError
from nnframe.saving.atomic import replacing
from nnframe_table.cells import Cells
from nnframe_table.column import Unknown
from nnframe_table.model import Model, Predicted
from nnframe_table.sources.opening import open_source
from nnframe_table.target import Classification


def write_predictions(
    model: Model,
    table: Any,
    path: str | os.PathLike[str],
    *,
    unknown: Unknown = "refuse",
    keep: Sequence[str] = (),
) -> int:
    """Write a prediction for each row of a table into a csv file, and return how many.

    The file has a column called like the target; for classes, a column with the probability of each follows. It is
    written aside and moved over when it is whole.

    Parameters
    ----------
    model : Model
    table : path, data frame, or dict of arrays
    path : str or path-like
        Ends in .csv.
    unknown : {"refuse", "ignore"}, optional
        What is done about categories that weren't there in training.
    keep : sequence of str, optional
        Columns of the table that come first, such as an id to find rows again by.

    Raises
    ------
    ArgumentError
        If the path ends in something else, or a column to keep has the target's name.
    DataError
        As `Model.predict`.
    ModelFileError
        If the file can't be written.
    """
    file_path, source, task = Path(path), open_source(table), model.task
    check_output(file_path)
    if task.target in keep:
        raise ArgumentError(f"keep names {task.target!r}, which is the column with the predictions; keep others")
    named = [f"probability of {name}" for name in task.classes] if isinstance(task, Classification) else []
    count = 0
    with replacing(file_path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*keep, task.target, *named])
        for predicted in model.run(source, *keep, unknown=unknown):
            writer.writerows(_rows(model, predicted, keep))
            count += len(predicted.chunk)
        if not count:
            raise DataError(f"{source.name} has no rows to predict from")
    return count


def check_output(path: Path) -> None:
    """Raise unless predictions can be written to a file of this name.

    Raises
    ------
    ArgumentError
        If it doesn't end in .csv.
    """
    if path.suffix.lower() != ".csv":
        raise ArgumentError(f"predictions are to go into {path}; wanted a file that ends in .csv")


def _rows(model: Model, predicted: Predicted, keep: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    columns: list[Sequence[Any]] = [_as_written(predicted.chunk.cells[name]) for name in keep]
    decoded = model.task.decode(predicted.outputs).tolist()
    columns.append(decoded if isinstance(model.task, Classification) else [f"{number:.9g}" for number in decoded])
    if isinstance(model.task, Classification):
        columns += [[f"{share:.6g}" for share in shares] for shares in predicted.outputs.T.tolist()]
    return zip(*columns, strict=True)


def _as_written(cells: Cells) -> list[str]:
    return [cells.text_at(i) for i in range(len(cells.missing()))]
