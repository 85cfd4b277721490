"""Columns with mean 0 and standard deviation 1, learned at once or while data arrives.

scikit-learn's StandardScaler learns the same numbers, but takes as long for a few hundred rows as an epoch of a small
net.

Source: T. Chan, G. Golub and R. LeVeque, "Algorithms for computing the sample variance: analysis and recommendations",
The American Statistician 37 (1983) 242-247, equations 1.5 and 1.7.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils.sparsefuncs import mean_variance_axis

from nnframe import Array

NUMBERS = ("mean", "variance", "weight")


class Scaling:
    """(column - mean) / standard deviation; of sparse columns, column / standard deviation.

    Parameters
    ----------
    keeps_zeros : bool
        Whether the mean is not subtracted, so that sparse rows stay sparse.

    Attributes
    ----------
    mean : ndarray of float64, shape (n_columns,), or None
        What is subtracted, if anything is.
    scale : ndarray of float64, shape (n_columns,)
        What is divided by; 1 for a column that is constant but for rounding, or too large to be squared.
    """

    def __init__(self, keeps_zeros: bool = False) -> None:
        self._keeps_zeros = keeps_zeros
        # Of all rows so far, and the sum of their weights, or their number.
        self._mean, self._variance, self._weight = np.zeros(1), np.zeros(1), 0.0

    @property
    def numbers(self) -> dict[str, Any]:
        """All that was learned, as arrays and numbers that `of` takes."""
        learned = dict(zip(NUMBERS, (self._mean, self._variance, self._weight), strict=True))
        return {"keeps_zeros": self._keeps_zeros} | learned

    @classmethod
    def of(cls, numbers: dict[str, Any]) -> Scaling:
        """Return the scaling that had these `numbers`."""
        made = cls(bool(numbers["keeps_zeros"]))
        mean, variance, weight = (numbers[name] for name in NUMBERS)
        made._mean, made._variance, made._weight = np.asarray(mean), np.asarray(variance), float(weight)
        made._set_scale()
        return made

    def learn(self, rows: Any, sample_weight: Array | None = None) -> None:
        """Take rows of shape (N, n_columns) into account, besides those before."""
        weight = float(rows.shape[0] if sample_weight is None else sample_weight.sum())
        total = self._weight + weight
        # Squares of huge numbers overflow; those columns are not scaled.
        with np.errstate(over="ignore", invalid="ignore"):
            mean, variance = _moments(rows, sample_weight)
            share = weight / total
            shift = mean - self._mean
            self._mean = self._mean + share * shift
            self._variance = (1 - share) * self._variance + share * variance + share * (1 - share) * shift**2
        self._weight = total
        self._set_scale()

    def _set_scale(self) -> None:
        self.mean: Array | None = None if self._keeps_zeros else self._mean
        with np.errstate(over="ignore", invalid="ignore"):
            eps = np.finfo(np.float64).eps
            # What rounding may leave of the variance of a constant.
            most = self._weight * eps * self._variance + (self._weight * self._mean * eps) ** 2
            scale = np.sqrt(self._variance)
            scale[~np.isfinite(scale) | (self._variance <= most)] = 1
        self.scale: Array = scale

    def apply(self, rows: Any, dtype: Any) -> Array:
        """Return scaled rows as a dense array of a dtype."""
        if sp.issparse(rows):
            dense: Array = rows.toarray().astype(dtype, copy=False)
            if self.mean is not None:
                dense = dense - self.mean.astype(dtype)
            dense /= self.scale.astype(dtype)
            return dense
        # In the wider of the two, since a column may be far from 0 for its spread.
        shifted = rows if self.mean is None else rows - self.mean
        dense = shifted / self.scale
        return dense.astype(dtype, copy=False)

    def undo(self, rows: Array) -> Array:
        """Return what was scaled to these rows, in their dtype."""
        shift = 0 if self.mean is None else self.mean
        plain: Array = (rows * self.scale + shift).astype(rows.dtype)
        return plain

    def undo_differences(self, rows: Array) -> Array:
        """Return differences, such as standard deviations, of what was scaled to these rows."""
        plain: Array = (rows * self.scale).astype(rows.dtype)
        return plain


def _moments(rows: Any, sample_weight: Array | None) -> tuple[Array, Array]:
    """Return the mean and the variance of each column in float64."""
    if sp.issparse(rows):
        weights = None if sample_weight is None else sample_weight.astype(rows.dtype)
        mean, variance = mean_variance_axis(rows, axis=0, weights=weights)
        return mean.astype(np.float64), variance.astype(np.float64)
    # What rounding of the mean adds to the squares is taken off.
    if sample_weight is None:
        mean = rows.mean(axis=0, dtype=np.float64)
        distances = rows - mean
        return mean, np.einsum("ij,ij->j", distances, distances) / len(rows) - distances.mean(axis=0) ** 2
    weight = sample_weight.sum()
    mean = sample_weight @ rows / weight
    distances = rows - mean
    return mean, sample_weight @ distances**2 / weight - (sample_weight @ distances / weight) ** 2
