"""sgd: stochastic gradient descent, optionally with momentum.

    v = momentum v + g + weight_decay w        w = w - learning_rate v

With ``nesterov``, the step is g + momentum v instead, which looks ahead.

Source: I. Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013; in the form
without the learning rate inside v, so that a schedule takes effect at once.
"""

from __future__ import annotations

from nnframe.arrays import Array
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.optimizer import Optimizer


def update(
    w: Array,
    g: Array,
    velocity: Array,
    t: int,
    learning_rate: float,
    momentum: float,
    nesterov: bool,
    weight_decay: float,
) -> tuple[Array, ...]:
    """Return the new weights and state."""
    g = g + weight_decay * w
    velocity = momentum * velocity + g
    step = g + momentum * velocity if nesterov else velocity
    return w - learning_rate * step, velocity


sgd = Optimizer(
    "sgd",
    update,
    state={"velocity": 0.0},
    params={"learning_rate": 0.01, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0},
    limits={"momentum": "[0, 1)", "weight_decay": "[0, inf)"},
    doc=__doc__,
)


@hookimpl
def nnframe_optimizers() -> list[Optimizer]:
    """Return sgd."""
    return [sgd]
