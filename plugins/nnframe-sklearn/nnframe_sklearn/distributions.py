"""What a regressor reads from its outputs: the prediction, quantiles, and mean and scale, in the units of y."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnframe import Array, Loss
from nnframe.registry.answers import distribution_of, point_of, quantiles_of
from nnframe_sklearn.estimator import NetEstimator
from nnframe_sklearn.scaling import Scaling


class DistributionMixin(NetEstimator):
    """Predictions of a regressor whose loss may have several outputs for each target."""

    loss: Any
    _target_scaling: Scaling | None = None

    def _resolved_loss(self) -> Loss:
        """Return the loss."""
        raise NotImplementedError

    def _shaped(self, columns: Array) -> Array:
        """Return numbers of shape (N, n_targets) in the shape of the y of `fit`."""
        raise NotImplementedError

    def predict(self, X: Any) -> Array:
        """Return the predictions, in the shape of the y of `fit`.

        Of a loss with several outputs for each target, such as ``"gaussian_nll"``, that is its point: the mean or the
        median.
        """
        return self._shaped(self._points(self._outputs(X)))

    def predict_quantiles(self, X: Any, levels: Any = (0.1, 0.5, 0.9)) -> Array:
        """Return quantiles of the targets, learned with a loss that has them.

        Parameters
        ----------
        X : array, sparse matrix or data frame, shape (n_samples, n_features)
        levels : array_like, shape (n_levels,), optional
            Above 0 and below 1. With the loss ``"quantile(levels=(...))"``, between its lowest and highest level.

        Returns
        -------
        ndarray, shape (n_samples, n_levels) or (n_samples, n_outputs, n_levels)

        Raises
        ------
        nnframe.ArgumentError
            If the loss has no quantiles, or not of these levels.

        Examples
        --------
        >>> import numpy as np
        >>> from nnframe_sklearn import NNRegressor
        >>> X = np.random.default_rng(0).normal(size=(500, 1))
        >>> net = NNRegressor(loss="quantile(levels=(0.1, 0.5, 0.9), crossing=False)", random_state=0)
        >>> net.fit(X, X[:, 0]).predict_quantiles(X[:3], [0.1, 0.9]).shape
        (3, 2)
        """
        found = quantiles_of(self._resolved_loss(), self._outputs(X).T, levels)
        # One level after the other, each (n_targets, N).
        in_units = [self._shaped(self._in_units(each.T)) for each in found]
        stacked: Array = np.stack(in_units, axis=-1)
        return stacked

    def predict_dist(self, X: Any) -> tuple[Array, Array]:
        """Return the mean and the standard deviation of the targets, learned with a loss that has them.

        Parameters
        ----------
        X : array, sparse matrix or data frame, shape (n_samples, n_features)

        Returns
        -------
        mean, scale : ndarray
            In the shape of the y of `fit`.

        Raises
        ------
        nnframe.ArgumentError
            If the loss has no mean and scale; ``"gaussian_nll"`` and ``"mixture_nll"`` have.

        Examples
        --------
        >>> import numpy as np
        >>> from nnframe_sklearn import NNRegressor
        >>> X = np.random.default_rng(0).normal(size=(500, 1))
        >>> mean, scale = NNRegressor(loss="gaussian_nll", random_state=0).fit(X, X[:, 0]).predict_dist(X[:3])
        >>> mean.shape, scale.shape
        ((3,), (3,))
        """
        mean, scale = distribution_of(self._resolved_loss(), self._outputs(X).T)
        widths = scale.T if self._target_scaling is None else self._target_scaling.undo_differences(scale.T)
        return self._shaped(self._in_units(mean.T)), self._shaped(widths)

    def _points(self, outputs: Array) -> Array:
        """Return the predictions for outputs of the net, both as rows."""
        return self._in_units(point_of(self._resolved_loss(), outputs.T).T)

    def _in_units(self, rows: Array) -> Array:
        return rows if self._target_scaling is None else self._target_scaling.undo(rows)
