"""Reads targets and outputs of a net as classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import ArgumentError, ArgumentTypeError, DataError, shown


class Classes(NamedTuple):
    """The classes that the targets of a data set stand for.

    With several components, the class is the index of the largest. With a single one there are two classes, one for
    each value of the targets, and an output counts as the nearer.

    Attributes
    ----------
    names : list of str
        One per class, escaped for matplotlib.
    values : tuple of float, or None
        With a single component, the targets of the two classes, the lower first.
    """

    names: list[str]
    values: tuple[float, float] | None

    @classmethod
    def of(cls, targets: Array, labels: Sequence[object] | None) -> Classes:
        """Return the classes of a data set, given its targets.

        Parameters
        ----------
        targets : ndarray, shape (N, n_out)
            One row per sample.
        labels : sequence or None
            The names of the classes. Default: 0, 1, ..., or the two values of a single component.

        Raises
        ------
        DataError
            If the targets are not classes.
        ArgumentError, ArgumentTypeError
            If the labels are not a list with one name per class.
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
        """Return one score per class; the largest wins.

        Parameters
        ----------
        outputs : ndarray, shape (N, n_out)
            Outputs or targets, one row per sample.

        Returns
        -------
        ndarray, shape (N, n_classes)
            The outputs themselves. With a single component, two scores that sum to 1: a class scores 1 at its target
            value and beyond.
        """
        if self.values is None:
            return outputs
        low, high = self.values
        share = np.clip((outputs - low) / (high - low), 0, 1)
        return np.hstack([1 - share, share])

    def numbers(self, outputs: Array) -> Array:
        """Return each sample's class as an index, for outputs or targets of shape (N, n_out)."""
        numbers: Array = self.scores(outputs).argmax(axis=1)
        return numbers


def _two_values(targets: Array) -> tuple[float, float]:
    values = np.unique(targets).tolist()
    # A data set may happen to contain samples of one class only.
    if set(values) <= {0, 1}:
        return 0.0, 1.0
    if len(values) == 2:
        return float(values[0]), float(values[1])
    raise DataError(
        f"the targets have {len(values)} different values, {shown(values)}; expected two, one per class, such as 0 and "
        f"1, or targets with one component per class"
    )


def _check_one_largest(targets: Array) -> None:
    ties = (targets == targets.max(axis=1, keepdims=True)).sum(axis=1) != 1
    if ties.any():
        row = int(ties.argmax())
        raise DataError(
            f"the target of sample {row} is {shown(targets[row].tolist())}, which has no single largest component; "
            f"expected one component per class, such as 0, 1, 0"
        )


def _checked_labels(labels: Sequence[object], count: int) -> list[str]:
    if isinstance(labels, str) or not hasattr(labels, "__iter__"):
        raise ArgumentTypeError(f"labels is {shown(labels)}, expected a list of {count} names, one per class")
    names = [str(label) for label in labels]
    if len(names) != count:
        raise ArgumentError(f"labels has {len(names)} names, {shown(names)}; expected {count}, one per class")
    # matplotlib reads text between two dollar signs as a formula.
    return [name.replace("$", r"\$") for name in names]
