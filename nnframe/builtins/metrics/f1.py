"""f1: the harmonic mean of precision and recall.

f1 = 2 tp / (2 tp + fp + fn), from the counts of true positives, false positives and false negatives. Of a single
component, it is that of the upper class; of several, the mean over all classes that occur in outputs or targets. 0
where a class is never met.

Source: C. van Rijsbergen, "Information Retrieval", Butterworths 1979, chapter 7.
"""

from __future__ import annotations

import math

import numpy as np

from nnframe.arrays import Array
from nnframe.builtins.metrics.classes import classes_of, has_nan
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.metric import Metric


def value(a: Array, y: Array) -> float:
    """Return the mean of the classes' f1; NaN if there is a NaN."""
    if has_nan(a, y):
        return math.nan
    found, expected = classes_of(a, y), classes_of(y, y)
    n_classes = max(len(a), 2)
    true_positives = np.bincount(expected[found == expected], minlength=n_classes)
    # tp + fp is how often a class is found, tp + fn how often it is expected.
    found_or_expected = np.bincount(found, minlength=n_classes) + np.bincount(expected, minlength=n_classes)
    scores = 2 * true_positives / np.maximum(found_or_expected, 1)
    return float(scores[1]) if len(a) == 1 else float(scores[found_or_expected > 0].mean())


f1 = Metric("f1", value, doc=__doc__)


@hookimpl
def nnframe_metrics() -> list[Metric]:
    """Return f1."""
    return [f1]
