"""MLPRegressor: scikit-learn's, open to other activations, losses and optimizers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import column_or_1d

from nnframe import Array, Loss, registry
from nnframe_sklearn.distributions import DistributionMixin
from nnframe_sklearn.mlp import MLPBase
from nnframe_sklearn.mlp_classifier import _takes_parts

# What scikit-learn calls them, what they are here, and the last activation.
LOSSES = {"squared_error": ("half_squared_error", "identity"), "poisson": ("half_poisson", "exp")}


class MLPRegressor(RegressorMixin, DistributionMixin, MLPBase):  # type: ignore[misc]
    """scikit-learn's MLPRegressor: the same arguments, attributes and, but for rounding, the same weights.

    Parameters
    ----------
    loss : str or Loss
        ``"squared_error"``, ``"poisson"``, or any other loss; the last layer is then linear. With several outputs for
        each target, such as ``"quantile(levels=(0.1, 0.9))"``, the last layer has as many times `n_outputs_`.
    activation, solver, learning_rate
        As in `MLPClassifier`.
    hidden_layer_sizes, alpha, batch_size, learning_rate_init, power_t, max_iter, shuffle, random_state, tol, verbose, \
warm_start, momentum, nesterovs_momentum, early_stopping, validation_fraction, beta_1, beta_2, epsilon, \
n_iter_no_change, max_fun
        As in `sklearn.neural_network.MLPRegressor`.

    Attributes
    ----------
    loss_, best_loss_, loss_curve_, validation_scores_, best_validation_score_, t_, coefs_, intercepts_, \
n_features_in_, feature_names_in_, n_iter_, n_layers_, n_outputs_, out_activation_
        As in `sklearn.neural_network.MLPRegressor`.
    net_ : nnframe.nNet

    Examples
    --------
    >>> import numpy as np
    >>> X = np.linspace(-1, 1, 100)[:, None]
    >>> MLPRegressor(loss="half_squared_error", solver="lbfgs", random_state=0).fit(X, X[:, 0] ** 2).predict(X).shape
    (100,)
    """

    _y_is_numeric = True

    def __init__(
        self,
        loss: Any = "squared_error",
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: Any = "relu",
        *,
        solver: Any = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
    ) -> None:
        arguments = dict(locals())
        for name in ("self", "__class__"):
            arguments.pop(name, None)
        super().__init__(**arguments)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPRegressor:
        """Train the net; takes, raises and warns as `MLPClassifier.fit`, with numbers as y.

        Parameters
        ----------
        X : array, sparse matrix or data frame, shape (n_samples, n_features)
        y : array_like, shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array_like, shape (n_samples,), optional
        """
        self._fit(X, y, sample_weight, incremental=False)
        return self

    @available_if(_takes_parts)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPRegressor:
        """Train for one pass over some rows; arguments as in `fit`."""
        self._fit(X, y, sample_weight, incremental=True)
        return self

    # y

    def _checked_targets(self, y: Any, dtype: Any, incremental: bool) -> Array:
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        Y: Array = np.asarray(y).reshape(len(y), -1).astype(dtype)
        if hasattr(self, "coefs_") and (self.warm_start or incremental) and Y.shape[1] != self.n_outputs_:
            raise ValueError(f"y has shape {y.shape}; expected {self.n_outputs_} outputs, as in the call before")
        return Y

    def _objective(self) -> tuple[Any, str]:
        if isinstance(self.loss, str) and self.loss in LOSSES:
            return LOSSES[self.loss]
        return self.loss, "identity"

    def _resolved_loss(self) -> Loss:
        return registry.resolve(Loss, self._objective()[0])

    def _outputs_per_target(self) -> int:
        return self._resolved_loss().n_outputs

    def _shaped(self, columns: Array) -> Array:
        return columns[:, 0] if columns.shape[1] == 1 else columns

    def _loss_divisor(self) -> int:
        # scikit-learn reports the mean over the outputs, and trains on the sum.
        return self.n_outputs_ if isinstance(self.loss, str) and self.loss == "squared_error" else 1

    def _score_of(self, outputs: Array, Y: Array, sample_weight: Array | None) -> float:
        return float(r2_score(Y, self._points(outputs), sample_weight=sample_weight))
