"""log_cosh: the logarithm of cosh, about e^2 / 2 for small errors and |e| - log 2 for large ones.

The mean over the components of a column of log cosh e with e = a - y, and dL/da_i = tanh(e_i) / n.

cosh overflows for large |e|: there, log cosh e is |e| + log1p(exp(-2|e|)) - log 2. Near 0 that would be a difference of
nearly equal numbers; there, cosh e = 1 + 2 sinh(e / 2)^2 and log1p keep all digits.

Source: R. Saleh and A. Saleh, "Statistical properties of the log-cosh loss function used in machine learning", 2022,
arXiv:2208.04564.
"""

from __future__ import annotations

import math

import numpy as np

from nnframe import Loss, hookimpl, rule
from nnframe_zoo._array import Array


@rule(lambda e, f: np.tanh(e))
def _log_cosh(e: Array) -> Array:
    size = np.abs(e)
    near = np.log1p(2 * np.sinh(np.minimum(size, 1) / 2) ** 2)
    far = size + np.log1p(np.exp(-2 * size)) - math.log(2)
    result: Array = np.where(size < 1, near, far)
    return result


def value(a: Array, y: Array) -> Array:
    """Return the mean of log cosh(a - y) over each column."""
    mean: Array = _log_cosh(a - y).mean(axis=0)
    return mean


log_cosh = Loss("log_cosh", value, minimum=0.0, doc=__doc__)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return log_cosh."""
    return [log_cosh]
