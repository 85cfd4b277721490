"""Columns with mean 0 and standard deviation 1, learned at once or while data arrives."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.preprocessing import StandardScaler

from nnframe import Array


class Scaling:
    """(column - mean) / standard deviation; of sparse columns, column / standard deviation.

    Parameters
    ----------
    keeps_zeros : bool
        Whether the mean is not subtracted, so that sparse rows stay sparse.
    """

    def __init__(self, keeps_zeros: bool = False) -> None:
        self._scaler = StandardScaler(with_mean=not keeps_zeros)

    @property
    def numbers(self) -> dict[str, Any]:
        """All that was learned, as arrays and numbers that `of` takes."""
        names = ("mean_", "scale_", "var_", "n_samples_seen_")
        return {"keeps_zeros": not self._scaler.with_mean} | {name: getattr(self._scaler, name) for name in names}

    @classmethod
    def of(cls, numbers: dict[str, Any]) -> Scaling:
        """Return the scaling that had these `numbers`."""
        made = cls(bool(numbers["keeps_zeros"]))
        for name in ("mean_", "scale_", "var_", "n_samples_seen_"):
            value = numbers[name]
            # scikit-learn wants numpy's numbers.
            setattr(made._scaler, name, None if value is None else np.asarray(value)[()])
        return made

    @property
    def mean(self) -> Array | None:
        """What is subtracted, shape (n_columns,); None for sparse columns."""
        mean: Array | None = self._scaler.mean_ if self._scaler.with_mean else None
        return mean

    @property
    def scale(self) -> Array:
        """What is divided by, shape (n_columns,)."""
        scale: Array = self._scaler.scale_
        return scale

    def learn(self, rows: Any, sample_weight: Array | None = None) -> None:
        """Take rows of shape (N, n_columns) into account, besides those before."""
        # Squares of huge numbers overflow; those columns are not scaled.
        with np.errstate(over="ignore", invalid="ignore"):
            self._scaler.partial_fit(rows, sample_weight=sample_weight)
        scale = self._scaler.scale_
        scale[~np.isfinite(scale)] = 1

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
