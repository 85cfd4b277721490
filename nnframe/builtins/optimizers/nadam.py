"""nadam: adam that looks ahead with Nesterov's momentum.

    mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2)        p = mu_1 mu_2 ... mu_t
    m = beta1 m + (1 - beta1) g        v = beta2 v + (1 - beta2) g^2
    w = w - learning_rate (mu_(t+1) m / (1 - p mu_(t+1)) + (1 - mu_t) g / (1 - p)) / (sqrt(v / (1 - beta2^t)) + epsilon)

Source: T. Dozat, "Incorporating Nesterov momentum into Adam", ICLR 2016 workshop.
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
    product: Array,
    t: int,
    learning_rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    momentum_decay: float,
    weight_decay: float,
) -> tuple[Array, ...]:
    """Return the new weights and state."""
    g = g + weight_decay * w
    mu = beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))
    next_mu = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * momentum_decay))
    product = product * mu
    mean = beta1 * mean + (1 - beta1) * g
    square = beta2 * square + (1 - beta2) * g * g
    # The three quotients on one denominator: divisions take most of an update's time.
    mean_divisor, divisor = 1 - product * next_mu, 1 - product
    step = next_mu * divisor * mean + (1 - mu) * mean_divisor * g
    scale = mean_divisor * divisor * (np.sqrt(square / (1 - beta2**t)) + epsilon)
    return w - learning_rate * step / scale, mean, square, product


nadam = Optimizer(
    "nadam",
    update,
    state={"mean": 0.0, "square": 0.0, "product": 1.0},
    params={
        "learning_rate": 0.002,
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": 1e-8,
        "momentum_decay": 0.004,
        "weight_decay": 0.0,
    },
    limits={
        "beta1": "[0, 1)",
        "beta2": "[0, 1)",
        "epsilon": "(0, inf)",
        "momentum_decay": "[0, inf)",
        "weight_decay": "[0, inf)",
    },
    doc=__doc__,
)


@hookimpl
def nnframe_optimizers() -> list[Optimizer]:
    """Return nadam."""
    return [nadam]
