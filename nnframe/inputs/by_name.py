"""What a loss may ask for by the names of its arguments, besides outputs and targets."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

# The inputs of the net, (n_in, B), and the weights of the samples, (B,).
INPUTS, SAMPLE_WEIGHT = "x", "sample_weight"
GIVEN_BY_NAME = (INPUTS, SAMPLE_WEIGHT)


def asked_by(function: Callable[..., Any] | None, params: Mapping[str, object]) -> tuple[str, ...]:
    """Return which of `GIVEN_BY_NAME` a function has as arguments; a parameter of that name is none of them."""
    if function is None:
        return ()
    try:
        names = inspect.signature(function).parameters
    except (TypeError, ValueError):
        # A ufunc, or a compiled function.
        return ()
    return tuple(name for name in GIVEN_BY_NAME if name in names and name not in params)
