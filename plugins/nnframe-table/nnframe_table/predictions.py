"""Predictions in a csv file."""

from __future__ import annotations

import csv
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import ArgumentError, ArgumentTypeError, DataError, with_type
from nnframe.saving.atomic import replacing
from nnframe.saving.failures import file_path as checked_path
from nnframe_table.column import Unknown
from nnframe_table.model import Model, Predicted
from nnframe_table.target import Classification

# Spreadsheets take a cell that begins like this for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_predictions(
    model: Model,
    table: Any,
    path: str | os.PathLike[str],
    *,
    unknown: Unknown = "refuse",
    keep: Collection[str] = (),
    guard_formulas: bool = False,
    quantiles: Sequence[float] | None = None,
) -> int:
    """Write a prediction for each row of a table into a csv file, and return how many there are.

    The file has a column named like the target. For classes, a column with the probability of each follows; for a loss
    that has them, the standard deviation and quantiles. It is written to a temporary file, which replaces `path` once
    it is complete.

    Parameters
    ----------
    model : Model
    table : path, data frame, dict of arrays, or list of dicts
    path : str or path-like
        Ends in .csv.
    unknown : {"refuse", "ignore"}, optional
        What to do about categories that were not seen in training.
    keep : collection of str, optional
        Columns of the table to copy to the front, such as an id that identifies rows.
    guard_formulas : bool, optional
        Whether texts that a spreadsheet would run as a formula, such as ``=1+1``, get an apostrophe in front.
    quantiles : sequence of float, optional
        The levels of quantiles to write; by default those that the net was trained for.

    Raises
    ------
    ArgumentError
        If the path has another ending, a column to keep has the target's name, or the loss has no such quantiles.
    DataError
        As `Model.predict`.
    ModelFileError
        If the file can't be written.
    """
    file_path = checked_path(path)
    check_output(file_path)
    if isinstance(keep, str) or not isinstance(keep, Iterable) or not all(isinstance(name, str) for name in keep):
        raise ArgumentTypeError(f"keep is {with_type(keep)}; expected a list of the names of columns")
    source, target = model.columns.open(table), model.target
    keep = [name.strip() for name in keep]
    if target.target in keep:
        raise ArgumentError(f"keep names {target.target!r}, which is the column with the predictions; keep others")
    levels = trained_levels(model) if quantiles is None else list(quantiles)
    named = _further_columns(model, levels)
    guard = _guarded if guard_formulas else str
    count = 0
    with replacing(file_path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(map(guard, [*keep, target.target, *named]))
        for predicted in model.run(source, *keep, unknown=unknown):
            for texts, numbers in _rows(model, predicted, keep, levels):
                writer.writerow([*map(guard, texts), *numbers])
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
        raise ArgumentError(f"predictions are written to {path}; expected a file that ends in .csv")


def trained_levels(model: Model) -> list[float]:
    """Return the levels of the quantiles that a net was trained for; none for other losses."""
    levels = () if model.reader is None else model.reader.settings.get("levels", ())
    return list(levels) if isinstance(levels, tuple) else []


def _further_columns(model: Model, levels: Sequence[float]) -> list[str]:
    """Return the names of the columns that follow that of the target."""
    target = model.target
    if isinstance(target, Classification):
        return [f"probability of {name}" for name in target.classes]
    has_scale = model.reader is not None and model.reader.distribution is not None
    scale = [f"standard deviation of {target.target}"] if has_scale else []
    return [*scale, *(f"{level:g} quantile of {target.target}" for level in levels)]


def _further_numbers(model: Model, predicted: Predicted, levels: Sequence[float]) -> Array:
    """Return the numbers of the columns that follow that of the target, shape (N, ...)."""
    if isinstance(model.target, Classification):
        return predicted.outputs
    found = [np.empty((len(predicted.outputs), 0))]
    if model.reader is not None and model.reader.distribution is not None:
        found.append(model.distribution(predicted.outputs)[1].reshape(-1, 1))
    if levels:
        found.append(model.quantiles(predicted.outputs, levels))
    return np.hstack(found)


def _rows(
    model: Model, predicted: Predicted, keep: Sequence[str], levels: Sequence[float]
) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the texts and the numbers of each row."""
    cells = [predicted.chunk.cells[name] for name in keep]
    decoded = model.target.decode(model.points(predicted.outputs)).tolist()
    further = _further_numbers(model, predicted, levels).tolist()
    classes = isinstance(model.target, Classification)
    for i, answer in enumerate(decoded):
        texts = [each.text_at(i) for each in cells]
        if classes:
            yield [*texts, answer], [f"{share:.6g}" for share in further[i]]
        else:
            yield texts, [f"{number:.9g}" for number in (answer, *further[i])]


def _guarded(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
