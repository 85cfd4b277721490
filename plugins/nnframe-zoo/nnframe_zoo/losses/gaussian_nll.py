"""gaussian_nll: the negative log-likelihood of targets y under normal distributions whose mean and scale a net learns.

Each target has two outputs, the mean m and the logarithm of the scale s. With the variance v = exp(2 s) + eps, the loss
is the mean over the targets of a column of

    (log v + (y - m)^2 / v) / 2

to which full=True adds log(2 pi) / 2. eps keeps v off 0: its root is the smallest scale. The prediction is the mean,
and the net answers `predict_dist` and `predict_quantiles`.

Source: D. Nix and A. Weigend, "Estimating the mean and variance of the target probability distribution", Proceedings of
the IEEE International Conference on Neural Networks (1994) 55-60.
"""

from __future__ import annotations

import numpy as np

from nnframe import Loss, hookimpl
from nnframe_zoo._array import Array
from nnframe_zoo._exp import capped_exp
from nnframe_zoo._normal import HALF_LOG_2_PI, standard_quantiles


def value(a: Array, y: Array, full: bool, eps: float) -> Array:
    """Return the mean negative log-likelihood of each column."""
    mean, log_scale = a
    variance = capped_exp(2 * log_scale) + eps
    terms = (np.log(variance) + (y - mean) ** 2 / variance) / 2
    likelihood: Array = terms.mean(axis=0) + (HALF_LOG_2_PI if full else 0.0)
    return likelihood


def distribution(a: Array, full: bool, eps: float) -> tuple[Array, Array]:
    """Return the mean and the scale of each target."""
    mean, log_scale = a
    return mean, np.sqrt(capped_exp(2 * log_scale) + eps)


def quantiles(a: Array, levels: Array, full: bool, eps: float) -> Array:
    """Return mean + scale * (quantile of the standard normal distribution)."""
    mean, scale = distribution(a, full, eps)
    return np.stack([mean + scale * z for z in standard_quantiles(levels)])


gaussian_nll = Loss(
    "gaussian_nll",
    value,
    params={"full": False, "eps": 1e-6},
    limits={"eps": "(0, inf)"},
    outputs=2,
    point=lambda a, full, eps: a[0],
    distribution=distribution,
    quantiles=quantiles,
    doc=__doc__,
)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return gaussian_nll."""
    return [gaussian_nll]
