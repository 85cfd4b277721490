"""NNClassifier and NNRegressor but for what they do with y."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils import check_random_state

from nnframe import Activation, Array, History, Loss, nNet, pairs, registry
from nnframe.callbacks import EarlyStopping
from nnframe.inputs.checks import whole_number
from nnframe_sklearn.blas import single_thread
from nnframe_sklearn.checked_rows import CheckedRows, Rows
from nnframe_sklearn.estimator import largest_product
from nnframe_sklearn.learner import Learner
from nnframe_sklearn.scaling import Scaling

SEEDS = 2**31 - 1
# By default a batch has this many rows, or all if there are fewer.
BATCH_SIZE = 64
# Predictions that start near the mean overfit less: on three regressions, R2 rose by 0.01 to 0.05.
START_OF_LAST_LAYER = 0.1
# By default in partial_fit, where the number of samples is not known.
STREAM_L2 = 1e-4


class NNBase(CheckedRows):
    """Trains a net with `nNet.nEpochs`, or for `partial_fit` with `nNet.trainer`."""

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
        scale: str | None = "standard",
        warm_start: bool = False,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.layers = layers
        self.activation = activation
        self.output_activation = output_activation
        self.loss = loss
        self.optimizer = optimizer
        self.schedule = schedule
        self.layer_rates = layer_rates
        self.engine = engine
        self.dropout = dropout
        self.l1 = l1
        self.l2 = l2
        self.clip_value = clip_value
        self.clip_norm = clip_norm
        self.batch_size = batch_size
        self.epochs = epochs
        self.shuffle = shuffle
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.tol = tol
        self.metrics = metrics
        self.callbacks = callbacks
        self.scale = scale
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    # What the two have to say about y.

    _target_scaling: Scaling | None = None

    def _learn_targets(self, y: Any) -> None:
        """Learn what y is, before anything else is done with it."""
        raise NotImplementedError

    def _objective(self) -> tuple[Any, Any]:
        """Return the loss and the last activation."""
        raise NotImplementedError

    def _learn_target_scale(self, y: Any, sample_weight: Array | None) -> None:
        """Learn the scale of y, where it is scaled."""

    def _learn_errors(self, X_val: Any, y_val: Any) -> None:
        """Keep what held-out rows say of the errors, where that is of use; both are None if there are none."""

    # Fitting

    def _fit(self, X: Any, y: Any, sample_weight: Any, X_val: Any, y_val: Any) -> None:
        self._check_scale()
        goes_on = self.warm_start and hasattr(self, "net_")
        X, y = self._checked(X, y, reset=not goes_on)
        if goes_on:
            self._require_known(y)
        else:
            self._learn_targets(y)
        n_samples = X.shape[0] if sample_weight is None else np.asarray(sample_weight, np.float64).sum()
        weights = self._weights(X, y, sample_weight)
        if weights is not None:
            kept = np.flatnonzero(weights)
            if len(kept) < len(weights):
                X, y, weights = X[kept], y[kept], weights[kept]
        rng = check_random_state(self.random_state)
        seed = rng.randint(SEEDS)
        X, y, weights, X_val, y_val = self._validation(X, y, weights, X_val, y_val, seed)
        if not goes_on:
            self._start(X, y, weights, seed)
        self._learner = None
        train = self._rows(X, y, weights)
        validation = None if X_val is None else self._rows(X_val, y_val, None)
        self.history_ = self._train(train, validation, rng.randint(SEEDS), 1 / n_samples)
        self.n_iter_ = len(self.history_.loss)
        self._learn_errors(X_val, y_val)
        self.loss_curve_ = self.history_.loss
        self.validation_loss_curve_ = self.history_.validation_loss

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any) -> None:
        self._check_scale()
        first = not hasattr(self, "net_")
        X, y = self._checked(X, y, reset=first)
        self._require_known(y)
        weights = self._weights(X, y, sample_weight)
        if weights is not None:
            kept = np.flatnonzero(weights)
            X, y, weights = X[kept], y[kept], weights[kept]
        seed = check_random_state(self.random_state).randint(SEEDS)
        if first:
            self._start(X, y, weights, seed)
            self.n_iter_, self.loss_curve_ = 0, []
        else:
            if self._scaling is not None:
                self._scaling.learn(X, weights)
            self._learn_target_scale(y, weights)
        if self._learner is None:
            names = ("loss", "optimizer", "layer_rates", "engine", "dropout", "l1", "l2", "clip_value", "clip_norm")
            settings = {name: value for name, value in self._settings(STREAM_L2).items() if name in names}
            self._learner = Learner(self.net_, {**settings, "seed": seed})
        size = self._batch_size(X.shape[0])
        losses = 0.0
        with single_thread(largest_product(self.net_, size)):
            for start in range(0, X.shape[0], size):
                part = slice(start, start + size)
                rows = self._rows(X[part], y[part], None if weights is None else weights[part])
                losses += self._learner.step(*rows) * len(rows.Y)
        self.n_iter_ += 1
        self.loss_curve_.append(losses / X.shape[0])

    def _start(self, X: Any, y: Any, weights: Array | None, seed: int) -> None:
        """Learn the scales, and make a net with random weights."""
        self._scaling = self._target_scaling = None
        if self.scale is not None:
            self._scaling = Scaling(keeps_zeros=sp.issparse(X))
            self._scaling.learn(X, weights)
        self._learn_target_scale(y, weights)
        loss, last = self._objective()
        hidden = self._hidden()
        n_targets = self._targets(y[:1], X.dtype).shape[1]
        sizes = [X.shape[1], *hidden, n_targets * registry.resolve(Loss, loss).n_outputs]
        activations = self._activations(len(hidden))
        self.net_ = nNet.from_sizes(sizes, [*activations, last], seed, X.dtype)
        if hidden:
            self.net_.layersList[-1].linear *= START_OF_LAST_LAYER

    def _train(self, train: Rows, validation: Rows | None, seed: int, l2: float) -> History:
        batch_size = self._batch_size(len(train.Y))
        with single_thread(largest_product(self.net_, batch_size)):
            return self.net_.nEpochs(
                whole_number(self.epochs, "epochs"),
                pairs(train.X, train.Y),
                batch_size=batch_size,
                shuffle=self.shuffle,
                seed=seed,
                sample_weights=train.weights,
                validation=None if validation is None else pairs(validation.X, validation.Y),
                metrics=list(self.metrics),
                callbacks=self._run_callbacks(),
                schedule=self.schedule,
                **self._settings(l2),
            )

    def _run_callbacks(self) -> list[Any]:
        """Return what is called after each epoch.

        scikit-learn's own callbacks (SLEP023), once they are stable, have their place here: an object whose
        ``nnframe_epoch_end`` calls them.
        """
        stopping = [] if self.patience is None else [EarlyStopping(self.patience, self.tol)]
        return [*(["progress"] if self.verbose else []), *self.callbacks, *stopping]

    def _settings(self, l2: float) -> dict[str, Any]:
        return {
            "loss": self._objective()[0],
            "optimizer": self.optimizer,
            "layer_rates": self.layer_rates,
            "engine": self.engine,
            "dropout": self.dropout,
            "l1": self.l1,
            "l2": l2 if self.l2 == "auto" else self.l2,
            "clip_value": self.clip_value,
            "clip_norm": self.clip_norm,
        }

    def _hidden(self) -> list[int]:
        return list(self.layers) if isinstance(self.layers, Iterable) else [self.layers]

    def _activations(self, count: int) -> list[Any]:
        each = self.activation
        if isinstance(each, (str, Activation)) or each is None or callable(each):
            return [each] * count
        if len(each) != count:
            raise ValueError(
                f"activation has {len(each)} entries for {count} hidden layers; expected one for each, or one for all"
            )
        return list(each)

    def _batch_size(self, n_samples: int) -> int:
        is_auto = isinstance(self.batch_size, str) and self.batch_size == "auto"
        return min(BATCH_SIZE if is_auto else whole_number(self.batch_size, "batch_size"), n_samples)
