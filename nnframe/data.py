"""Training data: pairs of columns, and the batches that are cut from them.

Samples are stored as rows, so that a batch is contiguous in memory; its transpose is the matrix of columns that a net
takes.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, overload

import numpy as np

from nnframe.arrays import Array, DType
from nnframe.errors import DataError
from nnframe.inputs.array_likes import require_same_order
from nnframe.inputs.checks import as_matrix


class Pairs(Sequence[tuple[Array, Array]]):
    """A sequence of pairs (x, y) of column vectors over two arrays whose rows are samples; see `pairs`.

    Attributes
    ----------
    X, Y : ndarray, shapes (N, n_in) and (N, n_out)
        The inputs and the targets: read-only views of what was passed.
    """

    def __init__(self, X: Any, Y: Any) -> None:
        labels = "for class labels, use nnframe.one_hot(Y); for one number per sample, Y.reshape(-1, 1)"
        require_same_order(X, Y, ("X", "Y"))
        self.X = _read_only(as_matrix(X, "X", "(N, n_in), one row per sample"))
        self.Y = _read_only(as_matrix(Y, "Y", "(N, n_out), one row per sample", labels))
        if len(self.X) != len(self.Y):
            raise DataError(f"X has {len(self.X)} rows and Y has {len(self.Y)}; expected one row of each per sample")

    def __len__(self) -> int:
        return len(self.X)

    @overload
    def __getitem__(self, index: int) -> tuple[Array, Array]: ...

    @overload
    def __getitem__(self, index: slice) -> Pairs: ...

    def __getitem__(self, index: int | slice) -> tuple[Array, Array] | Pairs:
        if isinstance(index, slice):
            return Pairs(self.X[index], self.Y[index])
        row = operator.index(index)
        return self.X[row, :, np.newaxis], self.Y[row, :, np.newaxis]

    def __repr__(self) -> str:
        return f"<{len(self)} pairs of columns ({self.X.shape[1]}, 1) and ({self.Y.shape[1]}, 1)>"

    def rows(self, rows: slice | Array, dtype: DType) -> tuple[Array, Array]:
        """Return some rows of X, (B, n_in), and of Y, (B, n_out), in a dtype.

        Parameters
        ----------
        rows : slice or ndarray of int
            A slice returns views if the dtype is right already. Of a memory-mapped file, only these rows are read.
        dtype : numpy.dtype
        """
        return as_dtype(self.X[rows], dtype), as_dtype(self.Y[rows], dtype)


def pairs(X: Any, Y: Any) -> Pairs:
    """Return two arrays as a sequence of pairs (x, y) of column vectors, without copying them.

    Parameters
    ----------
    X : array_like, shape (N, n_in)
        One input per row. A memory-mapped array is read a few batches at a time.
    Y : array_like, shape (N, n_out)
        One target per row; `nnframe.one_hot` makes targets of class labels.

    Returns
    -------
    Pairs
        Data for `nNet.backprop`. ``pairs(X, Y)[i]`` is ``(X[i] as a column, Y[i] as a column)``, and a slice is a
        shorter sequence of pairs; all are read-only views.

    Raises
    ------
    ArgumentTypeError, ShapeError
        If an array is not two-dimensional or doesn't hold real numbers.
    DataError
        If one has more rows than the other.
    ArgumentError
        If both are of pandas, with the same index in another order.

    Examples
    --------
    >>> x, y = pairs([[0, 0], [0, 1]], [[0], [1]])[1]
    >>> x.tolist(), y.tolist()
    ([[0], [1]], [[1]])
    """
    return Pairs(X, Y)


def as_dtype(rows: Array, dtype: DType) -> Array:
    """Return samples in a dtype, read-only like the `Pairs` they come from."""
    return _read_only(rows.astype(dtype, copy=False))


def _read_only(array: Array) -> Array:
    # Plugins see the caller's own arrays, and must not be able to change them.
    view: Array = array.view()
    view.flags.writeable = False
    return view
