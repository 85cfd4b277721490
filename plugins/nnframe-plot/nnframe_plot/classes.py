"""Targets and outputs of a net as classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import ArgumentError, ArgumentTypeError, DataError, shown


class Classes(NamedTuple):
    """How a column of numbers stands for a class.

    Several components: the class is the place of the largest. A single one: there are two classes, each the value that
    its targets have, and an output counts as the nearer.

    Attributes
    ----------
    names : list of str
        One a class, as matplotlib is to be given it.
    values : tuple of float, or None
        The targets of the two classes of a single component, the lower first.
    """

    names: list[str]
    values: tuple[float, float] | None

    @classmethod
    def of(cls, targets: Array, labels: Sequence[object] | None) -> Classes:
        """Return the classes of a data set.

        Parameters
        ----------
        targets : ndarray, shape (N, n_out)
            One row a sample.
        labels : sequence or None
            The names of the classes; by default their numbers, or the two values of a single component.

        Raises
        ------
        DataError
            If the targets are no classes.
        ArgumentError, ArgumentTypeError
            If the labels don't fit them.
        """
        if targets.shape[1] == 1:
            values = _two_values(targets[:, 0])
            names = [f"{value:g}" for value in values]
        else:
            values = None
            names = [str(k) for k in range(targets.shape[1])]
            _check_one_largest(targets)
        return cls(names if labels is None else _checked_labels(labels, len(names)), values)

    def scores(self, outputs: Array) -> Array:
        """Return a number for each class, of which the largest wins.

        Parameters
        ----------
        outputs : ndarray, shape (N, n_out)
            Outputs or targets, one row a sample.

        Returns
        -------
        ndarray, shape (N, n_classes)
            The outputs; of a single component, shares of 1, all of it for one class at its value or beyond.
        """
        if self.values is None:
            return outputs
        low, high = self.values
        share = np.clip((outputs - low) / (high - low), 0, 1)
        return np.hstack([1 - share, share])

    def numbers(self, outputs: Array) -> Array:
        """Return the number of each sample's class, from 0, for outputs or targets (N, n_out)."""
        numbers: Array = self.scores(outputs).argmax(axis=1)
        return numbers


def _two_values(targets: Array) -> tuple[float, float]:
    values = np.unique(targets).tolist()
    # Data that happens to show one class alone is no less of classes.
    if set(values) <= {0, 1}:
        return 0.0, 1.0
    if len(values) == 2:
        return float(values[0]), float(values[1])
    raise DataError(
        f"the targets are {len(values)} different values, {shown(values)}; wanted two, one a class, such as 0 and 1, "
        f"or one component a class"
    )


def _check_one_largest(targets: Array) -> None:
    ties = (targets == targets.max(axis=1, keepdims=True)).sum(axis=1) != 1
    if ties.any():
        row = int(ties.argmax())
        raise DataError(
            f"the target of sample {row} is {shown(targets[row].tolist())}, which has no single largest component; "
            f"wanted one component a class, such as 0, 1 and 0"
        )


def _checked_labels(labels: Sequence[object], count: int) -> list[str]:
    if isinstance(labels, str) or not hasattr(labels, "__iter__"):
        raise ArgumentTypeError(f"labels is {shown(labels)}; wanted a list of {count} names, one a class")
    names = [str(label) for label in labels]
    if len(names) != count:
        raise ArgumentError(f"labels has {len(names)} entries, {shown(names)}; wanted {count}, one a class")
    # matplotlib takes what stands between two dollar signs for a formula.
    return [name.replace("$", r"\$") for name in names]
