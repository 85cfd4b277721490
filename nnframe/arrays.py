"""What counts as a number, a column and a matrix, and the messages for what doesn't."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from nnframe.errors import ArgumentError, ArgumentTypeError, ShapeError, with_type

if TYPE_CHECKING:
    import numpy.typing as npt


# In quotes, for numpy.typing is only needed by type checkers, and takes time to import.
Array: TypeAlias = "npt.NDArray[Any]"
DType: TypeAlias = np.dtype[Any]

FLOAT32: DType = np.dtype(np.float32)
FLOAT64: DType = np.dtype(np.float64)


def float_dtype(dtype: DType, name: str) -> DType:
    """Return the float type in which numbers of another type are computed with.

    float32 and float64 stay; integers and booleans become float64; float16 becomes float32, which holds all
    its values.

    Parameters
    ----------
    dtype : numpy.dtype
        The type that came.
    name : str
        The argument's name, for the error.

    Raises
    ------
    ArgumentTypeError
        For text, objects, complex numbers and extended precision.
    """
    if dtype in (FLOAT32, FLOAT64):
        return dtype
    if dtype.kind in "iub":
        return FLOAT64
    if dtype == np.float16:
        return FLOAT32
    raise ArgumentTypeError(
        f"{name} has dtype {dtype}, which can't be trained with; "
        f"expected float32, float64 or integers: convert it with .astype(np.float64)"
    )


def as_array(value: object, name: str) -> Array:
    """Return a value as a numeric array, without a copy where it already is one.

    Raises
    ------
    ArgumentTypeError
        If it holds something else than real numbers.
    ShapeError
        If it is a nested list whose rows differ in length.
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ShapeError(
            f"{name} can't be made an array, its rows differ in length ({error}); give rows of one length"
        ) from error
    float_dtype(array.dtype, name)
    return array


def as_matrix(value: object, name: str, wanted: str) -> Array:
    """Return a value as a numeric array of two dimensions.

    Parameters
    ----------
    value : array_like
        What the caller passed.
    name : str
        The argument's name, for the error.
    wanted : str
        The shape wanted, written out, such as ``"(n_out, n_in)"``.

    Raises
    ------
    ArgumentTypeError, ShapeError
    """
    array = as_array(value, name)
    if array.ndim == 2:
        return array
    advice = "wrap it in a list of lists" if array.ndim == 0 else "keep two dimensions"
    if array.ndim == 1:
        advice = f"use {name}.reshape(-1, 1) for a column or {name}.reshape(1, -1) for a row"
    raise ShapeError(
        f"{name} has shape {array.shape}, {array.ndim}-D; expected a 2-D array of shape {wanted}: {advice}"
    )


def as_columns(value: object, rows: int, name: str) -> Array:
    """Return a value as a matrix whose columns are vectors of a given length.

    Parameters
    ----------
    value : array_like, shape (rows, B)
        One column vector, or B of them side by side.
    rows : int
        The length of a column.
    name : str
        The argument's name, for the error.

    Raises
    ------
    ArgumentTypeError, ShapeError
    """
    array = as_array(value, name)
    if array.ndim == 2 and array.shape[0] == rows:
        return array
    wanted = f"expected a column of shape ({rows}, 1), or a matrix ({rows}, B) of B columns"
    if array.ndim == 1:
        advice = f"use {name}.reshape(-1, 1) to make it a column"
    elif array.ndim == 2 and array.shape[1] == rows:
        advice = f"its rows look like the samples: pass {name}.T"
    else:
        advice = "check which layer it is meant for"
    raise ShapeError(f"{name} has shape {array.shape}; {wanted}: {advice}")


def whole_number(value: object, name: str, minimum: int = 1) -> int:
    """Return a whole number of at least `minimum`, whatever integer type it came as.

    Raises
    ------
    ArgumentTypeError
        If it isn't a whole number.
    ArgumentError
        If it is smaller than `minimum`.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise ArgumentTypeError(f"{name} is {with_type(value)}; expected a whole number of at least {minimum}")
    if value < minimum:
        raise ArgumentError(f"{name} is {value}; expected a whole number of at least {minimum}")
    return int(value)


def finite_number(value: object, name: str, example: str) -> float:
    """Return a finite number of at least 0, as a Python float.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If it is something else.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise ArgumentTypeError(f"{name} is {with_type(value)}; expected a number such as {example}")
    # A Python float takes the dtype of the array that it multiplies, a numpy one does not.
    number = float(value)
    if not math.isfinite(number) or number < 0:
        raise ArgumentError(f"{name} is {number}; expected a finite number, 0 or more, such as {example}")
    return number


def subtract_all(arrays: Sequence[Array], steps: Sequence[Array]) -> None:
    """Subtract each step from its array in place, so that Ctrl-C can't leave only some of them changed.

    Python checks for a pending Ctrl-C between two bytecode instructions. Here the loop over the arrays runs inside
    deque and map, which are written in C, so an interrupt arrives before the first subtraction or after the last.
    """
    deque(map(np.subtract, arrays, steps, arrays), maxlen=0)


def copy_all(arrays: Iterable[Array], sources: Iterable[Array]) -> None:
    """Copy each source into its array in place, with the same protection from Ctrl-C as `subtract_all`."""
    deque(map(np.ndarray.__setitem__, arrays, repeat(...), sources), maxlen=0)
