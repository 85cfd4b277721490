"""NNRegressor: a net that predicts numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin

from nnframe import Array, Loss, registry
from nnframe_sklearn.base import NNBase
from nnframe_sklearn.distributions import DistributionMixin
from nnframe_sklearn.scaling import Scaling

# By what a loss takes, other than any number.
OUTPUT_ACTIVATIONS = {"positive": "exp", "nonnegative": "exp", "probability": "sigmoid", "distribution": "softmax"}


class NNRegressor(RegressorMixin, DistributionMixin, NNBase):  # type: ignore[misc]
    """A neural network that predicts one number a sample, or several.

    Parameters
    ----------
    loss : str or Loss
        ``"auto"``: the squared error. Others are ``"huber"`` or ``"half_poisson"``; with several outputs for each
        target, ``"quantile(levels=(0.1, 0.5, 0.9), crossing=False)"``, ``"gaussian_nll"`` or
        ``"mixture_nll(components=3)"``.
    output_activation : str, Activation or None
        ``"auto"``: none, or exp or sigmoid where the loss takes only positive numbers or probabilities.
    scale : "standard" or None
        Whether each input is scaled to mean 0 and standard deviation 1, and so are targets if loss and net take any
        numbers; predictions are scaled back.
    layers, activation, optimizer, schedule, layer_rates, engine, dropout, l1, l2, clip_value, clip_norm, batch_size, \
epochs, shuffle, early_stopping, validation_fraction, patience, tol, metrics, callbacks, warm_start, random_state, \
verbose
        As in `NNClassifier`.

    Attributes
    ----------
    net_ : nnframe.nNet
    history_ : nnframe.History
        Its losses are those of scaled targets.
    n_iter_ : int
    loss_curve_, validation_loss_curve_ : list of float

    Examples
    --------
    >>> import numpy as np
    >>> X = np.linspace(-1, 1, 100)[:, None]
    >>> bool(NNRegressor(random_state=0).fit(X, X[:, 0] ** 2).score(X, X[:, 0] ** 2) > 0.9)
    True
    """

    _y_is_numeric = True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, X_val: Any = None, y_val: Any = None) -> NNRegressor:
        """Train a net.

        Parameters
        ----------
        X : array, sparse matrix or data frame, shape (n_samples, n_features)
        y : array_like, shape (n_samples,) or (n_samples, n_outputs)
        sample_weight, X_val, y_val
            As in `NNClassifier.fit`.

        Raises
        ------
        ValueError, TypeError, nnframe.NNFrameError
            If an argument can't be used, or training diverges.
        """
        self._fit(X, y, sample_weight, X_val, y_val)
        return self

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> NNRegressor:
        """Train on some more rows, in one pass and in their order; the optimizer's state is kept from call to call.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`. Schedules and early stopping are for `fit`.
        """
        self._partial_fit(X, y, sample_weight)
        return self

    def prediction_interval(self, X: Any, coverage: float = 0.9) -> tuple[Array, Array]:
        """Return the lower and the upper ends of intervals that hold the given share of targets.

        They are the predictions plus and minus an error that this share of the held-out rows doesn't exceed (split
        conformal prediction). For new rows of the same kind, the share is at least `coverage` on average, whatever the
        net has learned. That early stopping watches the same rows makes it a little less.

        Parameters
        ----------
        X : array, sparse matrix or data frame, shape (n_samples, n_features)
        coverage : float, optional
            Between 0 and 1.

        Returns
        -------
        lower, upper : ndarray
            Of the shape of `predict`. Infinite if there were too few held-out rows for the coverage.

        Raises
        ------
        ValueError
            If no rows were held out in `fit`, or coverage is not between 0 and 1.

        References
        ----------
        J. Lei et al., "Distribution-free predictive inference for regression", JASA 113 (2018), algorithm 2.

        Examples
        --------
        >>> import numpy as np
        >>> X = np.random.default_rng(0).normal(size=(500, 1))
        >>> net = NNRegressor(early_stopping=True, random_state=0).fit(X, X[:, 0])
        >>> lower, upper = net.prediction_interval(X[:3])
        >>> bool((lower < upper).all())
        True
        """
        predicted = self.predict(X)
        if not 0 < coverage < 1:
            raise ValueError(f"coverage is {coverage}; expected a share between 0 and 1, such as 0.9")
        if self._errors is None:
            raise ValueError(
                "no rows were held out in fit; expected NNRegressor(early_stopping=True), or X_val and y_val in fit"
            )
        count = len(self._errors)
        rank = math.ceil((count + 1) * coverage)
        margin: Any = np.full(self._n_outputs, np.inf) if rank > count else self._errors[rank - 1]
        margin = margin[0] if self._is_flat else margin
        return predicted - margin, predicted + margin

    # y

    # Of held-out rows, by size, shape (N, n_outputs).
    _errors: Array | None = None

    def _learn_errors(self, X_val: Any, y_val: Any) -> None:
        self._errors = None
        if X_val is not None:
            predicted = self._points(self._outputs_of(X_val))
            self._errors = np.sort(np.abs(np.asarray(y_val).reshape(predicted.shape) - predicted), axis=0)

    def _learn_targets(self, y: Any) -> None:
        self._is_flat = y.ndim == 1
        self._n_outputs = 1 if y.ndim == 1 else y.shape[1]

    def _shaped(self, columns: Array) -> Array:
        return columns[:, 0] if self._is_flat else columns

    def _require_known(self, y: Any) -> None:
        if not hasattr(self, "net_"):
            self._learn_targets(y)
        n_outputs = 1 if y.ndim == 1 else y.shape[1]
        if n_outputs != self._n_outputs:
            raise ValueError(f"y has shape {y.shape}; expected (n_samples, {self._n_outputs})")

    def _objective(self) -> tuple[Any, Any]:
        loss = self._resolved_loss()
        if not (isinstance(self.output_activation, str) and self.output_activation == "auto"):
            return loss, self.output_activation
        return loss, OUTPUT_ACTIVATIONS.get(loss.a_domain)

    def _resolved_loss(self) -> Loss:
        return registry.resolve(Loss, "mse" if isinstance(self.loss, str) and self.loss == "auto" else self.loss)

    def _learn_target_scale(self, y: Any, sample_weight: Array | None) -> None:
        loss, last = self._objective()
        if self.scale is None or last is not None or loss.y_domain != "real":
            return
        if self._target_scaling is None:
            self._target_scaling = Scaling()
        self._target_scaling.learn(y.reshape(len(y), -1), sample_weight)

    def _targets(self, y: Any, dtype: Any) -> Array:
        columns = np.asarray(y).reshape(len(y), -1)
        if self._target_scaling is not None:
            return self._target_scaling.apply(columns, dtype)
        return columns.astype(dtype)
