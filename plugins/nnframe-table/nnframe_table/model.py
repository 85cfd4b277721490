"""A trained net together with what its columns were, so that it can be given new rows as they come."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nnframe import registry
from nnframe.arrays import Array
from nnframe.contracts.metric import Metric
from nnframe.data import Pairs, pairs
from nnframe.errors import ArgumentError, DataError
from nnframe.network import nNet
from nnframe.saving import load_with_notes
from nnframe.saving.failures import DefectError, reading
from nnframe.training.evaluation import metric_value
from nnframe_table.column import Numeric, Unknown
from nnframe_table.columns import Columns, encoded
from nnframe_table.metadata import entry, text
from nnframe_table.sources.numpy import TARGET
from nnframe_table.sources.opening import open_source
from nnframe_table.sources.source import Chunk
from nnframe_table.target import Classification, Regression, Task, task_from_notes, task_notes

NOTES = "table"
LOSS = "loss"
ROWS_AT_ONCE = 1 << 14


class Predicted(NamedTuple):
    """What a net says of some rows.

    Attributes
    ----------
    chunk : Chunk
        The rows.
    inputs : ndarray, shape (N, n_inputs)
        What the net was given.
    outputs : ndarray, shape (N, n_outputs)
        What it gave.
    """

    chunk: Chunk
    inputs: Array
    outputs: Array


class Model:
    """A net with the columns it reads and the task it was trained for.

    Parameters
    ----------
    net : nNet
    columns : Columns
    task : Classification or Regression
    loss : str, optional
        What it was trained with; the task's own by default.

    Raises
    ------
    ArgumentError
        If the net takes or gives something else.
    """

    def __init__(self, net: nNet, columns: Columns, task: Task, loss: str | None = None) -> None:
        takes, gives = net.layersList[0].n_in, net.layersList[-1].n_out
        if (takes, gives) != (columns.n_inputs, task.n_outputs):
            raise ArgumentError(
                f"net takes {takes} numbers and gives {gives}; wanted {columns.n_inputs} for the columns, and "
                f"{task.n_outputs} for the {task.kind}"
            )
        self.net, self.columns, self.task = net, columns, task
        self.loss = loss or task.loss

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all of it into a file, which `load` reads, and `nnframe.load` too where the net alone is wanted.

        Raises
        ------
        NNFrameError
            As `nNet.save`.
        """
        self.net.save(path, {**metadata_of(self.columns, self.task), LOSS: self.loss})

    def predict(self, table: Any, unknown: Unknown = "refuse") -> Array:
        """Return a prediction for each row of a table.

        Parameters
        ----------
        table : path, data frame, or dict of arrays
            With the columns that were trained on, by name; others are passed over.
        unknown : {"refuse", "ignore"}, optional
            What is done about categories that weren't there in training.

        Returns
        -------
        ndarray, shape (N,)
            The most probable classes as texts, or numbers in the target's units.

        Raises
        ------
        DataError
            If a column isn't there, or a cell can't be used; the row and the column are named.
        """
        return self.task.decode(self.outputs(table, unknown))

    def outputs(self, table: Any, unknown: Unknown = "refuse") -> Array:
        """Return the net's outputs for each row of a table, shape (N, n_outputs): for classes, their probabilities."""
        parts = [predicted.outputs for predicted in self.run(table, unknown=unknown)]
        return np.concatenate(parts) if parts else np.empty((0, self.task.n_outputs))

    def run(self, table: Any, *others: str, unknown: Unknown = "refuse") -> Iterator[Predicted]:
        """Run the net over a table, a chunk of rows at a time.

        Parameters
        ----------
        table : path, data frame, or dict of arrays
        *others : str
            Columns that are to be read besides.
        unknown : {"refuse", "ignore"}, optional

        Raises
        ------
        DataError
            As `predict`.
        """
        source = open_source(table)
        for chunk in self.columns.chunks(source, *others, n_outputs=self.task.n_outputs):
            inputs = self.columns.encode(source, chunk, unknown, self.net.dtype)
            yield Predicted(chunk, inputs, self.net.forwardPass(inputs.T, return_all_steps=False).T)

    def evaluate(self, table: Any, unknown: Unknown = "refuse") -> dict[str, float]:
        """Return how good the predictions for a table are.

        Parameters
        ----------
        table : path, data frame, or dict of arrays
            With the target too.
        unknown : {"refuse", "ignore"}, optional

        Returns
        -------
        dict of str to float
            The mean loss under ``"loss"``; then ``"accuracy"``, or ``"r2"`` and ``"mae"`` in the target's units.

        Raises
        ------
        DataError
            As `predict`, and if the target is missing or none of the classes.
        """
        source = open_source(table)
        total, outputs, targets = 0.0, [], []
        for chunk, inputs, given in self.run(source, self.task.target, unknown=unknown):
            target = encoded(self.task, chunk.cells[self.task.target], source, chunk).astype(np.float64)
            outputs.append(given)
            targets.append(target)
            total += len(chunk) * self.net.evaluate(pairs(inputs, target), self.loss, ())["loss"]
        if not outputs:
            raise DataError(f"{source.name} has no rows to evaluate with")
        a, y = np.concatenate(outputs), np.concatenate(targets)
        return {LOSS: total / len(a), **self._metrics(a, y)}

    def quality(self, data: Pairs) -> dict[str, float]:
        """Return the metrics of the task for rows that are a net's inputs and targets already.

        Parameters
        ----------
        data : Pairs
            As `Table.validation`.
        """
        parts = [data.rows(slice(i, i + ROWS_AT_ONCE), self.net.dtype) for i in range(0, len(data), ROWS_AT_ONCE)]
        outputs = [self.net.forwardPass(x.T, return_all_steps=False).T for x, _ in parts]
        return self._metrics(np.concatenate(outputs), np.concatenate([y for _, y in parts]))

    def _metrics(self, outputs: Array, targets: Array) -> dict[str, float]:
        a, y = self.task.in_units(outputs).T, self.task.in_units(targets).T
        return {name: metric_value(registry.resolve(Metric, name), a, y) for name in self.task.metrics}

    def __repr__(self) -> str:
        return f"<model for {self.task}, from {', '.join(self.columns.names)}>"


def metadata_of(columns: Columns, task: Task) -> dict[str, Any]:
    """Return what `load` needs besides a net and its loss, in the form in which it is saved."""
    return {NOTES: {"columns": columns.to_notes(), "task": task_notes(task)}}


def _model_of_arrays(net: nNet, notes: Mapping[str, Any]) -> Model:
    """Return the model of a net that takes the columns of an array as they are: those of digits, .npy and .npz."""
    if LOSS not in notes or "data" not in notes:
        raise DefectError("it holds a net without columns", "nnframe.load(path) loads it, and it takes arrays")
    first, last = net.layersList[0], net.layersList[-1]
    columns = Columns(tuple(Numeric(str(i), 0.0, 1.0) for i in range(first.n_in)))
    if "classes" in notes:
        task: Task = Classification(TARGET, tuple(map(str, notes["classes"])))
    elif last.n_out == 1:
        task = Regression(TARGET, 0.0, 1.0)
    else:
        raise DefectError(f"its net predicts {last.n_out} numbers", "nnframe.load(path) loads it, and it takes arrays")
    return Model(net, columns, task, text(notes, LOSS))


def load(path: str | os.PathLike[str]) -> Model:
    """Return what `Model.save` wrote.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    ModelFileError
        If it is no such file, or was changed.
    NNFrameError
        As `nnframe.load`.
    """
    net, notes = load_with_notes(path)
    with reading(Path(path)):
        if NOTES not in notes:
            return _model_of_arrays(net, notes)
        held = notes[NOTES]
        columns, task = Columns.from_notes(entry(held, "columns")), task_from_notes(entry(held, "task"))
        try:
            return Model(net, columns, task, text(notes, LOSS))
        except ArgumentError as error:
            raise DefectError(str(error)) from error
