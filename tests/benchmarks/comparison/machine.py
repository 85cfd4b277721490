"""Describes the machine."""

from __future__ import annotations

import os
import platform
from importlib.util import find_spec

import numpy as np


def machine() -> str:
    """Return the number of cores, the architecture, the Python and numpy versions, and numpy's BLAS with its kernel."""
    words = [f"{os.cpu_count()} cores", platform.machine(), f"Python {platform.python_version()}"]
    return ", ".join([*words, f"numpy {np.__version__}", *_blas()])


def _blas() -> list[str]:
    """Return the BLAS that numpy uses, which decides the speed of large nets. Empty without threadpoolctl.

    A BLAS chooses its kernel by the processor, unless an environment variable does.
    """
    # threadpoolctl comes with scikit-learn and finds the libraries that are loaded, here by numpy.
    if find_spec("threadpoolctl") is None:
        return []
    from threadpoolctl import threadpool_info

    return [
        f"{each['internal_api']} {each['version']}"
        + (f" with the kernel for {each['architecture']}" if "architecture" in each else "")
        for each in threadpool_info()
        if each["user_api"] == "blas"
    ]
