"""numba's decorator with the settings of this package, and with types."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])

# As numpy has it: 1 / 0 is infinite and no error.
ERRORS: dict[str, Any] = {"error_model": "numpy"}
# Reordered, a processor adds eight numbers at once. Infinities and NaN keep their meaning.
FASTMATH = {"reassoc", "contract", "nsz"}


def kernel(function: F) -> F:
    """Compile a loop of this package, which may reorder sums, and keep it on disk."""
    compiled: F = njit(function, fastmath=FASTMATH, cache=True, **ERRORS)
    return compiled


def formula(function: F) -> F:
    """Compile what a plugin's author wrote, in the order in which it was written."""
    compiled: F = njit(function, **ERRORS)
    return compiled


def element_formula(function: F) -> F:
    """Compile likewise what takes one number, and copy it into its loop, which a call would keep from vectors."""
    compiled: F = njit(function, forceinline=True, **ERRORS)
    return compiled


@cache
def inlined(function: Any) -> Any:
    """Return a compiled function that is copied into where it is called, which saves the call and costs compilation.

    For a single sample, a call with its arrays takes longer than what it does.
    """
    options = {key: value for key, value in function.targetoptions.items() if key in ("fastmath", "error_model")}
    return njit(function.py_func, forceinline=True, **options)
