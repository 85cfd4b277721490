"""The class that a column stands for."""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array


def classes_of(columns: Array, targets: Array) -> Array:
    """Return the class of each column: its largest component, or for a single component, whether it is above a middle.

    Parameters
    ----------
    columns : ndarray, shape (n, N)
        Outputs, or the targets themselves; without NaN, which is of no class.
    targets : ndarray, shape (n, N)
        The middle is that of 0 and 1, or of -1 and 1 if some of them are below 0, as for a hinge loss.

    Returns
    -------
    ndarray of int, shape (N,)
    """
    if len(columns) > 1:
        classes: Array = columns.argmax(axis=0)
        return classes
    middle = 0 if (targets < 0).any() else 0.5
    above: Array = (columns[0] > middle).astype(int)
    return above


def has_nan(a: Array, y: Array) -> bool:
    """Whether outputs or targets have a NaN. argmax and comparisons would take it for some class."""
    return bool(np.isnan(a).any() or np.isnan(y).any())
