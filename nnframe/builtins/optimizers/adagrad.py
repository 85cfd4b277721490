"""adagrad: each weight's step is divided by the root of the sum of its squared gradients.

    s = s + g^2        w = w - learning_rate g / (sqrt(s) + epsilon)

Source: J. Duchi, E. Hazan and Y. Singer, "Adaptive subgradient methods for online learning and stochastic
optimization", JMLR 12 (2011) 2121-2159.
"""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.optimizer import Optimizer


def update(
    w: Array, g: Array, total: Array, t: int, learning_rate: float, epsilon: float, weight_decay: float
) -> tuple[Array, ...]:
    """Return the new weights and state."""
    g = g + weight_decay * w
    total = total + g * g
    return w - learning_rate * g / (np.sqrt(total) + epsilon), total


adagrad = Optimizer(
    "adagrad",
    update,
    state={"total": 0.0},
    params={"learning_rate": 0.01, "epsilon": 1e-10, "weight_decay": 0.0},
    limits={"epsilon": "(0, inf)", "weight_decay": "[0, inf)"},
    doc=__doc__,
)


@hookimpl
def nnframe_optimizers() -> list[Optimizer]:
    """Return adagrad."""
    return [adagrad]
