"""NNClassifier: a net that predicts classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import column_or_1d

from nnframe import Array, Loss, registry
from nnframe_sklearn.base import NNBase
from nnframe_sklearn.labels import DISTRIBUTIONS, HasClasses, Labels


def _resolved(loss: Any) -> Loss | None:
    return None if isinstance(loss, str) and loss == "auto" else registry.resolve(Loss, loss)


def _gives_probabilities(estimator: NNClassifier) -> bool:
    loss = _resolved(estimator.loss)
    return estimator.output_activation is not None and (loss is None or loss.y_domain != "sign")


def _gives_margins(estimator: NNClassifier) -> bool:
    return not _gives_probabilities(estimator)


class NNClassifier(HasClasses, ClassifierMixin, NNBase):  # type: ignore[misc]
    """A neural network that predicts classes, or several labels a sample.

    Parameters
    ----------
    layers : int or sequence of int
        The sizes of the hidden layers; an empty one for logistic regression.
    activation : str, Activation, or a list of one for each hidden layer
        Any installed or registered name, such as ``"gelu"`` or ``"leaky_relu(alpha=0.1)"``.
    output_activation : str, Activation or None
        ``"auto"``: softmax for three classes and more, sigmoid for two classes and for several labels, or what the loss
        needs.
    loss : str or Loss
        ``"auto"``: cross-entropy. A loss that takes -1 and 1, such as hinge, has `decision_function` instead of
        `predict_proba`.
    optimizer, schedule, engine, dropout, l1, clip_value, clip_norm, shuffle
        As in `nnframe.nNet.nEpochs`.
    layer_rates : sequence, optional
        Likewise, with an entry for each hidden layer and one for the last.
    l2 : float or "auto"
        Likewise. "auto" is 1 over the number of samples, each counted as often as its weight says, so that more data
        is fitted more closely; 0.0001 in `partial_fit`.
    batch_size : int or "auto"
        "auto" is 64, or the number of samples if there are fewer.
    epochs : int
        The largest number of passes over the data.
    early_stopping : bool
        Whether to hold out a share of the rows, the same of each class, and watch the loss over them instead of the
        training loss. Not needed with `X_val`.
    validation_fraction : float
    patience : int or None
        Training stops after so many epochs without a better loss, and the best weights are kept. None runs all epochs.
    tol : float
        A loss is better if it is lower by more than this.
    metrics, callbacks : sequence
        As in `nnframe.nNet.nEpochs`; `history_` has the values of the metrics.
    class_weight : dict of label to float, "balanced" or None
    scale : "standard" or None
        Whether each input is scaled to mean 0 and standard deviation 1; sparse ones to standard deviation 1.
    warm_start : bool
        Whether `fit` goes on with the weights of the last one.
    random_state : int, RandomState or None
    verbose : bool
        Whether to show a line for each epoch.

    Attributes
    ----------
    classes_ : ndarray
    net_ : nnframe.nNet
    history_ : nnframe.History
    n_iter_ : int
        The number of epochs.
    loss_curve_, validation_loss_curve_ : list of float

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> NNClassifier(activation="tanh", random_state=0).fit(X, y).predict(X[:2])
    array([0, 0])
    """

    def __init__(
        self,
        layers: int | Sequence[int] = (100,),
        *,
        activation: Any = "relu",
        output_activation: Any = "auto",
        loss: Any = "auto",
        optimizer: Any = "adam(learning_rate=0.003)",
        schedule: Any = None,
        layer_rates: Sequence[Any] | None = None,
        engine: Any = None,
        dropout: float | Sequence[float] = 0.0,
        l1: float = 0.0,
        l2: float | str = "auto",
        clip_value: float | None = None,
        clip_norm: float | None = None,
        batch_size: int | str = "auto",
        epochs: int = 100,
        shuffle: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        patience: int | None = 5,
        tol: float = 1e-3,
        metrics: Sequence[Any] = (),
        callbacks: Sequence[Any] = (),
        class_weight: Any = None,
        scale: str | None = "standard",
        warm_start: bool = False,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        arguments = dict(locals())
        for name in ("self", "class_weight", "__class__"):
            arguments.pop(name, None)
        super().__init__(**arguments)
        self.class_weight = class_weight

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, X_val: Any = None, y_val: Any = None) -> NNClassifier:
        """Train a net.

        Parameters
        ----------
        X : array, sparse matrix or data frame, shape (n_samples, n_features)
        y : array_like of shape (n_samples,), or of 0 and 1 of shape (n_samples, n_labels)
        sample_weight : array_like, shape (n_samples,), optional
            A weight of 2 is as good as the sample twice, where all rows are one batch.
        X_val, y_val : optional
            What to watch for early stopping.

        Raises
        ------
        ValueError, TypeError, nnframe.NNFrameError
            If an argument can't be used, or training diverges.
        """
        self._fit(X, y, sample_weight, X_val, y_val)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> NNClassifier:
        """Train on some more rows, in one pass and in their order; the optimizer's state is kept from call to call.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        classes : array_like, optional
            All labels; needed in the first call. Schedules and early stopping are for `fit`.
        """
        if not hasattr(self, "net_"):
            if classes is None:
                raise ValueError("classes is missing; expected all labels that will occur, in the first call")
            classes = np.unique(classes)
            is_multilabel = getattr(y, "ndim", 1) == 2 and y.shape[1] > 1
            self._labels = Labels(classes, is_multilabel)
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"classes is {np.unique(classes)}; expected {self.classes_}, those of the first call")
        self._partial_fit(X, y, sample_weight)
        return self

    def predict(self, X: Any) -> Array:
        """Return the most probable label of each row; of several labels, 1 for those above one half."""
        outputs = self._outputs(X)
        return self._labels.decided(outputs, 0.5 if _gives_probabilities(self) else 0.0)

    @available_if(_gives_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, shape (n_samples, n_classes)."""
        outputs = self._outputs(X)
        loss = _resolved(self.loss)
        if loss is not None and loss.a_domain == "log_distribution":
            outputs = np.exp(outputs)
        return self._labels.probabilities(outputs)

    @available_if(_gives_probabilities)  # type: ignore[untyped-decorator]
    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of `predict_proba`."""
        with np.errstate(divide="ignore"):
            logarithms: Array = np.log(self.predict_proba(X))
        return logarithms

    @available_if(_gives_margins)  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> Array:
        """Return the outputs of the net; of two classes, shape (n_samples,), above 0 for the second."""
        outputs = self._outputs(X)
        return outputs[:, 0] if outputs.shape[1] == 1 and not self._labels.is_multilabel else outputs

    # y

    def _checked(self, X: Any, y: Any, reset: bool) -> tuple[Any, Any]:
        X, y = super()._checked(X, y, reset)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return X, y

    def _learn_targets(self, y: Any) -> None:
        self._labels = Labels.learn(y)

    def _require_known(self, y: Any) -> None:
        if not self._labels.is_multilabel:
            if y.ndim != 1:
                raise ValueError(f"y has shape {y.shape}; expected (n_samples,)")
            self._labels.indices(y)

    def _objective(self) -> tuple[Any, Any]:
        loss = _resolved(self.loss)
        n_outputs = self._n_outputs()
        apart = self._labels.is_multilabel or n_outputs == 1
        if loss is None:
            loss = registry.resolve(Loss, "bce" if apart else "cel")
        if loss.is_grouped:
            raise ValueError(
                f"loss is {loss.spec!r}, which has several outputs for each number that it predicts; expected a loss "
                f"for classes such as 'cel', or NNRegressor"
            )
        if apart and loss.a_domain in DISTRIBUTIONS:
            raise ValueError(
                f"loss is {loss.spec!r}, which takes probabilities that sum to 1, but a sample may have several "
                f"labels; expected a loss such as 'bce'"
            )
        if not (isinstance(self.output_activation, str) and self.output_activation == "auto"):
            return loss, self.output_activation
        if loss.y_domain == "sign":
            return loss, None
        if loss.a_domain == "log_distribution":
            return loss, "log_softmax"
        return loss, "sigmoid" if apart else "softmax"

    def _n_outputs(self) -> int:
        loss = _resolved(self.loss)
        return self._labels.n_outputs(2 if loss is not None and loss.a_domain in DISTRIBUTIONS else 1)

    def _targets(self, y: Any, dtype: Any) -> Array:
        targets = self._labels.targets(y, self._n_outputs(), dtype)
        loss = _resolved(self.loss)
        return 2 * targets - 1 if loss is not None and loss.y_domain == "sign" else targets

    def _class_weights(self, y: Any, sample_weight: Array | None) -> Array | None:
        return None if self.class_weight is None else self._labels.weights(self.class_weight, y, sample_weight)

    def _strata(self, y: Any) -> Any:
        # Rows with several labels have no classes to keep in proportion.
        return None if self._labels.is_multilabel else self._labels.indices(y)
