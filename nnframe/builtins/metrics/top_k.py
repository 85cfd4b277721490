"""top_k: the share of samples whose class is among the k largest components of the output.

top_k = (number of samples with class of y among the k largest of a) / N. Where several components are equal, those with
the lower numbers come first.

Source: O. Russakovsky et al., "ImageNet large scale visual recognition challenge", International Journal of Computer
Vision 115 (2015) 211-252, section 4, there as an error.
"""

from __future__ import annotations

import math

import numpy as np

from nnframe.arrays import Array
from nnframe.builtins.metrics.classes import classes_of, has_nan
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.metric import Metric


def value(a: Array, y: Array, k: int) -> float:
    """Return the share of columns whose target class is among the k largest components."""
    if has_nan(a, y):
        return math.nan
    best = np.argsort(-a, axis=0, kind="stable")[:k]
    return float(np.mean((best == classes_of(y, y)).any(axis=0)))


top_k = Metric("top_k", value, params={"k": 5}, limits={"k": "[1, inf)"}, doc=__doc__)


@hookimpl
def nnframe_metrics() -> list[Metric]:
    """Return top_k."""
    return [top_k]
