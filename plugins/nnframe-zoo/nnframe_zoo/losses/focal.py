"""focal: cross-entropy in which classes that are already predicted well count little.

L = -sum_i y_i (1 - a_i)^gamma log a_i over the components of a column of probabilities a, and

    dL/da_i = y_i (1 - a_i)^gamma (gamma log(a_i) / (1 - a_i) - 1 / a_i),

with gamma >= 0; gamma = 0 is cel. The factor alpha of the paper, one number here, would only rescale the learning rate,
so there is none. A floor under a and 1 - a keeps log 0 and quotients finite.

After softmax, the two are taken together: log a from z as log_softmax does, and 1 - a as -expm1(log a), so that no
digit is lost where a is nearly 0 or nearly 1.

Source: T.-Y. Lin, P. Goyal, R. Girshick, K. He and P. Dollár, "Focal loss for dense object detection", ICCV 2017,
arXiv:1708.02002.
"""

from __future__ import annotations

import numpy as np

from nnframe import Loss, floored, hookimpl
from nnframe_zoo._array import Array


def value(a: Array, y: Array, gamma: float) -> Array:
    """Return -sum(y (1 - a)^gamma log a) over each column."""
    positive = floored(a)
    total: Array = -(y * floored(1 - positive) ** gamma * np.log(positive)).sum(axis=0)
    return total


focal = Loss(
    "focal",
    value,
    params={"gamma": 2.0},
    limits={"gamma": "[0, inf)"},
    a_domain="distribution",
    y_domain="distribution",
    doc=__doc__,
)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return focal."""
    return [focal]
