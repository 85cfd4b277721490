"""Which class a column stands for."""

from __future__ import annotations

from nnframe.arrays import Array


def classes_of(columns: Array, targets: Array) -> Array:
    """Return the class of each column: that of its largest component, or whether a single one is above the middle.

    Parameters
    ----------
    columns : ndarray, shape (n, N)
        Outputs, or the targets themselves.
    targets : ndarray, shape (n, N)
        The middle of 0 and 1 is meant, unless some of them are below 0: then that of -1 and 1, as for a hinge loss.

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
