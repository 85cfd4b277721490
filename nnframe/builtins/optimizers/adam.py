"""adam: steps from running means of the gradient and its square, corrected for their start at 0.

    m = beta1 m + (1 - beta1) g        v = beta2 v + (1 - beta2) g^2
    w = w - learning_rate m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon)

``weight_decay`` adds weight_decay w to the gradient, as an l2 penalty does; adamw keeps the two apart.

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
    mean: Array,
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
    mean = beta1 * mean + (1 - beta1) * g
    square = beta2 * square + (1 - beta2) * g * g
    scale = np.sqrt(square / (1 - beta2**t)) + epsilon
    return w - learning_rate / (1 - beta1**t) * mean / scale, mean, square


adam = Optimizer(
    "adam",
    update,
    state={"mean": 0.0, "square": 0.0},
    params={"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.0},
    limits={"beta1": "[0, 1)", "beta2": "[0, 1)", "epsilon": "(0, inf)", "weight_decay": "[0, inf)"},
    doc=__doc__,
)


@hookimpl
def nnframe_optimizers() -> list[Optimizer]:
    """Return adam."""
    return [adam]
