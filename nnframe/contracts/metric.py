"""The contract for metrics, which say how good a net's outputs are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from nnframe.contracts.plugin import Plugin
from nnframe.errors import ArgumentError


@dataclass(frozen=True, repr=False)
class Metric(Plugin):
    """A number that says how good a net's outputs are; nothing is trained with it.

    Parameters
    ----------
    name : str
        What users call it by. Letters, digits, ``_``, ``-`` and ``.``; case does not matter.
    value : callable
        ``value(a, y, **params) -> float`` for the outputs a of a net and their targets y, both of shape (n, N), one
        column a sample of a whole data set. Not called for outputs with a NaN: then the metric is NaN.
    better : {"higher", "lower"}, optional
        Which values are the better ones.
    params : mapping of str to parameter, optional
        Parameters and their defaults.
    doc : str, optional
        Formula and source. ``doc=__doc__`` takes the module's docstring.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument can't be used.

    Examples
    --------
    >>> import numpy as np
    >>> largest_error = Metric("largest_error", lambda a, y: np.abs(a - y).max(), better="lower")
    >>> float(largest_error.value(np.array([[1.0, 2.0]]), np.array([[1.0, 5.0]])))
    3.0
    """

    value: Callable[..., float]
    better: Literal["higher", "lower"] = field(default="higher", kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_callable("value")
        if self.better not in ("higher", "lower"):
            raise ArgumentError(f"better of metric {self.name!r} is {self.better!r}; expected 'higher' or 'lower'")
