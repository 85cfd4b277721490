"""The rows of X and y that NNClassifier and NNRegressor train with: checked, weighed, held out and scaled."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from sklearn.utils.validation import _check_sample_weight, validate_data

from nnframe import Array
from nnframe_sklearn.dense_rows import dense_rows
from nnframe_sklearn.estimator import FLOATS, NetEstimator
from nnframe_sklearn.hold_out import hold_out


class Rows(NamedTuple):
    """Checked rows, their targets for the net, and their weights."""

    X: Any
    Y: Array
    weights: Array | None

    def take(self, index: Array) -> Rows:
        """Return some of them."""
        return Rows(self.X[index], self.Y[index], None if self.weights is None else self.weights[index])


class CheckedRows(NetEstimator):
    """Makes rows for a net of what a user passes to fit."""

    scale: str | None
    early_stopping: bool
    validation_fraction: float

    # What the two have to say about y.

    _y_is_numeric = False

    def _require_known(self, y: Any) -> None:
        """Raise unless y is what was learned."""
        raise NotImplementedError

    def _targets(self, y: Any, dtype: Any) -> Array:
        """Return y as targets of the net, shape (N, n_outputs)."""
        raise NotImplementedError

    def _class_weights(self, y: Any, sample_weight: Array | None) -> Array | None:
        """Return the factor of each sample for its class."""
        return None

    def _strata(self, y: Any) -> Any:
        """Return what to hold out in equal shares, or None."""
        return None

    # Checks

    def _checked(self, X: Any, y: Any, reset: bool) -> tuple[Any, Any]:
        X, y = validate_data(
            self, X, y, reset=reset, accept_sparse="csr", dtype=FLOATS, multi_output=True, y_numeric=self._y_is_numeric
        )
        return X, y

    def _check_scale(self) -> None:
        if self.scale not in ("standard", None):
            raise ValueError(f"scale is {self.scale!r}; expected 'standard' or None")

    def _weights(self, X: Any, y: Any, sample_weight: Any) -> Array | None:
        """Return the weight of each row, whose mean is 1; None if all count the same."""
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
            if not sample_weight.any():
                raise ValueError("sample_weight is 0 for every sample; expected at least one above 0")
        factors = self._class_weights(y, sample_weight)
        if factors is None and sample_weight is None:
            return None
        weights = np.ones(X.shape[0])
        for each in (factors, sample_weight):
            if each is not None:
                weights *= each
        if not weights.any():
            raise ValueError("class_weight and sample_weight are 0 for every sample; expected at least one above 0")
        scaled: Array = weights * (np.count_nonzero(weights) / weights.sum())
        return scaled

    def _validation(
        self, X: Any, y: Any, weights: Array | None, X_val: Any, y_val: Any, seed: int
    ) -> tuple[Any, Any, Array | None, Any, Any]:
        if (X_val is None) != (y_val is None):
            raise ValueError("one of X_val and y_val is missing; expected both or none")
        if X_val is not None:
            X_val, y_val = self._checked(X_val, y_val, reset=False)
            self._require_known(y_val)
            return X, y, weights, X_val, y_val
        if not self.early_stopping:
            return X, y, weights, None, None
        train, held_out = hold_out(X.shape[0], self.validation_fraction, seed, self._strata(y))
        return X[train], y[train], None if weights is None else weights[train], X[held_out], y[held_out]

    def _rows(self, X: Any, y: Any, weights: Array | None) -> Rows:
        dtype = self.net_.dtype
        rows = dense_rows(X, dtype, partial(self._scaled, dtype=dtype)) if sp.issparse(X) else self._scaled(X, dtype)
        return Rows(rows, self._targets(y, dtype), weights)
