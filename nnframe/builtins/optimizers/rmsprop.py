"""rmsprop: each weight's step is divided by a running root mean square of its gradients.

    s = decay s + (1 - decay) g^2        v = momentum v + g / (sqrt(s) + epsilon)        w = w - learning_rate v

Source: T. Tieleman and G. Hinton, "Lecture 6.5: rmsprop", Neural Networks for Machine Learning, 2012.
"""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.optimizer import Optimizer


def update(
    w: Array,
    g: Array,
    square: Array,
    velocity: Array,
    t: int,
    learning_rate: float,
    decay: float,
    momentum: float,
    epsilon: float,
    weight_decay: float,
) -> tuple[Array, ...]:
    """Return the new weights and state."""
    g = g + weight_decay * w
    square = decay * square + (1 - decay) * g * g
    velocity = momentum * velocity + g / (np.sqrt(square) + epsilon)
    return w - learning_rate * velocity, square, velocity


rmsprop = Optimizer(
    "rmsprop",
    update,
    state={"square": 0.0, "velocity": 0.0},
    params={"learning_rate": 0.01, "decay": 0.99, "momentum": 0.0, "epsilon": 1e-8, "weight_decay": 0.0},
    limits={"decay": "[0, 1)", "momentum": "[0, 1)", "epsilon": "(0, inf)", "weight_decay": "[0, inf)"},
    doc=__doc__,
)


@hookimpl
def nnframe_optimizers() -> list[Optimizer]:
    """Return rmsprop."""
    return [rmsprop]
