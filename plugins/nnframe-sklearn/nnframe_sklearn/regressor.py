"""NNRegressor: a net that predicts numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin

from nnframe import Array, Loss, registry
from nnframe_sklearn.base import NNBase
from nnframe_sklearn.scaling import Scaling

# By what a loss takes, other than any number.
OUTPUT_ACTIVATIONS = {"positive": "exp", "nonnegative": "exp", "probability": "sigmoid", "distribution": "softmax"}


class NNRegressor(RegressorMixin, NNBase):  # type: ignore[misc]
    """A neural network that predicts one number a sample, or several.

    Parameters
    ----------
    loss : str or Loss
        ``"auto"``: the squared error. Others are ``"huber"``, ``"quantile(q=0.9)"`` or ``"half_poisson"``.
    output_activation : str, Activation or None
        ``"auto"``: none, or exp or sigmoid where the loss takes only positive numbers or probabilities.
    scale : "standard" or None
        Whether each input is scaled to mean 0 and standard deviation 1, and so are targets if loss and net take any
        numbers; predictions are scaled back.
    layers, activation, optimizer, schedule, engine, dropout, l1, l2, clip_value, clip_norm, batch_size, epochs, \
shuffle, early_stopping, validation_fraction, patience, tol, metrics, callbacks, warm_start, random_state, verbose
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

    def predict(self, X: Any) -> Array:
        """Return the predictions, in the shape of the y of `fit`."""
        outputs = self._outputs(X)
        if self._target_scaling is not None:
            outputs = self._target_scaling.undo(outputs)
        return outputs[:, 0] if self._is_flat else outputs

    # y

    def _learn_targets(self, y: Any) -> None:
        self._is_flat = y.ndim == 1
        self._n_outputs = 1 if y.ndim == 1 else y.shape[1]

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
