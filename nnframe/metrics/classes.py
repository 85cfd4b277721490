"""Which class a column stands for."""

from __future__ import annotations

from nnframe.arrays import Array


def classes_of(columns: Array) -> Array:
    """Return the class of each column: that of its largest component, or whether a single one is above 1/2.

    Parameters
    ----------
    columns : ndarray, shape (n, N)

    Returns
    -------
    ndarray of int, shape (N,)
    """
    classes: Array = (columns[0] > 0.5).astype(int) if len(columns) == 1 else columns.argmax(axis=0)
    return classes
