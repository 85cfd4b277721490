"""The update, all or nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np

from nnframe.arrays import Array


def subtract_all(arrays: Iterable[Array], steps: Iterable[Array]) -> None:
    """Subtract each step from its array in place, and don't be interrupted on the way.

    Python looks for a pending Ctrl-C between two of its own instructions. Here the loop over the arrays runs inside
    deque and map, which are written in C, so that an interrupt comes before the first subtraction or after the last.
    """
    arrays = tuple(arrays)
    deque(map(np.subtract, arrays, steps, arrays), maxlen=0)
