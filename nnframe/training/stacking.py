"""Data in any form that training takes, as `Pairs`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nnframe.data import Pairs
from nnframe.errors import DataError
from nnframe.inputs.checks import as_columns


def as_pairs(data: Any, n_in: int, n_out: int, name: str = "data", may_be_empty: bool = False) -> Pairs:
    """Return training data as `Pairs` that fit a net; a list is stacked, once.

    Parameters
    ----------
    data : Pairs or sequence of (x, y)
        x of shape (n_in, B) and y of shape (n_out, B), with B = 1 for a plain pair of columns.
    n_in, n_out : int
        The numbers of the net's inputs and outputs.
    name : str, optional
        The argument's name, for the errors.
    may_be_empty : bool, optional
        Whether `Pairs` may have no samples.

    Raises
    ------
    DataError
        If it is empty, not a sequence, or holds something else than pairs.
    ArgumentTypeError, ShapeError
        If a column has another length.
    """
    if isinstance(data, Pairs):
        if data.X.shape[1] != n_in or data.Y.shape[1] != n_out:
            hint = "; for class labels, use nnframe.one_hot(Y)" if data.Y.shape[1] == 1 else ""
            raise DataError(
                f"{name} is {data!r}, but the net has inputs of ({n_in}, 1) and outputs of ({n_out}, 1); check the "
                f"numbers of columns of the arrays{hint}"
            )
    elif isinstance(data, (str, bytes)) or not (hasattr(data, "__len__") and hasattr(data, "__getitem__")):
        raise DataError(
            f"{name} is of type {type(data).__name__}; expected a sequence of pairs (x, y): use list(...) to keep what "
            f"an iterator yields, or nnframe.pairs(X, Y) for two arrays of rows"
        )
    if len(data) == 0 and not (may_be_empty and isinstance(data, Pairs)):
        raise DataError(f"{name} is empty; expected at least one pair (x, y) of columns")
    return data if isinstance(data, Pairs) else _stack(data, n_in, n_out, name)


def _stack(data: Sequence[Any], n_in: int, n_out: int, name: str) -> Pairs:
    inputs, targets = [], []
    for i in range(len(data)):
        try:
            x, y = data[i]
        except (TypeError, ValueError, KeyError) as error:
            raise DataError(
                f"{name}[{i}] is not a pair (x, y) of columns; for two arrays of rows, use nnframe.pairs(X, Y)"
            ) from error
        x, y = as_columns(x, n_in, f"{name}[{i}][0]"), as_columns(y, n_out, f"{name}[{i}][1]")
        if x.shape[1] != y.shape[1]:
            raise DataError(
                f"{name}[{i}] has x of shape {x.shape} and y of shape {y.shape}; expected the same number of columns"
            )
        inputs.append(x.T)
        targets.append(y.T)
    return Pairs(np.concatenate(inputs), np.concatenate(targets))
