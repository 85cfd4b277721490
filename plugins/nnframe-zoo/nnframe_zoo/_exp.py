"""exp, ending at the largest number times the machine epsilon, so that neither it nor a sum of it overflows.

Its slope is itself there too, so that an argument that is far too large is still drawn back.
"""

from __future__ import annotations

import numpy as np

from nnframe import rule
from nnframe_zoo._array import Array


@rule(lambda a, f: f)
def capped_exp(a: Array) -> Array:
    """Return exp(a), or the largest number times the machine epsilon where that is less."""
    limits = np.finfo(a.dtype)
    capped: Array = np.exp(np.minimum(a, np.log(limits.max * limits.eps)))
    return capped
