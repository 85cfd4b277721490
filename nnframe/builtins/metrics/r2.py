"""r2: the coefficient of determination, the share of the targets' variance that is explained.

r2 = 1 - sum (a - y)^2 / sum (y - mean y)^2 for each component, with sums over the samples, and the mean of that over
the components. A component whose targets are all alike counts as 1 where it is met exactly, else as 0.

Source: N. Draper and H. Smith, "Applied Regression Analysis", Wiley 1998, section 1.3.
"""

from __future__ import annotations

import math

import numpy as np

from nnframe.arrays import Array
from nnframe.builtins.metrics.classes import has_nan
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.metric import Metric


def value(a: Array, y: Array) -> float:
    """Return the mean over the components of the share of variance explained; NaN if there is a NaN."""
    if has_nan(a, y):
        return math.nan
    residual = np.square(a - y, dtype=np.float64).sum(axis=1)
    spread = np.square(y - y.mean(axis=1, keepdims=True, dtype=np.float64)).sum(axis=1)
    # The mean of equal numbers may be rounded, which leaves a spread slightly above 0.
    varies = np.ptp(y, axis=1) > 0
    scores = np.where(varies, 1 - residual / np.where(varies, spread, 1), residual == 0)
    return float(scores.mean())


r2 = Metric("r2", value, doc=__doc__)


@hookimpl
def nnframe_metrics() -> list[Metric]:
    """Return r2."""
    return [r2]
