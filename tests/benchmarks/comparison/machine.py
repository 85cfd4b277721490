"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
from importlib.util import find_spec

import numpy as np


def machine() -> str:
    """Return the processor's cores and kind, the Python, and numpy's BLAS with the processor that its loops are for."""
    words = [f"{os.cpu_count()} cores", platform.machine(), f"Python {platform.python_version()}"]
    return ", ".join([*words, f"numpy {np.__version__}", *_blas()])


def _blas() -> list[str]:
    """Return what numpy multiplies with, for on large nets, little else counts; nothing without threadpoolctl.

    A BLAS chooses its loops by the processor it finds, or as the environment tells it to.
    """
    # It comes with scikit-learn, and finds what has been loaded: here, by numpy.
    if find_spec("threadpoolctl") is None:
        return []
    from threadpoolctl import threadpool_info

    return [
        f"{each['internal_api']} {each['version']}"
        + (f" with loops for {each['architecture']}" if "architecture" in each else "")
        for each in threadpool_info()
        if each["user_api"] == "blas"
    ]
