"""A floor under what goes into a logarithm or a denominator."""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array


def floored(x: Array) -> Array:
    """Return x, raised where necessary to the smallest normal number over the machine epsilon.

    It keeps log 0 and 1 / 0 finite: so small that it changes no result that matters, and so large that a quotient has
    room to be multiplied before it overflows. A derived slope passes through it as if it weren't there, so that an
    output of 0 which should be 1 still has one; through np.maximum(x, 1e-30) it would be 0.

    Parameters
    ----------
    x : ndarray of float32 or float64

    Returns
    -------
    ndarray
        Of x's shape and dtype.

    Examples
    --------
    >>> np.log(floored(np.array([1.0, 0.0]))).round().tolist()
    [0.0, -672.0]
    """
    # What a formula is called with to be recorded has a floor of its own.
    recorded = getattr(x, "floored", None)
    limits = np.finfo(x.dtype)
    raised: Array = np.maximum(x, limits.tiny / limits.eps) if recorded is None else recorded()
    return raised
