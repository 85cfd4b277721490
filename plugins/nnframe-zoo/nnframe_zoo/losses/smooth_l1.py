"""smooth_l1: mae with its kink rounded off over errors smaller than beta.

The mean over the components of a column of

    s(e) = e^2 / (2 beta)  where |e| < beta
           |e| - beta / 2  elsewhere,    e = a - y,

and dL/da_i = min(max(e_i / beta, -1), 1) / n; beta > 0. It is huber with delta = beta, divided by beta, so that the
slope beyond is 1 whatever beta is; as beta goes to 0 it becomes mae.

Source: R. Girshick, "Fast R-CNN", ICCV 2015, arXiv:1504.08083, section 2.3.
"""

from __future__ import annotations

from nnframe import Loss, hookimpl
from nnframe_zoo._array import Array
from nnframe_zoo.losses import huber


def value(a: Array, y: Array, beta: float) -> Array:
    """Return the mean of s(a - y) over each column."""
    return huber.value(a, y, beta) / beta


smooth_l1 = Loss(
    "smooth_l1",
    value,
    params={"beta": 1.0},
    limits={"beta": "(0, inf)"},
    minimum=0.0,
    doc=__doc__,
)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return smooth_l1."""
    return [smooth_l1]
