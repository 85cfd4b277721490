"""gaussian_nll: the negative log-likelihood of targets y under normal distributions of mean a and one fixed variance.

The mean over the components of a column of (log v + (a - y)^2 / v) / 2 with v = max(var, eps), to which full=True adds
the constant log(2 pi) / 2; dL/da_i = (a_i - y_i) / (v n). eps keeps log 0 and 1 / 0 finite.

Source: C. Bishop, "Pattern Recognition and Machine Learning", Springer 2006, section 3.1.1, there as a sum.
"""

from __future__ import annotations

import math

from nnframe import Loss, hookimpl
from nnframe_zoo._array import Array


def value(a: Array, y: Array, var: float, full: bool, eps: float) -> Array:
    """Return the mean negative log-likelihood of each column."""
    v = max(var, eps)
    constant = math.log(2 * math.pi * v) if full else math.log(v)
    mean: Array = (((a - y) ** 2 / v).mean(axis=0) + constant) / 2
    return mean


gaussian_nll = Loss(
    "gaussian_nll",
    value,
    params={"var": 1.0, "full": False, "eps": 1e-6},
    limits={"var": "[0, inf)", "eps": "(0, inf)"},
    doc=__doc__,
)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return gaussian_nll."""
    return [gaussian_nll]
