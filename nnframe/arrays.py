"""The types of arrays, how numpy treats floating-point errors, and updates that Ctrl-C can't cut in two."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

# In quotes: only type checkers need numpy.typing, which takes time to import.
Array: TypeAlias = "npt.NDArray[Any]"
DType: TypeAlias = np.dtype[Any]

FLOAT32: DType = np.dtype(np.float32)
FLOAT64: DType = np.dtype(np.float64)

# What numpy does about floating-point errors while a net computes, whatever the caller has set. Some BLAS kernels raise
# "invalid" for numbers that are in no result, and exp underflows in every softmax.
FORWARD_ERRORS: Any = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "ignore"}
# Training finds numbers that are not finite afterwards, and reports them as one error instead of many warnings.
TRAINING_ERRORS: Any = {"all": "ignore"}


def subtract_all(arrays: Sequence[Array], steps: Sequence[Array]) -> None:
    """Subtract each step from its array in place, so that Ctrl-C can't leave only some of them changed.

    Python checks for a pending Ctrl-C between two bytecode instructions. Here the loop over the arrays runs inside
    deque and map, which are written in C, so an interrupt arrives before the first subtraction or after the last.
    """
    # With a keyword for the 0, the call takes a fifth longer.
    deque(map(np.subtract, arrays, steps, arrays), 0)


def copy_all(arrays: Iterable[Array], sources: Iterable[Array]) -> None:
    """Copy each source into its array in place, with the same protection from Ctrl-C as `subtract_all`."""
    deque(map(np.ndarray.__setitem__, arrays, repeat(...), sources), maxlen=0)
