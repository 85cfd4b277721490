"""The losses and the optimizers of scikit-learn's MLP, and the exponential, under names of their own.

scikit-learn adds up the losses of several outputs, and halves squared errors:

    half_squared_error  sum of (a - y)^2 / 2
    half_poisson        sum of y log(y / a) - y + a

Source: scikit-learn's user guide, section 1.17; P. McCullagh and J. Nelder, "Generalized Linear Models", 1989,
chapter 6.
"""

from __future__ import annotations

import numpy as np

from nnframe import Activation, Array, Fused, Loss, Optimizer, hookimpl

TINY = 1e-30
# exp of more overflows in float32.
LARGEST = 80


def _half_poisson(a: Array, y: Array) -> Array:
    # y log y is 0 at 0.
    deviance = y * np.log(np.where(y > 0, y, 1)) - y * np.log(np.maximum(a, a.dtype.type(TINY))) - y + a
    total: Array = deviance.sum(axis=0)
    return total


exp = Activation(
    "exp",
    forward=lambda z: np.exp(np.minimum(z, LARGEST)),
    derivative=lambda z: np.exp(np.minimum(z, LARGEST)) * (z < LARGEST),
    a_domain="positive",
    doc="exp: a = exp(min(z, 80)), for rates and counts. Source: McCullagh and Nelder, chapter 6.",
)

half_squared_error = Loss(
    "half_squared_error",
    value=lambda a, y: ((a - y) ** 2).sum(axis=0) / 2,
    gradient=lambda a, y: a - y,
    minimum=0.0,
    doc="half_squared_error: L = sum of (a - y)^2 / 2, dL/da = a - y. Source: scikit-learn's user guide, section 1.17.",
)

half_poisson = Loss(
    "half_poisson",
    value=_half_poisson,
    gradient=lambda a, y: 1 - y / np.maximum(a, a.dtype.type(TINY)),
    fused={"exp": Fused(lambda z, a, y: a - y)},
    a_domain="positive",
    y_domain="nonnegative",
    doc="""half_poisson: half of the Poisson deviance of a rate a and a count y.

    L = sum of y log(y / a) - y + a, dL/da = 1 - y / a, and after exp dL/dz = a - y. Source: McCullagh and Nelder,
    "Generalized Linear Models", 1989, chapter 6.
    """,
)


def _adam_epsilon_hat(
    w: Array,
    g: Array,
    total: Array,
    square: Array,
    t: int,
    learning_rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> tuple[Array, ...]:
    # m and v without their factors 1 - beta, each of which would be another pass over all weights.
    total = beta1 * total + g
    square = beta2 * square + g * g
    share = (1 - beta2) ** 0.5
    rate = learning_rate * (1 - beta2**t) ** 0.5 / (1 - beta1**t) * (1 - beta1) / share
    return w - rate * total / (np.sqrt(square) + epsilon / share), total, square


adam_epsilon_hat = Optimizer(
    "adam_epsilon_hat",
    _adam_epsilon_hat,
    state={"total": 0.0, "square": 0.0},
    params={"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    limits={"beta1": "[0, 1)", "beta2": "[0, 1)", "epsilon": "(0, inf)"},
    doc="""adam_epsilon_hat: Adam as scikit-learn computes it, with epsilon beside the uncorrected root.

    m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2, and
    w = w - learning_rate sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + epsilon).

    Source: D. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, end of section 2.
    """,
)


def _sgd_step_momentum(
    w: Array, g: Array, velocity: Array, t: int, learning_rate: float, momentum: float, nesterov: bool
) -> tuple[Array, ...]:
    velocity = momentum * velocity - learning_rate * g
    step = momentum * velocity - learning_rate * g if nesterov else velocity
    return w + step, velocity


sgd_step_momentum = Optimizer(
    "sgd_step_momentum",
    _sgd_step_momentum,
    state={"velocity": 0.0},
    params={"learning_rate": 0.001, "momentum": 0.9, "nesterov": True},
    limits={"momentum": "[0, 1]"},
    doc="""sgd_step_momentum: momentum of the step, so that a new learning rate acts on new gradients alone.

    v = momentum v - learning_rate g, and w = w + v; with ``nesterov``, w = w + momentum v - learning_rate g.

    Source: I. Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013.
    """,
)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return the exponential."""
    return [exp]


@hookimpl
def nnframe_optimizers() -> list[Optimizer]:
    """Return scikit-learn's Adam and SGD."""
    return [adam_epsilon_hat, sgd_step_momentum]


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return the losses of scikit-learn's MLP."""
    return [half_squared_error, half_poisson]
