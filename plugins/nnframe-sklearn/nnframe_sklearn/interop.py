"""Nets to and from scikit-learn's MLP, exact to rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import sklearn.neural_network as theirs
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.validation import check_is_fitted

from nnframe import Array, registry
from nnframe_sklearn.base import NNBase
from nnframe_sklearn.distributions import DistributionMixin
from nnframe_sklearn.estimator import NetEstimator
from nnframe_sklearn.labels import Labels
from nnframe_sklearn.mlp import MLPBase
from nnframe_sklearn.mlp_classifier import MLPClassifier
from nnframe_sklearn.mlp_regressor import MLPRegressor

# Those of scikit-learn.
NAMES = {None: "identity", "sigmoid": "logistic", "tanh": "tanh", "relu": "relu", "softmax": "softmax", "exp": "exp"}
# What both kinds of estimator have after fit.
ATTRIBUTES = (
    "n_iter_",
    "t_",
    "loss_",
    "best_loss_",
    "loss_curve_",
    "validation_scores_",
    "best_validation_score_",
    "n_layers_",
    "n_outputs_",
    "out_activation_",
    "n_features_in_",
    "feature_names_in_",
    "_no_improvement_count",
)


def from_sklearn(estimator: Any) -> MLPClassifier | MLPRegressor:
    """Return an estimator of this package with the parameters, the weights and the attributes of scikit-learn's.

    Parameters
    ----------
    estimator : sklearn.neural_network.MLPClassifier or MLPRegressor
        A fitted one. Its `partial_fit` starts with a new optimizer state.

    Raises
    ------
    TypeError
        If it is something else.
    sklearn.exceptions.NotFittedError
        If it is not fitted.
    """
    classes: dict[Any, Any] = {theirs.MLPClassifier: MLPClassifier, theirs.MLPRegressor: MLPRegressor}
    if type(estimator) not in classes:
        raise TypeError(
            f"estimator is of type {type(estimator).__name__}; expected scikit-learn's MLPClassifier or MLPRegressor"
        )
    check_is_fitted(estimator)
    made: MLPClassifier | MLPRegressor = classes[type(estimator)](**estimator.get_params())
    for name in ATTRIBUTES:
        if hasattr(estimator, name):
            setattr(made, name, getattr(estimator, name))
    if isinstance(made, MLPClassifier):
        made._labels = Labels(estimator.classes_, estimator._label_binarizer.y_type_.startswith("multilabel"))
    made.coefs_ = [coef.copy() for coef in estimator.coefs_]
    made.intercepts_ = [intercept.copy() for intercept in estimator.intercepts_]
    return made


def to_sklearn(estimator: NetEstimator) -> Any:
    """Return scikit-learn's MLPClassifier or MLPRegressor with the weights of an estimator of this package.

    The scaling of inputs and targets becomes part of the weights.

    Parameters
    ----------
    estimator : NNClassifier, NNRegressor, MLPClassifier or MLPRegressor
        A fitted one, whose activations scikit-learn has: identity, logistic, tanh or relu, the same in all hidden
        layers, and softmax, logistic or none at the end.

    Raises
    ------
    ValueError
        If scikit-learn can't express the net.
    sklearn.exceptions.NotFittedError
        If it is not fitted.
    """
    check_is_fitted(estimator)
    if isinstance(estimator, DistributionMixin) and estimator._resolved_loss().point is not None:
        raise ValueError(
            f"the estimator's loss is {estimator.loss!r}, which reads the predictions from the outputs; scikit-learn's "
            f"MLP predicts the outputs"
        )
    names = _activations(estimator)
    labels: Labels | None = getattr(estimator, "_labels", None)
    made = (theirs.MLPRegressor if labels is None else theirs.MLPClassifier)()
    if isinstance(estimator, MLPBase):
        known = made.get_params()
        made.set_params(**{name: value for name, value in estimator.get_params().items() if name in known})
    coefs, intercepts = _folded(estimator)
    made.set_params(activation=names[0], hidden_layer_sizes=tuple(len(each) for each in intercepts[:-1]))
    made.coefs_, made.intercepts_, made.out_activation_ = coefs, intercepts, names[-1]
    made.n_layers_, made.n_outputs_, made.t_ = len(coefs) + 1, len(intercepts[-1]), 0
    for name in ATTRIBUTES:
        if hasattr(estimator, name):
            setattr(made, name, getattr(estimator, name))
    if labels is not None:
        made._label_binarizer = LabelBinarizer()
        if labels.is_multilabel:
            made._label_binarizer.fit(np.eye(len(labels.classes), dtype=int))
        else:
            made._label_binarizer.fit(labels.classes)
        made.classes_ = made._label_binarizer.classes_
    return made


def _activations(estimator: NetEstimator) -> list[str]:
    """Return scikit-learn's names of the activations of the hidden layers and of the last."""
    found = []
    for layer in estimator.net_.layersList:
        plugin = layer.resolved_activation
        name = None if plugin is None else plugin.name
        is_known = plugin is None or (name in NAMES and not plugin.overrides)
        if not is_known or (plugin is not None and registry.provider_of(plugin) is None):
            raise ValueError(
                f"the net has the activation {layer.activation!r}, which scikit-learn's MLP has not; it has identity, "
                f"logistic, tanh and relu"
            )
        found.append(NAMES[name])
    hidden, labels = set(found[:-1]), getattr(estimator, "_labels", None)
    if len(hidden) > 1 or hidden & {"softmax", "exp"}:
        raise ValueError(f"the hidden layers have {found[:-1]}; scikit-learn's MLP has one activation for all of them")
    if not hidden:
        raise ValueError("the net has no hidden layer; scikit-learn's MLP needs one")
    expected = {"identity", "exp"} if labels is None else {"logistic", "softmax"}
    if found[-1] not in expected or (labels is not None and len(labels.classes) <= 2 and found[-1] == "softmax"):
        raise ValueError(f"the last layer has {found[-1]!r}, which scikit-learn's MLP has not for this kind of y")
    return found


def _folded(estimator: NetEstimator) -> tuple[list[Array], list[Array]]:
    """Return the weights of a net that takes plain inputs and returns plain targets."""
    coefs = [layer.linear.T.astype(np.float64) for layer in estimator.net_.layersList]
    intercepts = [layer.bias[:, 0].astype(np.float64) for layer in estimator.net_.layersList]
    if estimator._scaling is not None:
        coefs[0] /= estimator._scaling.scale[:, None]
        if estimator._scaling.mean is not None:
            intercepts[0] -= estimator._scaling.mean @ coefs[0]
    targets = estimator._target_scaling if isinstance(estimator, NNBase) else None
    if targets is not None:
        coefs[-1] *= targets.scale
        intercepts[-1] = targets.undo(intercepts[-1])
    dtype = estimator.net_.dtype
    return [each.astype(dtype) for each in coefs], [each.astype(dtype) for each in intercepts]
