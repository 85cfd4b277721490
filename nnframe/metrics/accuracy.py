"""accuracy: the share of samples whose class is found.

The class is the largest component of a column, in outputs and in targets; of a single component, it is whether it is
above 1/2.
"""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array
from nnframe.hookspecs import hookimpl
from nnframe.metric import Metric
from nnframe.metrics.classes import classes_of


def value(a: Array, y: Array) -> float:
    """Return the share of columns whose class is the target's."""
    return float(np.mean(classes_of(a) == classes_of(y)))


accuracy = Metric("accuracy", value, doc=__doc__)


@hookimpl
def nnframe_metrics() -> list[Metric]:
    """Return accuracy."""
    return [accuracy]
