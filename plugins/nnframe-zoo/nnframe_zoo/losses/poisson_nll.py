"""poisson_nll: the negative log-likelihood of counts y under Poisson distributions of mean exp(a), or of mean a.

The mean over the components of a column of

    exp(a) - y a            with log_input=True,     dL/da_i = (exp(a_i) - y_i) / n
    a - y log(a + eps)      with log_input=False,    dL/da_i = (1 - y_i / (a_i + eps)) / n

less log(y!), which doesn't depend on a. full=True adds Stirling's formula for it, y log y - y + log(2 pi y) / 2, where
y > 1.

The prediction is the mean of the distribution, exp(a) or a.

exp(a) ends at the largest number times the machine epsilon, so that it can't overflow, nor can the sum over a column;
its slope is itself there too, so that such an a is still drawn back.
A floor under a + eps keeps log 0 and 1 / 0 finite.

Source: P. McCullagh and J. Nelder, "Generalized linear models", Chapman and Hall 1989, chapter 6.
"""

from __future__ import annotations

import math

import numpy as np

from nnframe import Loss, floored, hookimpl
from nnframe.contracts.domains import Domain
from nnframe_zoo._array import Array
from nnframe_zoo._exp import capped_exp


def value(a: Array, y: Array, log_input: bool, full: bool, eps: float) -> Array:
    """Return the mean negative log-likelihood of each column."""
    terms = capped_exp(a) - y * a if log_input else a - y * np.log(floored(a + eps))
    if full:
        terms = terms + _log_factorial(y)
    mean: Array = terms.mean(axis=0)
    return mean


def _log_factorial(y: Array) -> Array:
    above = np.maximum(y, 1)
    return np.where(y > 1, above * np.log(above) - above + np.log(2 * math.pi * above) / 2, 0)


def point(a: Array, log_input: bool, full: bool, eps: float) -> Array:
    """Return the mean of the distribution."""
    return capped_exp(a) if log_input else a


def distribution(a: Array, log_input: bool, full: bool, eps: float) -> tuple[Array, Array]:
    """Return the mean of the distribution, and its standard deviation, the root of the mean."""
    mean = point(a, log_input, full, eps)
    return mean, np.sqrt(mean)


def _a_domain(log_input: bool, **others: object) -> Domain:
    return "real" if log_input else "positive"


poisson_nll = Loss(
    "poisson_nll",
    value,
    params={"log_input": True, "full": False, "eps": 1e-8},
    limits={"eps": "[0, inf)"},
    y_domain="nonnegative",
    a_domain_of=_a_domain,
    point=point,
    distribution=distribution,
    doc=__doc__,
)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return poisson_nll."""
    return [poisson_nll]
