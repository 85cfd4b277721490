"""A floor under what is about to be divided by, or to go into a logarithm."""

from __future__ import annotations

import numpy as np

from nnframe_zoo._array import Array


def floored(x: Array) -> Array:
    """Return x, raised where necessary to the smallest normal number over the machine epsilon.

    That is so small that it changes no result that matters, and so large that a quotient has room to be multiplied
    before it overflows. The built-in cel has the same floor.
    """
    limits = np.finfo(x.dtype)
    raised: Array = np.maximum(x, limits.tiny / limits.eps)
    return raised
