"""smoothed_cel: cross-entropy with label smoothing, which keeps a net from being too sure of itself.

A share of the target is spread evenly over the n classes, t = (1 - smoothing) y + smoothing / n with
0 <= smoothing <= 1, and L = -sum_i t_i log a_i over the components of a column of probabilities a;
dL/da_i = -t_i / a_i. A floor under a keeps log 0 and 1 / 0 finite. smoothing = 0 is cel; the default is the paper's
0.1, where PyTorch's cross_entropy smooths only on demand.

After softmax, the two are taken together: log a from z as log_softmax does, and dL/dz = a sum_k t_k - t, which has
neither a logarithm of a rounded 0 nor a quotient.

Source: C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens and Z. Wojna, "Rethinking the Inception architecture for computer
vision", CVPR 2016, arXiv:1512.00567, section 7.
"""

from __future__ import annotations

import numpy as np

from nnframe import Loss, floored, hookimpl
from nnframe_zoo._array import Array
from nnframe_zoo.losses import nll


def value(a: Array, y: Array, smoothing: float) -> Array:
    """Return -sum(t log a) over each column."""
    return nll.value(np.log(floored(a)), _smoothed(y, smoothing))


def _smoothed(y: Array, smoothing: float) -> Array:
    return (1 - smoothing) * y + smoothing / len(y)


smoothed_cel = Loss(
    "smoothed_cel",
    value,
    params={"smoothing": 0.1},
    limits={"smoothing": "[0, 1]"},
    a_domain="distribution",
    y_domain="distribution",
    doc=__doc__,
)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return smoothed_cel."""
    return [smoothed_cel]
