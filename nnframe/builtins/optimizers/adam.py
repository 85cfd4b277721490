"""adam: steps from weighted means of the gradients and of their squares; each counts beta times as much as the next.

    s = beta1 s + g                          q = beta2 q + g^2
    m = s (1 - beta1) / (1 - beta1^t)        v = q (1 - beta2) / (1 - beta2^t)
    w = w - learning_rate m / (sqrt(v) + epsilon)

The running means of the paper are (1 - beta1) s and (1 - beta2) q. Without these factors in the state, an update passes
over all weights 10 times in place of 12. ``weight_decay`` adds weight_decay w to the gradient, as an l2 penalty does;
adamw keeps the two apart.

Source: D. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015.
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
    g = g + weight_decay * w
    total = beta1 * total + g
    square = beta2 * square + g * g
    mean = (1 - beta1) / (1 - beta1**t) * total
    scale = np.sqrt((1 - beta2) / (1 - beta2**t) * square) + epsilon
    return w - learning_rate * mean / scale, total, square


adam = Optimizer(
    "adam",
    update,
    state={"total": 0.0, "square": 0.0},
    params={"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.0},
    limits={"beta1": "[0, 1)", "beta2": "[0, 1)", "epsilon": "(0, inf)", "weight_decay": "[0, inf)"},
    doc=__doc__,
)


@hookimpl
def nnframe_optimizers() -> list[Optimizer]:
    """Return adam."""
    return [adam]
