"""The spread of measurements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from comparison.problem import Array


def quartiles(values: Sequence[float] | Array) -> tuple[float, float, float]:
    """Return the lower quartile, the median and the upper quartile."""
    low, median, high = np.percentile(values, [25, 50, 75]).tolist()
    return low, median, high
