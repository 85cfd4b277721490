"""Array-like objects of other libraries that mean more than their numbers: masks, units, sparse storage, categories.

``np.asarray`` would drop that silently, and the net would train on something else than its user has. None of these
libraries is imported here; their objects are known by what they have.
"""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from nnframe.errors import ArgumentError, ArgumentTypeError, with_type

# Elements of a list from which numpy takes everything they mean.
PLAIN_TYPES = frozenset((bool, int, float, str, np.ndarray, np.float32, np.float64, np.int64, np.bool_))
NO_UNIT = ("", "dimensionless", "None")


def require_plain(value: Any, name: str) -> None:
    """Raise if a value, or an element of a list, would lose its meaning as plain numbers.

    Raises
    ------
    ArgumentTypeError
    """
    if type(value) in PLAIN_TYPES:
        return
    if isinstance(value, (list, tuple)):
        for each in value:
            require_plain(each, name)
        return
    kind = type(value).__name__
    if isinstance(value, np.ma.MaskedArray):
        if np.ma.is_masked(value):
            raise ArgumentTypeError(
                f"{name} is a masked array with masked values, and plain numbers have no mask; fill them in with "
                f"{name}.filled(...), or leave those samples out"
            )
    elif hasattr(value, "nnz") and hasattr(value, "shape"):
        raise ArgumentTypeError(
            f"{name} is a sparse matrix ({kind}); expected a dense array: pass {name}.toarray(), in parts if it is "
            f"large"
        )
    elif str(getattr(value, "unit", getattr(value, "units", None))) not in NO_UNIT:
        raise ArgumentTypeError(
            f"{name} has units ({kind}); expected plain numbers: convert it to the unit you mean and pass its values"
        )
    elif _is_categorical(value):
        raise ArgumentTypeError(
            f"{name} holds categories ({kind}); expected numbers: pandas.get_dummies makes columns of them, and "
            f"nnframe.one_hot makes targets"
        )


def require_numbers(array: np.ndarray[Any, Any], name: str) -> None:
    """Raise if an array of objects holds anything but numbers, such as None or pandas' NA.

    Raises
    ------
    ArgumentTypeError
    """
    for each in array.flat:
        if not isinstance(each, (bool, int, float, np.number, np.bool_)):
            break
    else:
        return
    if array.ndim == 0:
        advice = ": list(...) keeps what an iterable yields" if hasattr(each, "__iter__") else ""
        raise ArgumentTypeError(f"{name} is {with_type(each)}; expected an array of numbers{advice}")
    if isinstance(each, (str, numbers.Number)):
        advice = f"convert numbers with .astype(np.float64), and the names of classes with nnframe.one_hot({name})"
    else:
        advice = "fill in missing values, or leave those samples out"
    raise ArgumentTypeError(f"{name} holds {with_type(each)}; expected numbers: {advice}")


def require_same_order(first: Any, second: Any, names: tuple[str, str]) -> None:
    """Raise if two frames or series of pandas have the same index in another order, as after shuffling one of them.

    Samples are paired by position; those two would be paired wrongly.

    Raises
    ------
    ArgumentError
    """
    if not (hasattr(first, "iloc") and hasattr(second, "iloc")) or first.index.equals(second.index):
        return
    try:
        is_permuted = first.index.sort_values().equals(second.index.sort_values())
    except TypeError:
        # Labels that can't be compared are left to their order.
        return
    if is_permuted:
        one, other = names
        raise ArgumentError(
            f"{one} and {other} have the same index in another order, and samples are paired by position: pass "
            f"{other}.loc[{one}.index], or {other}.to_numpy() if the positions are right"
        )


def _is_categorical(value: Any) -> bool:
    """Whether a frame, a series or an array of pandas has categories."""
    dtypes: Any = getattr(value, "dtypes", getattr(value, "dtype", None))
    listed = dtypes if hasattr(dtypes, "__iter__") and not isinstance(dtypes, (str, np.dtype)) else [dtypes]
    try:
        return any(str(dtype) == "category" for dtype in listed)
    except Exception:
        # An object that can't be looked at like this is left to numpy.
        return False
