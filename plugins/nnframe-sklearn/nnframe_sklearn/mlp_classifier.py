"""MLPClassifier: scikit-learn's, open to other activations, losses and optimizers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call, unique_labels
from sklearn.utils.validation import column_or_1d

from nnframe import Array, Loss, registry
from nnframe_sklearn.labels import DISTRIBUTIONS, HasClasses, Labels
from nnframe_sklearn.log_losses import binary_log_loss, log_loss
from nnframe_sklearn.mlp import MLPBase


def _takes_parts(estimator: MLPBase) -> bool:
    return not (isinstance(estimator.solver, str) and estimator.solver == "lbfgs")


class MLPClassifier(HasClasses, ClassifierMixin, MLPBase):  # type: ignore[misc]
    """scikit-learn's MLPClassifier: the same arguments, attributes and, but for rounding, the same weights.

    Where scikit-learn has a list of names, any plugin of nnframe may be named too.

    Parameters
    ----------
    activation : str or Activation
        ``"identity"``, ``"logistic"``, ``"tanh"``, ``"relu"``, or any other activation.
    solver : str or Optimizer
        ``"sgd"``, ``"adam"``, ``"lbfgs"``, or any other optimizer, whose learning rate is `learning_rate_init` if it
        names none.
    learning_rate : str or Schedule
        ``"constant"``, ``"invscaling"``, ``"adaptive"``, or any schedule.
    loss : str or Loss
        ``"log_loss"``, or any other loss of probabilities.
    hidden_layer_sizes, alpha, batch_size, learning_rate_init, power_t, max_iter, shuffle, random_state, tol, verbose, \
warm_start, momentum, nesterovs_momentum, early_stopping, validation_fraction, beta_1, beta_2, epsilon, \
n_iter_no_change, max_fun
        As in `sklearn.neural_network.MLPClassifier`.

    Attributes
    ----------
    classes_, loss_, best_loss_, loss_curve_, validation_scores_, best_validation_score_, t_, coefs_, intercepts_, \
n_features_in_, feature_names_in_, n_iter_, n_layers_, n_outputs_, out_activation_
        As in `sklearn.neural_network.MLPClassifier`.
    net_ : nnframe.nNet

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> MLPClassifier(solver="lbfgs", max_iter=1000, random_state=0).fit(X, y).predict(X[:2])
    array([0, 0])
    """

    def __init__(
        self,
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
        loss: Any = "log_loss",
    ) -> None:
        arguments = dict(locals())
        for name in ("self", "__class__"):
            arguments.pop(name, None)
        super().__init__(**arguments)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPClassifier:
        """Train the net.

        Parameters
        ----------
        X : array, sparse matrix or data frame, shape (n_samples, n_features)
        y : array_like of shape (n_samples,), or of 0 and 1 of shape (n_samples, n_labels)
        sample_weight : array_like, shape (n_samples,), optional

        Raises
        ------
        ValueError, TypeError, nnframe.NNFrameError
            If an argument can't be used, or training diverges.

        Warns
        -----
        ConvergenceWarning
            If training still made progress after `max_iter` epochs.
        """
        self._fit(X, y, sample_weight, incremental=False)
        return self

    @available_if(_takes_parts)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> MLPClassifier:
        """Train for one pass over some rows.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        classes : array_like, optional
            All labels; needed in the first call.
        """
        if _check_partial_fit_first_call(_Known(self), classes):
            self._labels = Labels(np.unique(classes), getattr(y, "ndim", 1) == 2 and y.shape[1] > 1)
        self._fit(X, y, sample_weight, incremental=True)
        return self

    def predict(self, X: Any) -> Array:
        """Return the most probable label of each row; of several labels, 1 for those above one half."""
        return self._labels_of(self._outputs(X))

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, shape (n_samples, n_classes)."""
        outputs = self._outputs(X)
        return self._labels.probabilities(outputs)

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of `predict_proba`."""
        with np.errstate(divide="ignore"):
            logarithms: Array = np.log(self.predict_proba(X))
        return logarithms

    # y

    def _labels_of(self, outputs: Array) -> Array:
        return self._labels.decided(outputs, 0.5)

    def _checked_targets(self, y: Any, dtype: Any, incremental: bool) -> Array:
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if "_labels" not in vars(self) or not (self.warm_start or incremental):
            self._labels = Labels.learn(y)
        elif not incremental:
            found = unique_labels(y)
            if set(found) != set(self.classes_):
                raise ValueError(
                    f"warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                    f"Previously got {self.classes_}, `y` has {found}"
                )
        return self._labels.targets(y, self._n_outputs(), dtype)

    def _objective(self) -> tuple[Any, str]:
        apart = self._labels.is_multilabel or self._n_outputs() == 1
        loss = self.loss
        if isinstance(loss, str) and loss == "log_loss":
            loss = binary_log_loss if apart else log_loss
        return loss, "logistic" if apart else "softmax"

    def _n_outputs(self) -> int:
        loss = "bce" if isinstance(self.loss, str) and self.loss == "log_loss" else self.loss
        return self._labels.n_outputs(2 if registry.resolve(Loss, loss).a_domain in DISTRIBUTIONS else 1)

    def _strata(self, Y: Array) -> Any:
        if self._labels.is_multilabel:
            return None
        return Y.astype(bool) if Y.shape[1] == 1 else Y.argmax(axis=1)

    def _score_of(self, outputs: Array, Y: Array, sample_weight: Array | None) -> float:
        predicted, labels = self._labels_of(outputs), self._labels_of(Y)
        return float(accuracy_score(labels, predicted, sample_weight=sample_weight))


class _Known:
    """The classes of an estimator, where scikit-learn's check may set them."""

    def __init__(self, estimator: MLPClassifier) -> None:
        if hasattr(estimator, "classes_"):
            self.classes_ = estimator.classes_
