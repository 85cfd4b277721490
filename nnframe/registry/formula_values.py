"""What an activation returns for a dozen numbers: kept where it is saved, it shows that a formula has changed since."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from nnframe.contracts.activation import Activation

# Small, large and in between, on both sides.
POINTS = (-8.0, -3.0, -1.6, -1.0, -0.5, -0.1, 0.1, 0.5, 1.0, 1.6, 3.0, 8.0)
# Libraries of elementary functions differ by a few units in the last place, about 1e-15.
TOLERANCE = 1e-9


class Change(NamedTuple):
    """A number for which an activation returns something else than before."""

    z: float
    before: float
    after: float


def values_of(activation: Activation) -> list[Any] | None:
    """Return what an activation computes for `POINTS`, as JSON: text for what is not finite. None if it raises."""
    z = np.array(POINTS).reshape(-1, 1)
    try:
        with np.errstate(all="ignore"):
            values = np.asarray(activation.forward(z, **activation.settings), np.float64).ravel().tolist()
    except Exception:
        # Saving a net must not depend on whether its activation takes a column of this length.
        return None
    if len(values) != len(POINTS):
        return None
    return [float(f"{value:.12g}") if math.isfinite(value) else str(value) for value in values]


def are_values(values: object) -> bool:
    """Return whether something from a file is a list as `values_of` returns it."""
    return (
        isinstance(values, list)
        and len(values) == len(POINTS)
        and all(type(value) is float or value in ("nan", "inf", "-inf") for value in values)
    )


def first_change(saved: list[Any], now: list[Any]) -> Change | None:
    """Return the first of `POINTS` where two lists of `values_of` differ; None if there is none."""
    before, after = (np.array([float(value) for value in values]) for values in (saved, now))
    changed = ~np.isclose(after, before, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
    if not changed.any():
        return None
    i = int(np.argmax(changed))
    return Change(POINTS[i], float(before[i]), float(after[i]))
