"""Domains: which numbers an activation returns, and which a loss takes as activations and as targets.

==================  ======================================================================
real                any number
nonnegative         0 or more
positive            above 0
probability         each component on its own from 0 to 1
distribution        each component from 0 to 1, and the components of a column sum to 1
log_distribution    logarithms of a distribution, as log_softmax returns them
sign                -1 or 1
==================  ======================================================================
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import ArgumentError, shown

Domain: TypeAlias = Literal[
    "real", "nonnegative", "positive", "probability", "distribution", "log_distribution", "sign"
]  # fmt: skip

DESCRIPTIONS: dict[Domain, str] = {
    "real": "any numbers",
    "nonnegative": "numbers of 0 or more",
    "positive": "numbers above 0",
    "probability": "numbers from 0 to 1",
    "distribution": "probabilities that sum to 1 in each column",
    "log_distribution": "logarithms of probabilities that sum to 1",
    "sign": "-1 or 1",
}
# The domains within each domain, besides itself.
_WITHIN: dict[Domain, tuple[Domain, ...]] = {
    "real": get_args(Domain),
    "nonnegative": ("positive", "probability", "distribution"),
    "probability": ("distribution",),
}
# Wide enough for soft labels that are written with two or three digits.
SUM_TOLERANCE = 1e-2


def checked_domain(owner: str, name: str, domain: object) -> None:
    """Raise if a value is not the name of a domain.

    Raises
    ------
    ArgumentError
    """
    if not isinstance(domain, str) or domain not in get_args(Domain):
        expected = ", ".join(map(repr, get_args(Domain)))
        raise ArgumentError(f"{name} of {owner} is {shown(domain)}; expected one of {expected}")


def includes(taken: Domain, given: Domain) -> bool:
    """Return whether one domain includes another."""
    return given == taken or given in _WITHIN.get(taken, ())


def violation(domain: Domain, columns: Array, tolerance: float = 0.0) -> str | None:
    """Return the first number that is not in a domain, with its column, as text; None if all are.

    Parameters
    ----------
    domain : str
    columns : ndarray, shape (n, B)
    tolerance : float, optional
        How far numbers may be off, for those that were rounded.
    """
    tests = {
        "nonnegative": columns < -tolerance,
        "positive": columns < 0 if tolerance else columns <= 0,
        "probability": (columns < -tolerance) | (columns > 1 + tolerance),
        "distribution": (columns < -tolerance) | (columns > 1 + tolerance),
        "log_distribution": columns > tolerance,
        "sign": np.abs(columns) != 1,
    }
    outside = tests.get(domain)
    if outside is not None and outside.any():
        row, column = (int(i) for i in np.argwhere(outside)[0])
        return f"{columns[row, column]:g} in column {column}"
    if domain in ("distribution", "log_distribution"):
        sums = (np.exp(columns) if domain == "log_distribution" else columns).sum(axis=0)
        off = np.abs(sums - 1) > max(tolerance, SUM_TOLERANCE)
        if off.any():
            column = int(np.argmax(off))
            return f"a column that sums to {sums[column]:g}: column {column}"
    return None


def sample(domain: Domain, shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Return random columns of a domain, not at its edges.

    Parameters
    ----------
    domain : str
    shape : (int, int)
        Components and columns.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float64
    """
    n, count = shape
    if domain in ("distribution", "log_distribution"):
        shares: Array = np.ascontiguousarray(rng.dirichlet(np.full(n, 2.0), size=count).T).clip(1e-3, None)
        return np.log(shares / shares.sum(axis=0)) if domain == "log_distribution" else shares
    numbers: Array = rng.normal(size=shape)
    if domain == "probability":
        return 1 / (1 + np.exp(-numbers))
    if domain == "sign":
        return np.where(numbers < 0, -1.0, 1.0)
    return np.exp(numbers) if domain in ("positive", "nonnegative") else numbers
