"""MLPClassifier and MLPRegressor but for what they do with y: scikit-learn's arguments, attributes and updates.

For the same random_state, weights are drawn and rows are shuffled as scikit-learn does, and the updates are the same to
rounding. Only with sample_weight, the penalty of a batch depends on the mean of all weights, not of its own.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, validate_data

from nnframe import Array, DivergenceError, Optimizer, registry
from nnframe_sklearn.batches import Batches
from nnframe_sklearn.blas import single_thread
from nnframe_sklearn.estimator import FLOATS, largest_product
from nnframe_sklearn.formulas import adam_epsilon_hat, sgd_step_momentum
from nnframe_sklearn.lbfgs import minimize
from nnframe_sklearn.learner import Learner
from nnframe_sklearn.mlp_net import MLPNet
from nnframe_sklearn.progress import Progress

LEARNING_RATES = ("constant", "invscaling", "adaptive")


class MLPDivergenceError(DivergenceError, ValueError):
    """Training diverged."""


class MLPBase(MLPNet):
    """Trains a net as scikit-learn's MLP does."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **TheirClassifier._parameter_constraints,
        **dict.fromkeys(("activation", "solver", "learning_rate", "loss"), "no_validation"),
    }

    def __init__(
        self,
        loss: Any,
        hidden_layer_sizes: int | Sequence[int],
        activation: Any,
        solver: Any,
        alpha: float,
        batch_size: int | str,
        learning_rate: Any,
        learning_rate_init: float,
        power_t: float,
        max_iter: int,
        shuffle: bool,
        random_state: Any,
        tol: float,
        verbose: bool,
        warm_start: bool,
        momentum: float,
        nesterovs_momentum: bool,
        early_stopping: bool,
        validation_fraction: float,
        beta_1: float,
        beta_2: float,
        epsilon: float,
        n_iter_no_change: float,
        max_fun: int,
    ) -> None:
        self.loss = loss
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun

    # What the two have to say about y.

    _y_is_numeric = False

    def _checked_targets(self, y: Any, dtype: Any, incremental: bool) -> Array:
        """Learn what y is, or check that it is what was learned, and return it as targets of the net."""
        raise NotImplementedError

    def _loss_divisor(self) -> int:
        """Return what the loss of several outputs is divided by when it is reported."""
        return 1

    def _strata(self, Y: Array) -> Any:
        """Return what to hold out in equal shares, or None."""
        return None

    def _score_of(self, outputs: Array, Y: Array, sample_weight: Array | None) -> float:
        """Return how good outputs are for held-out targets."""
        raise NotImplementedError

    # Fitting

    def _fit(self, X: Any, y: Any, sample_weight: Any, incremental: bool) -> None:
        self._validate_params()
        hidden = self._hidden()
        is_first = "coefs_" not in vars(self) or not (self.warm_start or incremental)
        if incremental and self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True; NNClassifier and NNRegressor do")
        X, y = validate_data(
            self,
            X,
            y,
            reset=is_first,
            accept_sparse=["csr", "csc"],
            dtype=FLOATS,
            multi_output=True,
            y_numeric=self._y_is_numeric,
        )
        Y = self._checked_targets(y, X.dtype, incremental)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X)
        rng = check_random_state(self.random_state)
        if is_first:
            self._initialize(X.shape[1], Y.shape[1], X.dtype, rng)
            self._learner = None
        net = self.net_
        if X.dtype != net.dtype:
            X = X.astype(net.dtype)
        Y = Y.astype(net.dtype, copy=False)
        with single_thread(largest_product(net, self._batch_size(X.shape[0], warn=False)) * (len(hidden) > 0)):
            if self.solver == "lbfgs":
                self._fit_lbfgs(X, Y, sample_weight)
            else:
                self._fit_stochastic(X, Y, sample_weight, incremental, rng)

    def _fit_lbfgs(self, X: Any, Y: Array, sample_weight: Array | None) -> None:
        result = minimize(
            self.net_,
            self._objective()[0],
            X,
            Y,
            sample_weight,
            self.alpha,
            {"maxfun": self.max_fun, "maxiter": self.max_iter, "gtol": self.tol},
        )
        self.n_iter_ = min(result.nit, self.max_iter)
        self.loss_ = result.fun
        if result.status != 0:
            warnings.warn(
                f"lbfgs failed to converge after {result.nit} iterations: {result.message}; increase max_iter, or "
                f"scale the data",
                ConvergenceWarning,
                stacklevel=4,
            )
        if not all(np.isfinite(array).all() for array in self._views):
            raise MLPDivergenceError(DIVERGED)

    def _fit_stochastic(self, X: Any, Y: Array, sample_weight: Array | None, incremental: bool, rng: Any) -> None:
        progress = Progress(self)
        if self.early_stopping:
            X, Y, sample_weight = progress.hold_out(X, Y, sample_weight, rng)
        n_samples = X.shape[0]
        batch_size = self._batch_size(n_samples, warn=True)
        learner = self._prepared(n_samples, batch_size, sample_weight, incremental)
        order, batches = np.arange(n_samples), Batches(X, Y, batch_size)
        self.n_iter_ = 0
        try:
            while self.n_iter_ < self.max_iter:
                if self.shuffle:
                    # As sklearn.utils.shuffle does, which takes longer to check its arguments than an epoch may.
                    rows = np.arange(n_samples)
                    rng.shuffle(rows)
                    order = order[rows]
                self.loss_ = self._epoch(learner, batches, sample_weight, order if self.shuffle else None)
                self.n_iter_ += 1
                self.t_ += n_samples
                if progress.epoch_ends() or incremental:
                    break
            else:
                warnings.warn(
                    f"training stopped after max_iter={self.max_iter} epochs, before it converged; increase max_iter",
                    ConvergenceWarning,
                    stacklevel=4,
                )
            learner.trainer.check()
        except KeyboardInterrupt:
            warnings.warn("training was interrupted by the user", stacklevel=4)
        except DivergenceError as error:
            if not self.early_stopping:
                raise MLPDivergenceError(f"{DIVERGED} ({error})") from error
            progress.diverged()
        progress.end()

    def _prepared(self, n_samples: int, batch_size: int, sample_weight: Array | None, incremental: bool) -> Learner:
        mean_weight = _mean(sample_weight)
        settings = {
            "loss": self._objective()[0],
            "optimizer": self._optimizer_plugin(),
            "l2": self._l2(batch_size, mean_weight),
            "seed": 0,
            "check_every": max(100, -(-n_samples // batch_size)),
        }
        if self.learning_rate not in LEARNING_RATES:
            settings |= {
                "schedule": self.learning_rate,
                "n": self.max_iter,
                "steps_per_epoch": -(-n_samples // batch_size),
            }
        if self._learner is None or not incremental:
            self._learner = Learner(self.net_, settings)
        else:
            self._learner.update(settings)
        return self._learner

    def _l2(self, n_samples: int, mean_weight: float) -> float:
        return float(self.alpha / (n_samples * mean_weight)) if mean_weight else 0.0

    def _optimizer_plugin(self) -> Any:
        if self.solver == "sgd":
            nesterov = bool(self.momentum > 0 and self.nesterovs_momentum)
            return sgd_step_momentum.with_params(
                learning_rate=self.learning_rate_init, momentum=float(self.momentum), nesterov=nesterov
            )
        if self.solver == "adam":
            return adam_epsilon_hat.with_params(
                learning_rate=self.learning_rate_init, beta1=self.beta_1, beta2=self.beta_2, epsilon=self.epsilon
            )
        plugin = registry.resolve(Optimizer, self.solver)
        if "learning_rate" in plugin.overrides:
            return plugin
        return plugin.with_params(learning_rate=self.learning_rate_init)

    def _epoch(self, learner: Learner, batches: Batches, sample_weight: Array | None, order: Array | None) -> float:
        total, trainer, counted = 0.0, learner.trainer, 0
        weights_of_layers = [layer.linear.ravel() for layer in self._net.layersList]
        divisor, mean_weight = self._loss_divisor(), _mean(sample_weight)
        for x, y, rows in batches.of(order):
            count, weights = len(x), None
            weight_sum: float = count
            if sample_weight is not None:
                weights = sample_weight[rows]
                weight_sum = weights.sum()
                if weight_sum == 0:
                    continue
                weights = (weights * (count / weight_sum)).astype(x.dtype)
            penalty = self.alpha / 2 * sum(float(w.dot(w)) for w in weights_of_layers) / weight_sum
            if count != counted:
                trainer.change_l2(self._l2(count, mean_weight))
                counted = count
            loss = trainer.step_checked(x.T, y.T, weights)
            total += (loss / divisor + penalty) * count
        return float(total / batches.X.shape[0])

    @property
    def _optimizer(self) -> Learner | None:
        return self._learner

    def _batch_size(self, n_samples: int, warn: bool) -> int:
        if self.batch_size == "auto":
            return min(200, n_samples)
        size: Any = self.batch_size
        if size > n_samples and warn:
            warnings.warn(f"batch_size is {size}, more than the {n_samples} samples; using {n_samples}", stacklevel=5)
        clipped: int = min(size, n_samples)
        return clipped


def _mean(sample_weight: Array | None) -> float:
    return 1.0 if sample_weight is None else float(sample_weight.mean())


DIVERGED = (
    "Solver produced non-finite parameter weights. The input data may contain large values and need to be preprocessed."
)
