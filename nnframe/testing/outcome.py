"""The outcome of a check: it passes, fails, warns, or doesn't apply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import NNFrameError

Outcome: TypeAlias = Literal["passed", "failed", "warned", "skipped"]


class CheckFailure(NNFrameError, AssertionError):
    """A plugin breaks its contract."""


class NothingToCheck(CheckFailure):
    """A function raises or doesn't return an array of the right shape, so there is nothing to compare."""


class CheckWarning(NNFrameError, UserWarning):
    """A plugin keeps its contract, but could be better."""


class CheckSkipped(NNFrameError):
    """A check doesn't apply to a plugin."""


class CheckResult(NamedTuple):
    """How a check ended.

    Attributes
    ----------
    name : str
        The check's, as in a test's name.
    outcome : {"passed", "failed", "warned", "skipped"}
    message : str
        What was expected, what came, at which input, and what to do; if it passed, what is worth knowing, if anything.
    """

    name: str
    outcome: Outcome
    message: str


def difference(one: Array, other: Array) -> tuple[int, ...] | None:
    """Return the first index at which two arrays differ, or None if they are equal; NaN equals NaN."""
    if np.array_equal(one, other, equal_nan=True):
        return None
    return _index((one != other) & ~(np.isnan(one) & np.isnan(other)))


def require_close(
    got: Array,
    expected: Array,
    what: str,
    advice: str,
    rtol: float,
    atol: float,
    inputs: Mapping[str, Array] | None = None,
) -> None:
    """Raise unless two arrays agree; the error names the place with the largest difference.

    Parameters
    ----------
    got, expected : ndarray of the same shape
    what : str
        What was computed, as in ``"derivative(z)"``.
    advice : str
        What the author can do.
    rtol, atol : float
        As in `numpy.allclose`.
    inputs : mapping of str to ndarray, optional
        What it was computed from; its last axis is got's, unless that is a single number.
    """
    excess = np.abs(got - expected) - atol - rtol * np.abs(expected)
    # NaN is close to NaN and to nothing else.
    excess = np.where(np.isnan(got) & np.isnan(expected), -1, np.where(np.isnan(excess), np.inf, excess))
    excess = np.where(got == expected, -1, excess)
    if (excess > 0).any():
        worst = _index(excess)
        where = f" for {written_for(inputs, worst)}" if inputs else ""
        raise CheckFailure(f"{what} is {got[worst]:.8g}{where}; expected {expected[worst]:.8g}. {advice}")


def written(inputs: Mapping[str, Array], column: int) -> str:
    """Return one column of each input as text: ``"a = [0.5, -1], y = [1, 0]"``."""
    return ", ".join(f"{name} = {_short(array[..., column])}" for name, array in inputs.items())


def written_for(inputs: Mapping[str, Array], place: tuple[int, ...]) -> str:
    """Return the inputs of a place in a result: a column of each, or their shapes if the result is a single number."""
    if place:
        return written(inputs, place[-1])
    return ", ".join(f"{name} of shape {array.shape}" for name, array in inputs.items())


def _index(measure: Array) -> tuple[int, ...]:
    """Return the index of the largest element."""
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(measure)), measure.shape))


def _short(numbers: Array) -> str:
    texts = [f"{number:.6g}" for number in numbers.flat]
    return texts[0] if numbers.ndim == 0 else f"[{', '.join(texts)}]"
