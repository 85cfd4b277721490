"""A trained net together with its columns, so that it takes new rows as they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nnframe import registry
from nnframe.arrays import Array
from nnframe.contracts.loss import Loss
from nnframe.contracts.metric import Metric
from nnframe.data import Pairs, pairs
from nnframe.errors import ArgumentError, ArgumentTypeError, DataError, with_type
from nnframe.loading import load_with_metadata
from nnframe.network import nNet
from nnframe.registry.answers import distribution_of, point_of, quantiles_of
from nnframe.saving.failures import DefectError, reading
from nnframe.training.evaluation import metric_value
from nnframe_table.column import Unknown
from nnframe_table.columns import Columns, encoded
from nnframe_table.few_rows import few_inputs
from nnframe_table.metadata import from_metadata
from nnframe_table.model_metadata import LOSS, described, metadata_of
from nnframe_table.sources.source import Chunk, Source
from nnframe_table.target import Regression, Target, refuse_nan

ROWS_AT_ONCE = 1 << 14


class Predicted(NamedTuple):
    """A net's outputs for some rows.

    Attributes
    ----------
    chunk : Chunk
        The rows.
    inputs : ndarray, shape (N, n_inputs)
    outputs : ndarray, shape (N, n_outputs)
    """

    chunk: Chunk
    inputs: Array
    outputs: Array


class Model:
    """A net with the columns that it reads and the target that it predicts.

    Parameters
    ----------
    net : nNet
    columns : Columns
    target : Classification or Regression
    loss : str, optional
        What it was trained with; by default the target's.

    Raises
    ------
    ArgumentError
        If the net has another number of inputs or outputs.
    """

    def __init__(self, net: nNet, columns: Columns, target: Target, loss: str | None = None) -> None:
        for name, value, expected in (
            ("net", net, nNet),
            ("columns", columns, Columns),
            ("target", target, Target),
        ):
            if not isinstance(value, expected):
                raise ArgumentTypeError(
                    f"{name} is {with_type(value)}; expected Model(net, table.columns, table.target), for a table that "
                    f"nnframe.table.read returned"
                )
        if not isinstance(loss, (str, type(None))):
            raise ArgumentTypeError(f"loss is {with_type(loss)}; expected the name of a loss, such as 'mse', or None")
        n_in, n_out = net.layersList[0].n_in, net.layersList[-1].n_out
        # What reads the predictions from the outputs; most losses leave the outputs as they are.
        self.reader = None if net.trained_for is None else registry.resolve(Loss, net.trained_for)
        n_expected = target.n_outputs * (1 if self.reader is None else self.reader.n_outputs)
        if (n_in, n_out) != (columns.n_inputs, n_expected):
            raise ArgumentError(
                f"net has {n_in} inputs and {n_out} outputs; expected {columns.n_inputs} inputs for the columns, and "
                f"{n_expected} outputs for the {target.kind}"
            )
        self.net, self.columns, self.target = net, columns, target
        self.loss = loss or target.loss

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save all of it into a file. `load` reads it, and `nnframe.load` reads the net alone.

        Raises
        ------
        NNFrameError
            As `nNet.save`.
        """
        self.net.save(path, {**metadata_of(self.columns, self.target), LOSS: self.loss})

    def predict(self, table: Any, unknown: Unknown = "refuse") -> Array:
        """Return a prediction for each row of a table.

        Parameters
        ----------
        table : path, data frame, dict of arrays, dict of values, or list of dicts
            With the columns of the training, by name; others are ignored. A dict of plain values is one row.
        unknown : {"refuse", "ignore"}, optional
            What to do about categories that were not seen in training.

        Returns
        -------
        ndarray, shape (N,)
            The most probable classes as texts, or numbers in the target's units.

        Raises
        ------
        DataError
            If a column is missing, or a cell can't be used; the message names the row and the column.
        ArgumentError
            If the net's output is NaN.
        """
        return self.target.decode(self.points(self.outputs(table, unknown)))

    def predict_quantiles(self, table: Any, levels: Any, unknown: Unknown = "refuse") -> Array:
        """Return quantiles of the target for each row of a table, of a net trained with a loss that has them.

        Parameters
        ----------
        table, unknown
            As in `predict`.
        levels : array_like, shape (L,)
            Above 0 and below 1.

        Returns
        -------
        ndarray, shape (N, L)
            In the target's units.

        Raises
        ------
        ArgumentError
            If the loss has no quantiles, or none of these levels.
        NNFrameError
            As `predict`.
        """
        return self.quantiles(self.outputs(table, unknown), levels)

    def predict_dist(self, table: Any, unknown: Unknown = "refuse") -> tuple[Array, Array]:
        """Return the target's mean and standard deviation for each row, of a net trained with a loss that has them.

        Parameters
        ----------
        table, unknown
            As in `predict`.

        Returns
        -------
        mean, scale : ndarray, shape (N,)
            In the target's units.

        Raises
        ------
        ArgumentError
            If the loss has no mean and scale.
        NNFrameError
            As `predict`.
        """
        return self.distribution(self.outputs(table, unknown))

    def points(self, outputs: Array) -> Array:
        """Return the predictions for outputs of the net, shape (N, n_targets), before they are decoded."""
        refuse_nan(outputs)
        found: Array = point_of(self.reader, outputs.T).T
        return found

    def quantiles(self, outputs: Array, levels: Any) -> Array:
        """Return quantiles for outputs of the net, shape (N, L), in the target's units."""
        refuse_nan(outputs)
        found = quantiles_of(self.reader, outputs.T, levels)
        return np.column_stack([self.target.decode(each.T) for each in found])

    def distribution(self, outputs: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation for outputs of the net, each of shape (N,), in the target's units."""
        refuse_nan(outputs)
        mean, scale = distribution_of(self.reader, outputs.T)
        # Classes have neither.
        assert isinstance(self.target, Regression)
        return self.target.decode(mean.T), scale[0].astype(np.float64) * self.target.scale

    def outputs(self, table: Any, unknown: Unknown = "refuse") -> Array:
        """Return the net's outputs for each row of a table, shape (N, n_outputs): for classes, their probabilities.

        A loss with several outputs for each target has as many times more of them, and not in the target's units.
        """
        inputs = few_inputs(table, self.columns, self.net.dtype)
        if inputs is not None:
            outputs: Array = self.net.forwardPass(inputs.T, return_all_steps=False).T
            return outputs
        parts = [predicted.outputs for predicted in self.run(table, unknown=unknown)]
        return np.concatenate(parts) if parts else np.empty((0, self.net.layersList[-1].n_out))

    def run(self, table: Any, *others: str, unknown: Unknown = "refuse") -> Iterator[Predicted]:
        """Run the net over a table, a chunk of rows at a time.

        Parameters
        ----------
        table : path, data frame, dict of arrays, dict of values, or list of dicts
        *others : str
            Further columns to read.
        unknown : {"refuse", "ignore"}, optional

        Raises
        ------
        DataError
            As `predict`.
        """
        source = self.columns.open(table)
        for chunk in self.columns.chunks(source, *others, n_outputs=self.target.n_outputs):
            inputs = self.columns.encode(source, chunk, unknown, self.net.dtype)
            yield Predicted(chunk, inputs, self.net.forwardPass(inputs.T, return_all_steps=False).T)

    def evaluate(self, table: Any, unknown: Unknown = "refuse") -> dict[str, float]:
        """Return how good the predictions for a table are.

        Parameters
        ----------
        table : path, data frame, dict of arrays, or list of dicts
            With the target too.
        unknown : {"refuse", "ignore"}, optional

        Returns
        -------
        dict of str to float
            The mean loss under ``"loss"``; then ``"accuracy"``, or ``"r2"`` and ``"mae"`` in the target's units.

        Raises
        ------
        DataError
            As `predict`, and if a target is missing or not one of the classes.
        """
        source: Source = self.columns.open(table)
        total, outputs, targets = 0.0, [], []
        for chunk, inputs, given in self.run(source, self.target.target, unknown=unknown):
            target = encoded(self.target, chunk.cells[self.target.target], source, chunk).astype(np.float64)
            outputs.append(given)
            targets.append(target)
            total += len(chunk) * self.net.evaluate(pairs(inputs, target), self.loss, ())["loss"]
        if not outputs:
            raise DataError(f"{source.name} has no rows to evaluate with")
        a, y = np.concatenate(outputs), np.concatenate(targets)
        return {LOSS: total / len(a), **self._metrics(a, y)}

    def quality(self, data: Pairs) -> dict[str, float]:
        """Return the target's metrics for rows that already are inputs and targets of the net.

        Parameters
        ----------
        data : Pairs
            As `Table.validation`.
        """
        parts = [data.rows(slice(i, i + ROWS_AT_ONCE), self.net.dtype) for i in range(0, len(data), ROWS_AT_ONCE)]
        outputs = [self.net.forwardPass(x.T, return_all_steps=False).T for x, _ in parts]
        return self._metrics(np.concatenate(outputs), np.concatenate([y for _, y in parts]))

    def _metrics(self, outputs: Array, targets: Array) -> dict[str, float]:
        points = point_of(self.reader, outputs.T).T
        a, y = self.target.in_units(points).T, self.target.in_units(targets).T
        return {name: metric_value(registry.resolve(Metric, name), a, y) for name in self.target.metrics}

    def __repr__(self) -> str:
        return f"<model for {self.target}, from {', '.join(self.columns.names)}>"


def load(path: str | os.PathLike[str]) -> Model:
    """Return the model that `Model.save` saved.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    ModelFileError
        If it is not such a file, or was changed.
    NNFrameError
        As `nnframe.load`.
    """
    net, metadata = load_with_metadata(path)
    with reading(Path(path)):
        columns, target = described(net, metadata)
        loss = from_metadata(metadata.get(LOSS), str)
        try:
            return Model(net, columns, target, loss)
        except ArgumentError as error:
            raise DefectError(str(error)) from error
