"""quantile: the pinball loss, whose minimum is at quantiles of the targets and not at their mean.

Each target has an output for each of the levels p, its quantile q_p. With e = y - q_p, the loss is the mean over the
levels and the targets of a column of

    max(p e, (p - 1) e)

With the one level 1/2 it is half of mae. The slope with respect to q_p is -p below y, 1 - p above, and half-way between
the two at y, over the numbers of levels and targets.

Quantiles that are learned apart from each other may cross. With crossing=False they can't: the first output is the
lowest quantile, and each quantile is the one below it plus softplus(output), where softplus(o) = log(1 + exp(o)).

The prediction is the median; between two levels, or where 1/2 is outside of them, the nearest that interpolation gives.
The net answers `predict_quantiles` for levels between the lowest and the highest.

Source: R. Koenker and G. Bassett, "Regression quantiles", Econometrica 46 (1978) 33-50.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from nnframe import ArgumentError, Loss, hookimpl
from nnframe_zoo._array import Array

# Of levels that went through float32.
TOLERANCE = 1e-6


def value(a: Array, y: Array, levels: tuple[float, ...], crossing: bool) -> Array:
    """Return the mean pinball loss of each column."""
    terms = []
    for level, quantile in zip(levels, _quantiles(a, crossing), strict=True):
        error = y - quantile
        terms.append(np.maximum(level * error, (level - 1) * error).mean(axis=0))
    mean: Array = sum(terms[1:], terms[0]) / len(levels)
    return mean


def _quantiles(a: Array, crossing: bool) -> list[Array]:
    """Return the quantile of each level."""
    if crossing:
        return list(a)
    found = [a[0]]
    for output in a[1:]:
        found.append(found[-1] + np.logaddexp(output, 0.0))
    return found


def quantiles(a: Array, wanted: Array, levels: tuple[float, ...], crossing: bool) -> Array:
    """Return quantiles, interpolated between those of the levels."""
    outside = [level for level in wanted.tolist() if not levels[0] - TOLERANCE <= level <= levels[-1] + TOLERANCE]
    if outside:
        raise ArgumentError(
            f"levels has {outside[0]:g}; expected numbers from {levels[0]:g} to {levels[-1]:g}, the levels of the loss "
            f"that the net was trained with"
        )
    known = _quantiles(a, crossing)
    return np.stack([_interpolated(known, place) for place in np.interp(wanted, levels, range(len(levels))).tolist()])


def point(a: Array, levels: tuple[float, ...], crossing: bool) -> Array:
    """Return the median, or what is nearest to it."""
    return _interpolated(_quantiles(a, crossing), float(np.interp(0.5, levels, range(len(levels)))))


def _interpolated(known: list[Array], place: float) -> Array:
    below = int(place)
    share = place - below
    # A level that was learned keeps its bits.
    return known[below] + share * (known[below + 1] - known[below]) if share else known[below]


def _n_levels(levels: tuple[float, ...], crossing: bool) -> int:
    if any(low >= high for low, high in pairwise(levels)):
        raise ArgumentError(f"quantile: parameter levels is {levels}; expected each number to be above the one before")
    return len(levels)


quantile = Loss(
    "quantile",
    value,
    params={"levels": (0.1, 0.5, 0.9), "crossing": True},
    limits={"levels": "(0, 1)"},
    outputs=_n_levels,
    point=point,
    quantiles=quantiles,
    doc=__doc__,
)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return quantile."""
    return [quantile]
