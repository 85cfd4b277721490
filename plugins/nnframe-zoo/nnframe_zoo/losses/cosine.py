"""cosine: 1 less the cosine of the angle between a and y, whatever their lengths.

L = 1 - sum_i u_i v_i with u = a / max(|a|, eps) and v = y / max(|y|, eps), one number for the whole column, and

    dL/da = (u sum_k u_k v_k - v) / |a|    where |a| > eps
            -v / eps                       elsewhere.

eps, above 0, keeps 0 / 0 finite: the loss of a column of zeros is 1.

Source: B. Barz and J. Denzler, "Deep learning on small datasets without pre-training using cosine loss", WACV 2020,
arXiv:1901.09054.
"""

from __future__ import annotations

import numpy as np

from nnframe import Loss, hookimpl
from nnframe_zoo._array import Array


def value(a: Array, y: Array, eps: float) -> Array:
    """Return 1 - sum(u v) over each column."""
    total: Array = 1 - (a / _length(a, eps) * (y / _length(y, eps))).sum(axis=0)
    return total


def _length(x: Array, eps: float) -> Array:
    length: Array = np.maximum(np.sqrt((x * x).sum(axis=0, keepdims=True)), eps)
    return length


cosine = Loss(
    "cosine",
    value,
    params={"eps": 1e-8},
    limits={"eps": "(0, inf)"},
    doc=__doc__,
)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return cosine."""
    return [cosine]
