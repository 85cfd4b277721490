"""When an MLP stops, and which weights it keeps."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from nnframe import Array
from nnframe.arrays import copy_all
from nnframe_sklearn.hold_out import hold_out

SMALLEST_LEARNING_RATE = 1e-6


class Progress:
    """Watches the loss, or the score over held-out rows, from epoch to epoch.

    Parameters
    ----------
    mlp : MLPBase
        Its attributes are kept up to date.
    """

    def __init__(self, mlp: Any) -> None:
        self._mlp = mlp
        self._held_out: tuple[Any, Array, Array | None] | None = None
        self._best: list[Array] = []

    def hold_out(self, X: Any, Y: Array, sample_weight: Array | None, rng: Any) -> tuple[Any, Array, Array | None]:
        """Hold rows out, and return the others.

        Raises
        ------
        ValueError
            If there are too few rows, or a class has a single one.
        """
        mlp = self._mlp
        strata = mlp._strata(Y)
        if strata is not None and strata.dtype == bool:
            # A class with a single row is refused.
            index = train_test_split(
                np.arange(len(Y)), random_state=rng, test_size=mlp.validation_fraction, stratify=strata
            )
        else:
            index = hold_out(len(Y), mlp.validation_fraction, rng, strata)
        train, held_out = index
        if len(held_out) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
            )
        parts = [
            (X[rows], Y[rows], None if sample_weight is None else sample_weight[rows]) for rows in (train, held_out)
        ]
        self._held_out = parts[1]
        self._keep_weights()
        return parts[0]

    def epoch_ends(self) -> bool:
        """Take an epoch into account, and return whether training is over."""
        mlp = self._mlp
        mlp.loss_curve_.append(mlp.loss_)
        if mlp.verbose:
            print(f"Iteration {mlp.n_iter_}, loss = {mlp.loss_:.8f}")
        if self._held_out is None:
            self._compare_loss()
        else:
            self._compare_score(*self._held_out)
        learner = mlp._learner
        assert learner is not None
        if mlp.learning_rate == "invscaling" and mlp.solver == "sgd":
            learner.learning_rate = mlp.learning_rate_init / (mlp.t_ + 1) ** mlp.power_t
        if mlp._no_improvement_count <= mlp.n_iter_no_change:
            return False
        watched = "training loss" if self._held_out is None else "validation score"
        message = f"the {watched} has not improved by more than tol={mlp.tol} for {mlp.n_iter_no_change} epochs"
        if mlp.learning_rate != "adaptive" or mlp.solver != "sgd" or learner.learning_rate <= SMALLEST_LEARNING_RATE:
            if mlp.verbose:
                print(f"{message}; training stops")
            return True
        learner.learning_rate /= 5
        if mlp.verbose:
            print(f"{message}; the learning rate is now {learner.learning_rate:g}")
        mlp._no_improvement_count = 0
        return False

    def diverged(self) -> None:
        """Record an epoch in which the loss became infinite."""
        assert self._mlp.validation_scores_ is not None
        self._mlp.validation_scores_.append(math.nan)
        warnings.warn(
            "training diverged; the weights are those with the best validation score", ConvergenceWarning, stacklevel=5
        )

    def end(self) -> None:
        """Restore the best weights, if rows were held out."""
        if self._best:
            copy_all(self._mlp._views, self._best)

    def _compare_loss(self) -> None:
        mlp = self._mlp
        assert mlp.best_loss_ is not None
        mlp._no_improvement_count = mlp._no_improvement_count + 1 if mlp.loss_ > mlp.best_loss_ - mlp.tol else 0
        mlp.best_loss_ = min(mlp.best_loss_, mlp.loss_)

    def _compare_score(self, X: Any, Y: Array, sample_weight: Array | None) -> None:
        mlp = self._mlp
        outputs = mlp._outputs_of(X)
        score = mlp._score_of(outputs, Y, sample_weight) if np.isfinite(outputs).all() else math.nan
        assert mlp.validation_scores_ is not None
        assert mlp.best_validation_score_ is not None
        mlp.validation_scores_.append(score)
        if mlp.verbose:
            print(f"Validation score: {score:f}")
        is_no_better = score < mlp.best_validation_score_ + mlp.tol
        mlp._no_improvement_count = mlp._no_improvement_count + 1 if is_no_better else 0
        if score > mlp.best_validation_score_:
            mlp.best_validation_score_ = score
            self._keep_weights()

    def _keep_weights(self) -> None:
        self._best = [view.copy() for view in self._mlp._views]
