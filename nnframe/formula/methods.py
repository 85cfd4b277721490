"""The methods of arrays that are numpy's functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

# Of all of them, the first argument is the array. Those that can't be recorded are refused where all functions are.
METHODS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        *(np.sum, np.mean, np.max, np.min, np.any, np.all, np.argmax, np.argmin, np.var, np.std, np.clip, np.round),
        *(
            np.ptp,
            np.squeeze,
            np.dot,
            np.sort,
            np.argsort,
            np.cumsum,
            np.cumprod,
            np.prod,
            np.transpose,
            np.ravel,
            np.take,
        ),
        *(np.repeat, np.swapaxes, np.trace, np.diagonal, np.compress, np.searchsorted, np.nonzero, np.choose),
    )
}
