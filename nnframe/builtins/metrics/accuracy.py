"""accuracy: the share of samples with the right class.

accuracy = (number of samples with class of a = class of y) / N. The class is the largest component of a column, in
outputs and in targets; of a single component, it is whether it is above 1/2, or above 0 where there
are targets below 0.

Source: M. Sokolova and G. Lapalme, "A systematic analysis of performance measures for classification tasks",
Information Processing and Management 45 (2009) 427-437.
"""

from __future__ import annotations

import math

import numpy as np

from nnframe.arrays import Array
from nnframe.builtins.metrics.classes import classes_of, has_nan
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.metric import Metric


def value(a: Array, y: Array) -> float:
    """Return the share of columns whose class is the target's; NaN if there is a NaN."""
    if has_nan(a, y):
        return math.nan
    return float(np.mean(classes_of(a, y) == classes_of(y, y)))


accuracy = Metric("accuracy", value, doc=__doc__)


@hookimpl
def nnframe_metrics() -> list[Metric]:
    """Return accuracy."""
    return [accuracy]
