"""What counts as a number, a column, a matrix, sizes and seeds, and the messages for what doesn't."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnframe.arrays import FLOAT32, FLOAT64, FORWARD_ERRORS, Array, DType
from nnframe.errors import ArgumentError, ArgumentTypeError, ShapeError, one_line, shown, with_type
from nnframe.inputs.array_likes import require_numbers, require_plain

if TYPE_CHECKING:
    import numpy.typing as npt


def float_dtype(dtype: DType, name: str) -> DType:
    """Return the float dtype to compute in for numbers of any dtype.

    float32 and float64 stay; integers and booleans become float64; float16 becomes float32.

    Raises
    ------
    ArgumentTypeError
        For text, dates, complex numbers and extended precision.
    """
    if dtype in (FLOAT32, FLOAT64):
        return dtype
    if dtype.kind in "iub":
        return FLOAT64
    if dtype == np.float16:
        return FLOAT32
    advice = "convert it with .astype(np.float64)"
    if dtype.kind in "USO":
        advice = f"convert numbers with .astype(np.float64), and the names of classes with nnframe.one_hot({name})"
    raise ArgumentTypeError(f"{name} has dtype {dtype}; expected float32, float64 or integers: {advice}")


def as_array(value: object, name: str) -> Array:
    """Return a value as a numeric array, without a copy if it already is one.

    Whatever would lose its meaning as plain numbers is refused: masks, units, sparse storage, categories.

    Raises
    ------
    ArgumentTypeError
        If it holds something else than real numbers.
    ShapeError
        If it is a nested list whose rows differ in length.
    """
    if type(value) is np.ndarray:
        array: Array = value
    else:
        require_plain(value, name)
        try:
            array = np.asarray(value)
        except ValueError as error:
            raise ShapeError(
                f"{name} can't be converted to an array, its rows differ in length ({error}); give them one length"
            ) from error
        except Exception as error:  # such as that of a tensor which must be detached first
            raise ArgumentTypeError(f"{name} can't be converted to a numpy array: {one_line(error)}") from error
    if array.dtype == object:
        require_numbers(array, name)
    float_dtype(array.dtype, name)
    return array


@np.errstate(**FORWARD_ERRORS)
def in_dtype(array: Array, dtype: DType) -> Array:
    """Return an array in a dtype; what doesn't fit becomes infinite or 0, whatever the caller's numpy does about it."""
    return array.astype(dtype, copy=False)


def as_matrix(value: object, name: str, shape: str, advice: str = "") -> Array:
    """Return a value as a numeric array of two dimensions.

    Parameters
    ----------
    value : array_like
    name : str
        The argument's name, for the error.
    shape : str
        The expected shape, written out, such as ``"(n_out, n_in)"``.
    advice : str, optional
        What to do about a 1-D array, if there is something better than a reshape.

    Raises
    ------
    ArgumentTypeError, ShapeError
    """
    array = as_array(value, name)
    if array.ndim == 2:
        return array
    if array.ndim == 1:
        advice = advice or f"use {name}.reshape(-1, 1) for a column or {name}.reshape(1, -1) for a row"
    else:
        advice = "wrap it in a list of lists" if array.ndim == 0 else "keep two dimensions"
    raise ShapeError(f"{name} has shape {array.shape}, {array.ndim}-D; expected a 2-D array of shape {shape}: {advice}")


def bias_column(value: object, n_out: int) -> Array:
    """Return a bias as a column, or as a 0-D array if it is one number.

    Raises
    ------
    ArgumentTypeError, ShapeError
    """
    array = as_array(value, "bias")
    if array.ndim == 0 or array.shape == (n_out, 1):
        return array
    advice = ": use bias.reshape(-1, 1)" if array.shape == (n_out,) else ""
    raise ShapeError(f"bias has shape {array.shape}; expected a column of shape ({n_out}, 1), or one number{advice}")


def as_columns(value: object, rows: int, name: str) -> Array:
    """Return one column vector, or B of them side by side, as a matrix of shape (rows, B).

    Raises
    ------
    ArgumentTypeError, ShapeError
    """
    array = as_array(value, name)
    if array.ndim == 2 and array.shape[0] == rows:
        return array
    if array.ndim == 1:
        advice = f"use {name}.reshape(-1, 1) to make it a column"
    elif array.ndim == 2 and array.shape[1] == rows:
        advice = f"its rows look like the samples: pass {name}.T"
    elif array.size == 1 and rows > 1:
        advice = "if it is the number of a class, use nnframe.one_hot"
    else:
        advice = "check which layer it is meant for"
    raise ShapeError(
        f"{name} has shape {array.shape}; expected a column of shape ({rows}, 1), or a matrix ({rows}, B) of B "
        f"columns: {advice}"
    )


def whole_number(value: object, name: str, minimum: int = 1) -> int:
    """Return a whole number of at least `minimum`, of whatever integer type, as an int.

    Raises
    ------
    ArgumentError, ArgumentTypeError
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise ArgumentTypeError(f"{name} is {with_type(value)}; expected a whole number of at least {minimum}")
    if value < minimum:
        raise ArgumentError(f"{name} is {value}; expected a whole number of at least {minimum}")
    return int(value)


def finite_number(value: object, name: str, example: str) -> float:
    """Return a finite number of at least 0 as a float.

    Raises
    ------
    ArgumentError, ArgumentTypeError
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise ArgumentTypeError(f"{name} is {with_type(value)}; expected a number such as {example}")
    # A Python float takes the dtype of the array it multiplies; numpy's own floats don't.
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or number < 0:
        raise ArgumentError(f"{name} is {number}; expected a finite number, 0 or more, such as {example}")
    return number


def as_list(values: object, name: str, expected: str) -> list[Any]:
    """Return what an iterable yields as a list; some arrays can't be iterated over although they say so.

    Raises
    ------
    ArgumentTypeError
    """
    try:
        return list(values)  # type: ignore[call-overload,no-any-return]
    except TypeError:
        raise ArgumentTypeError(f"{name} is {with_type(values)}; expected {expected}") from None


def layer_sizes(sizes: Sequence[int]) -> list[int]:
    """Return the sizes of the layers of a net as ints.

    Raises
    ------
    ArgumentError, ArgumentTypeError
    """
    listed = as_list(sizes, "sizes", "a list of whole numbers such as [64, 32, 10]")
    counts = [whole_number(size, f"sizes[{i}]") for i, size in enumerate(listed)]
    if len(counts) < 2:
        raise ArgumentError(f"sizes is {counts}; expected at least two, for the input and the output: [64, 10]")
    return counts


def net_dtype(dtype: npt.DTypeLike) -> DType:
    """Return float32 or float64 as a numpy dtype.

    Raises
    ------
    ArgumentError, ArgumentTypeError
    """
    try:
        found = np.dtype(dtype)
    except Exception:  # of several types, depending on what it is
        raise ArgumentTypeError(f"dtype is {shown(dtype)}; expected float32 or float64") from None
    if found not in (FLOAT32, FLOAT64):
        raise ArgumentTypeError(f"dtype is {found}; expected float32 or float64")
    return found


def generator(seed: int | np.random.Generator | None) -> np.random.Generator:
    """Return the random generator of a seed; None draws one.

    Raises
    ------
    ArgumentError, ArgumentTypeError
    """
    if seed is None or isinstance(seed, np.random.Generator):
        return np.random.default_rng(seed)
    return np.random.default_rng(whole_number(seed, "seed", minimum=0))
