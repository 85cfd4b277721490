"""numba's decorator with the settings of this package, and with types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])

# As numpy has it: 1 / 0 is infinite and no error.
ERRORS: dict[str, Any] = {"error_model": "numpy"}
# Reordered, a processor adds eight numbers at once. Infinities and NaN keep their meaning.
FASTMATH = {"reassoc", "contract", "nsz"}


def kernel(function: F) -> F:
    """Compile a loop of this package, which may reorder sums, to be copied into where it is called."""
    compiled: F = njit(function, fastmath=FASTMATH, cache=True, forceinline=True, **ERRORS)
    return compiled


def large_kernel(function: F) -> F:
    """Compile a loop of this package that is worth a call: copied into every epoch, it would be compiled each time."""
    compiled: F = njit(function, fastmath=FASTMATH, cache=True, **ERRORS)
    return compiled


def formula(function: F) -> F:
    """Compile what a plugin's author wrote, in the order in which it was written."""
    compiled: F = njit(function, forceinline=True, **ERRORS)
    return compiled
