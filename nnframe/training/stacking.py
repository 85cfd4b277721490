"""Data in any form that training takes, as `Pairs`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nnframe.contracts.loss import Loss
from nnframe.data import Pairs
from nnframe.errors import DataError
from nnframe.inputs.checks import as_array, as_columns


def as_pairs(
    data: Any,
    n_in: int,
    n_out: int,
    name: str = "data",
    may_be_empty: bool = False,
    outputs_of: Loss | None = None,
) -> Pairs:
    """Return training data as `Pairs` that fit a net; a list is stacked, once.

    Parameters
    ----------
    data : Pairs or sequence of (x, y)
        x of shape (n_in, B) and y of shape (n_out, B), with B = 1 for a plain pair of columns.
    n_in, n_out : int
        The numbers of the net's inputs and targets.
    name : str, optional
        The argument's name, for the errors.
    may_be_empty : bool, optional
        Whether `Pairs` may have no samples.
    outputs_of : Loss, optional
        The loss that decides how many outputs the net has for each target, for the errors.

    Raises
    ------
    DataError
        If it is empty, not a sequence, or holds something else than pairs.
    ArgumentTypeError, ShapeError
        If a column has another length.
    """
    if isinstance(data, Pairs):
        if data.X.shape[1] != n_in or data.Y.shape[1] != n_out:
            if outputs_of is not None and outputs_of.is_grouped and data.X.shape[1] == n_in:
                raise _wrong_outputs(outputs_of, n_out, data.Y.shape[1])
            hint = "; for class labels, use nnframe.one_hot(Y)" if data.Y.shape[1] == 1 else ""
            raise DataError(
                f"{name} is {data!r}, but the net has inputs of ({n_in}, 1) and outputs of ({n_out}, 1); check the "
                f"numbers of columns of the arrays{hint}"
            )
    elif isinstance(data, (str, bytes)) or not _has_items(data):
        raise DataError(
            f"{name} is of type {type(data).__name__}; expected a sequence of pairs (x, y): use list(...) to keep what "
            f"an iterator yields, or nnframe.pairs(X, Y) for two arrays of rows"
        )
    if len(data) == 0 and not (may_be_empty and isinstance(data, Pairs)):
        raise DataError(f"{name} is empty; expected at least one pair (x, y) of columns")
    return data if isinstance(data, Pairs) else _stack(data, n_in, n_out, name, outputs_of)


def _has_items(data: Any) -> bool:
    """Whether something can be counted and indexed; an array without dimensions only seems so."""
    return hasattr(data, "__len__") and hasattr(data, "__getitem__") and getattr(data, "shape", None) != ()


def _wrong_outputs(loss: Loss, n_targets: int, wanted: int) -> DataError:
    """Return the error for a last layer whose outputs are not as many as a loss wants for the targets of the data."""
    count, has = loss.n_outputs, loss.n_outputs * n_targets
    return DataError(
        f"loss {loss.spec!r} wants {count} output{'s' if count > 1 else ''} for each of {wanted} "
        f"target{'s' if wanted > 1 else ''}: the last layer has {has} output{'s' if has > 1 else ''}, expected "
        f"{count * wanted}"
    )


def _stack(data: Sequence[Any], n_in: int, n_out: int, name: str, outputs_of: Loss | None) -> Pairs:
    inputs, targets = [], []
    for i in range(len(data)):
        try:
            x, y = data[i]
        except (TypeError, ValueError, KeyError) as error:
            raise DataError(
                f"{name}[{i}] is not a pair (x, y) of columns; for two arrays of rows, use nnframe.pairs(X, Y)"
            ) from error
        if outputs_of is not None and outputs_of.is_grouped:
            y = as_array(y, f"{name}[{i}][1]")
            if y.ndim == 2 and len(y) != n_out:
                raise _wrong_outputs(outputs_of, n_out, len(y))
        x, y = as_columns(x, n_in, f"{name}[{i}][0]"), as_columns(y, n_out, f"{name}[{i}][1]")
        if x.shape[1] != y.shape[1]:
            raise DataError(
                f"{name}[{i}] has x of shape {x.shape} and y of shape {y.shape}; expected the same number of columns"
            )
        inputs.append(x.T)
        targets.append(y.T)
    return Pairs(np.concatenate(inputs), np.concatenate(targets))
