"""How a check ends: it passes, fails, warns, or doesn't apply."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import NNFrameError

Outcome: TypeAlias = Literal["passed", "failed", "warned", "skipped"]


class CheckFailure(NNFrameError, AssertionError):
    """A plugin breaks its contract."""


class CheckWarning(NNFrameError, UserWarning):
    """A plugin keeps its contract, and could do better."""


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
        What was expected, what came, at which input, and what to do; empty if it passed.
    """

    name: str
    outcome: Outcome
    message: str


def different(one: Array, other: Array) -> bool:
    """Return whether two arrays differ anywhere; NaN is the same as NaN."""
    return not np.array_equal(one, other, equal_nan=True)


def require_close(got: Array, expected: Array, where: str, advice: str, rtol: float, atol: float) -> None:
    """Raise unless two arrays agree, with the place where they differ most.

    Parameters
    ----------
    got, expected : ndarray of the same shape
    where : str
        What was computed, as in ``"derivative(z)"``.
    advice : str
        What the author can do.
    rtol, atol : float
        As in `numpy.allclose`.
    """
    excess = np.abs(got - expected) - atol - rtol * np.abs(expected)
    # What is not a number is never close to anything, but to another of its kind.
    excess = np.where(np.isnan(got) & np.isnan(expected), -1, np.where(np.isnan(excess), np.inf, excess))
    excess = np.where(got == expected, -1, excess)
    if (excess > 0).any():
        worst = np.unravel_index(int(np.argmax(excess)), excess.shape)
        raise CheckFailure(f"{where} is {got[worst]:.8g}; expected {expected[worst]:.8g}. {advice}")
