"""The normal distribution: its quantiles, and its distribution function."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from nnframe_zoo._array import Array
from nnframe_zoo._erfc import erfc

# What a density of normal distributions adds to each logarithm, and a likelihood may leave out.
HALF_LOG_2_PI = math.log(2 * math.pi) / 2


def standard_quantiles(levels: Array) -> list[float]:
    """Return the quantiles of the standard normal distribution."""
    return [NormalDist().inv_cdf(float(level)) for level in levels]


def standard_cdf(x: Array) -> Array:
    """Return the share of the standard normal distribution below x."""
    share: Array = erfc(-x / np.sqrt(2)) / 2
    return share
