"""mae: the mean absolute error, over all components of all samples.

mae = mean |a - y|

Source: C. Willmott and K. Matsuura, "Advantages of the mean absolute error (MAE) over the root mean square error (RMSE)
in assessing average model performance", Climate Research 30 (2005) 79-82.
"""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.metric import Metric


def value(a: Array, y: Array) -> float:
    """Return the mean of |a - y|."""
    return float(np.abs(a - y).mean(dtype=np.float64))


mae = Metric("mae", value, better="lower", doc=__doc__)


@hookimpl
def nnframe_metrics() -> list[Metric]:
    """Return mae."""
    return [mae]
