"""mixture_nll: the negative log-likelihood of targets y under mixtures of normal distributions that a net learns.

Each target has 3 k outputs for k components: the logits l_j of their shares, the means m_j, and the logarithms of the
scales s_j, in this order. With the shares w = softmax(l) and the variances v_j = exp(2 s_j) + eps, the loss is the mean
over the targets of a column of

    -log sum_j w_j exp(-(y - m_j)^2 / (2 v_j)) / sqrt(v_j)

to which full=True adds log(2 pi) / 2. Each target has a mixture of its own. The prediction is the mean of the mixture;
the net answers `predict_dist` and `predict_quantiles`.

Source: C. Bishop, "Mixture density networks", report NCRG/94/004, Aston University 1994.
"""

from __future__ import annotations

from functools import reduce

import numpy as np

from nnframe import Loss, hookimpl
from nnframe_zoo._array import Array
from nnframe_zoo._exp import capped_exp
from nnframe_zoo._normal import HALF_LOG_2_PI, standard_cdf, standard_quantiles

# Each halves the interval that a quantile is in.
BISECTIONS = 60


def value(a: Array, y: Array, components: int, full: bool, eps: float) -> Array:
    """Return the mean negative log-likelihood of each column."""
    logits, means, log_scales = a[:components], a[components : 2 * components], a[2 * components :]
    terms = []
    for logit, mean, log_scale in zip(logits, means, log_scales, strict=True):
        variance = capped_exp(2 * log_scale) + eps
        terms.append(logit - (np.log(variance) + (y - mean) ** 2 / variance) / 2)
    log_likelihood = reduce(np.logaddexp, terms) - reduce(np.logaddexp, logits)
    mean_of_targets: Array = (HALF_LOG_2_PI if full else 0.0) - log_likelihood.mean(axis=0)
    return mean_of_targets


def _parts(a: Array, components: int, eps: float) -> tuple[Array, Array, Array]:
    """Return shares, means and variances, each of shape (k, n, B)."""
    logits, means, log_scales = a[:components], a[components : 2 * components], a[2 * components :]
    shares = np.exp(logits - logits.max(axis=0))
    return shares / shares.sum(axis=0), means, capped_exp(2 * log_scales) + eps


def point(a: Array, components: int, full: bool, eps: float) -> Array:
    """Return the mean of each target's mixture."""
    shares, means, _ = _parts(a, components, eps)
    mean: Array = (shares * means).sum(axis=0)
    return mean


def distribution(a: Array, components: int, full: bool, eps: float) -> tuple[Array, Array]:
    """Return the mean and the standard deviation of each target's mixture."""
    shares, means, variances = _parts(a, components, eps)
    mean = (shares * means).sum(axis=0)
    return mean, np.sqrt((shares * (variances + (means - mean) ** 2)).sum(axis=0))


def quantiles(a: Array, levels: Array, components: int, full: bool, eps: float) -> Array:
    """Return quantiles of each target's mixture, by bisection."""
    shares, means, variances = _parts(a.astype(np.float64), components, eps)
    scales = np.sqrt(variances)
    found = []
    for level, z in zip(levels, standard_quantiles(levels), strict=True):
        # The quantile of the mixture lies between those of its components.
        low, high = (means + scales * z).min(axis=0), (means + scales * z).max(axis=0)
        for _ in range(BISECTIONS):
            middle = low + (high - low) / 2
            below = (shares * standard_cdf((middle - means) / scales)).sum(axis=0) < level
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        found.append(low + (high - low) / 2)
    return np.stack(found)


mixture_nll = Loss(
    "mixture_nll",
    value,
    params={"components": 3, "full": False, "eps": 1e-6},
    limits={"components": "[1, inf)", "eps": "(0, inf)"},
    outputs=lambda components, full, eps: 3 * components,
    point=point,
    distribution=distribution,
    quantiles=quantiles,
    doc=__doc__,
)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return mixture_nll."""
    return [mixture_nll]
