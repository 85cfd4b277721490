"""What all functions take and return: arrays of shape (n, B), one column a sample."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
