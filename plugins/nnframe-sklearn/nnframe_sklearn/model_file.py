"""Estimators in model files: the net with its classes, scales and parameters, without pickle."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from nnframe import ArgumentError, Array, ModelFileError, load_with_metadata, registry
from nnframe.contracts.plugin import Plugin
from nnframe_sklearn.classifier import NNClassifier
from nnframe_sklearn.estimator import NetEstimator
from nnframe_sklearn.interop import ATTRIBUTES
from nnframe_sklearn.labels import Labels
from nnframe_sklearn.mlp import MLPBase
from nnframe_sklearn.mlp_classifier import MLPClassifier
from nnframe_sklearn.mlp_regressor import MLPRegressor
from nnframe_sklearn.regressor import NNRegressor
from nnframe_sklearn.scaling import Scaling

KEY = "nnframe-sklearn"
CLASSES = {each.__name__: each for each in (NNClassifier, NNRegressor, MLPClassifier, MLPRegressor)}
KEPT = (*ATTRIBUTES, "validation_loss_curve_", "_is_flat", "_n_outputs", "_errors")


def save(estimator: NetEstimator, path: str | os.PathLike[str]) -> None:
    """Write a fitted estimator to a model file; `load` reads it, and `nnframe.load` the net alone.

    What only training needs is not kept: the optimizer's state, and a `random_state` that is not a number.

    Parameters
    ----------
    estimator : NNClassifier, NNRegressor, MLPClassifier or MLPRegressor
    path : str or os.PathLike
        Such as ``"model.nnf"``; see `nnframe.nNet.save`.

    Raises
    ------
    ArgumentError
        If a parameter is an object that has no name; register it, and give its name.
    nnframe.NNFrameError
        As `nnframe.nNet.save`.
    """
    check_is_fitted(estimator)
    net = estimator.net_
    labels: Labels | None = getattr(estimator, "_labels", None)
    state: dict[str, Any] = {
        "estimator": type(estimator).__name__,
        "parameters": {name: _parameter(name, value) for name, value in estimator.get_params(deep=False).items()},
        "attributes": {
            name: _stored(getattr(estimator, name), name)
            for name in KEPT
            if name in vars(estimator) and not callable(getattr(estimator, name))
        },
        "inputs": _scaling_state(estimator._scaling),
        "targets": _scaling_state(getattr(estimator, "_target_scaling", None)),
    }
    if labels is not None:
        state["classes"] = _stored(labels.classes, "classes")
        state["is_multilabel"] = labels.is_multilabel
    net.save(path, {KEY: state})


def load(path: str | os.PathLike[str]) -> Any:
    """Return the estimator that `save` wrote. Nothing in the file is executed.

    Parameters
    ----------
    path : str or os.PathLike

    Raises
    ------
    ModelFileError
        If the file was not written by `save`, or is damaged.
    nnframe.NNFrameError
        As `nnframe.load`.
    """
    net, metadata = load_with_metadata(path)
    state = metadata.get(KEY)
    if not isinstance(state, dict) or state.get("estimator") not in CLASSES:
        raise ModelFileError(
            f"{os.fspath(path)} has a net, but no estimator of scikit-learn; nnframe.load returns the net"
        )
    try:
        estimator = CLASSES[state["estimator"]](
            **{name: _restored(value) for name, value in state["parameters"].items()}
        )
        for name in KEPT:
            if name in state["attributes"]:
                setattr(estimator, name, _restored(state["attributes"][name]))
        estimator._scaling = _scaling_of(state["inputs"])
        if not isinstance(estimator, MLPBase):
            estimator._target_scaling = _scaling_of(state["targets"])
        if "classes" in state:
            estimator._labels = Labels(_restored(state["classes"]), bool(state["is_multilabel"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelFileError(f"{os.fspath(path)} has an estimator that can't be read: {error}") from error
    if isinstance(estimator, MLPBase):
        estimator._set_net(net)
    else:
        estimator.net_ = net
    return estimator


def _scaling_state(scaling: Scaling | None) -> dict[str, Any] | None:
    return None if scaling is None else {name: _stored(value, name) for name, value in scaling.numbers.items()}


def _scaling_of(state: dict[str, Any] | None) -> Scaling | None:
    return None if state is None else Scaling.of(state)


def _parameter(name: str, value: Any) -> Any:
    if name == "random_state" and not isinstance(value, (int, np.integer)):
        return None
    return _stored(value, name)


def _stored(value: Any, name: str) -> Any:
    """Return a value as what metadata takes, with marks for what it doesn't."""
    if isinstance(value, Plugin):
        provider = registry.provider_of(value)
        if provider is not None:
            return f"{provider.name}/{value.spec}"
    elif isinstance(value, np.ndarray) and value.dtype.kind in "OUS":
        return {"array": [_stored(each, name) for each in value.tolist()], "dtype": value.dtype.str}
    elif isinstance(value, (tuple, list)):
        items = [_stored(each, name) for each in value]
        return {"tuple": items} if isinstance(value, tuple) else items
    elif isinstance(value, dict):
        return {"dict": [[_stored(key, name), _stored(each, name)] for key, each in value.items()]}
    elif isinstance(value, float) and not math.isfinite(value):
        return {"float": str(float(value))}
    elif isinstance(value, np.generic):
        return value.item()
    elif value is None or isinstance(value, (str, bool, int, float, np.ndarray)):
        return value
    raise ArgumentError(
        f"{name} is or holds {value!r}, which a model file can't hold; expected names and numbers: register a plugin "
        f"with nnframe.registry.register, and give its name"
    )


def _restored(value: Any) -> Any:
    if isinstance(value, list):
        return [_restored(each) for each in value]
    if isinstance(value, dict):
        if "tuple" in value:
            return tuple(_restored(value["tuple"]))
        if "dict" in value:
            return {_restored(key): _restored(each) for key, each in value["dict"]}
        if "float" in value:
            return float(value["float"])
        array: Array = np.array(_restored(value["array"]), dtype=value["dtype"])
        return array
    return value
