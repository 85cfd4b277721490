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

from nnframe import Loss, hookimpl
from nnframe_zoo._array import Array


def value(a: Array, y: Array) -> Array:
    """Return the mean of log cosh(a - y) over each column."""
    error = np.abs(a - y)
    near = np.log1p(2 * np.sinh(np.minimum(error, 1) / 2) ** 2)
    far = error + np.log1p(np.exp(-2 * error)) - math.log(2)
    mean: Array = np.where(error < 1, near, far).mean(axis=0)
    return mean


def gradient(a: Array, y: Array) -> Array:
    """Return tanh(a - y) / n."""
    grad: Array = np.tanh(a - y) / len(a)
    return grad


log_cosh = Loss("log_cosh", value, gradient, minimum=0.0, doc=__doc__)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return log_cosh."""
    return [log_cosh]
