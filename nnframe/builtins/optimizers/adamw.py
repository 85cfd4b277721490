"""adamw: adam, with a weight decay that doesn't pass through its means.

    w = w - learning_rate weight_decay w, and then the step of adam.

Source: I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR 2019.
"""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.optimizer import Optimizer


def update(
    w: Array,
    g: Array,
    total: Array,
    square: Array,
    t: int,
    learning_rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    weight_decay: float,
) -> tuple[Array, ...]:
    """Return the new weights and state."""
    total = beta1 * total + g
    square = beta2 * square + g * g
    mean = (1 - beta1) / (1 - beta1**t) * total
    scale = np.sqrt((1 - beta2) / (1 - beta2**t) * square) + epsilon
    decayed = (1 - learning_rate * weight_decay) * w
    return decayed - learning_rate * mean / scale, total, square


adamw = Optimizer(
    "adamw",
    update,
    state={"total": 0.0, "square": 0.0},
    params={"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.01},
    limits={"beta1": "[0, 1)", "beta2": "[0, 1)", "epsilon": "(0, inf)", "weight_decay": "[0, inf)"},
    doc=__doc__,
)


@hookimpl
def nnframe_optimizers() -> list[Optimizer]:
    """Return adamw."""
    return [adamw]
