"""The net of MLPClassifier and MLPRegressor: `coefs_` and `intercepts_` are its live weights."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from nnframe import Array, denseLayer, nNet
from nnframe_sklearn.estimator import NetEstimator

# What scikit-learn calls them, and what they are called here.
ACTIVATIONS = {"identity": None, "logistic": "sigmoid"}


class MLPNet(NetEstimator):
    """Makes a net as scikit-learn's MLP does, and shows its weights as scikit-learn does.

    Attributes
    ----------
    coefs_, intercepts_ : list of ndarray
        The live weights, shapes (n_in, n_out) and (n_out,). Arrays that are put in their place are used from then on.
    """

    hidden_layer_sizes: Any
    activation: Any
    solver: Any
    early_stopping: bool

    def _objective(self) -> tuple[Any, str]:
        """Return the loss, and scikit-learn's name of the last activation."""
        raise NotImplementedError

    def _outputs_per_target(self) -> int:
        """Return how many outputs the loss wants for each target."""
        return 1

    @property
    def net_(self) -> nNet:  # type: ignore[override]
        """The net of `coefs_` and `intercepts_`."""
        if "coefs_" not in vars(self):
            raise AttributeError("net_ is known after fit")
        arrays = [*self.coefs_, *self.intercepts_]
        if len(arrays) != len(self._views) or any(a is not b for a, b in zip(arrays, self._views, strict=True)):
            last = self._activation(self.out_activation_)
            activations = [self._activation(self.activation)] * (len(self.coefs_) - 1) + [last]
            parts = zip(self.coefs_, self.intercepts_, activations, strict=True)
            layers = [denseLayer(coef.T, bias[:, None], each) for coef, bias, each in parts]
            self._set_net(nNet(layers))
            self._learner = None
        return self._net

    _net: nNet
    _views: Sequence[Array] = ()

    def _set_net(self, net: nNet) -> None:
        self._net = net
        self.coefs_ = [layer.linear.T for layer in net.layersList]
        self.intercepts_ = [layer.bias[:, 0] for layer in net.layersList]
        self._views = [*self.coefs_, *self.intercepts_]

    @staticmethod
    def _activation(name: Any) -> Any:
        return ACTIVATIONS.get(name, name) if isinstance(name, str) else name

    def _pickled(self) -> dict[str, Any]:
        if self.__sklearn_is_fitted__():
            _ = self.net_
        state = super()._pickled()
        # They are views, which a pickle would make arrays of their own.
        return {name: value for name, value in state.items() if name not in ("coefs_", "intercepts_", "_views")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "_net" in state:
            self._set_net(self._net)

    def _initialize(self, n_inputs: int, n_outputs: int, dtype: Any, rng: Any) -> None:
        sizes = [n_inputs, *self._hidden(), n_outputs * self._outputs_per_target()]
        factor = 2.0 if self.activation == "logistic" else 6.0
        self.coefs_, self.intercepts_, self._views = [], [], ()
        for n_in, n_out in pairwise(sizes):
            bound = np.sqrt(factor / (n_in + n_out))
            self.coefs_.append(rng.uniform(-bound, bound, (n_in, n_out)).astype(dtype))
            self.intercepts_.append(rng.uniform(-bound, bound, n_out).astype(dtype))
        self.out_activation_ = self._objective()[1]
        self.n_layers_, self.n_outputs_, self.n_iter_, self.t_ = len(sizes), n_outputs, 0, 0
        if self.solver != "lbfgs":
            self.loss_curve_: list[float] = []
            self._no_improvement_count = 0
            self.validation_scores_: list[float] | None = [] if self.early_stopping else None
            self.best_validation_score_ = -np.inf if self.early_stopping else None
            self.best_loss_ = None if self.early_stopping else np.inf

    def _hidden(self) -> list[int]:
        sizes = self.hidden_layer_sizes
        hidden = list(sizes) if hasattr(sizes, "__iter__") else [sizes]
        if any(size <= 0 for size in hidden):
            raise ValueError(f"hidden_layer_sizes is {hidden}; expected whole numbers above 0: it must be > 0")
        return hidden
