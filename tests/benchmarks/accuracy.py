"""Compares the accuracy of nnframe's nets with scikit-learn's, on scikit-learn's small data sets.

    python tests/benchmarks/accuracy.py

Both train a net with one hidden layer by Adam, with the same sizes, batches, epochs, penalty and split. Five seeds
choose the split, the initial weights and the order of the samples. The table has the mean and the standard deviation
over the seeds: of the accuracy, or of R2 for the diabetes set.
"""

from __future__ import annotations

import argparse
import statistics
import warnings
from typing import Any, NamedTuple

import numpy as np
from sklearn import datasets as sklearn_datasets
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

import nnframe
from nnframe import Array

HIDDEN, EPOCHS, BATCH_SIZE, LEARNING_RATE, PENALTY = 32, 60, 32, 0.003, 1e-3


class Split(NamedTuple):
    """A data set in two parts, both scaled by the mean and deviation of the first; targets as in scikit-learn."""

    X: Array
    y: Array
    X_test: Array
    y_test: Array


def load_split(name: str, seed: int) -> Split:
    """Return a data set with a quarter held out."""
    X, y = getattr(sklearn_datasets, f"load_{name}")(return_X_y=True)
    classes = None if name == "diabetes" else y
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.25, random_state=seed, stratify=classes)
    scaler = StandardScaler().fit(X)
    if classes is None:
        mean, spread = y.mean(), y.std()
        y, y_test = (y - mean) / spread, (y_test - mean) / spread
    return Split(scaler.transform(X), y, scaler.transform(X_test), y_test)


def with_sklearn(split: Split, is_classes: bool, seed: int) -> float:
    """Return the score of scikit-learn's net."""
    kind = MLPClassifier if is_classes else MLPRegressor
    model: Any = kind(
        hidden_layer_sizes=(HIDDEN,),
        batch_size=BATCH_SIZE,
        max_iter=EPOCHS,
        n_iter_no_change=EPOCHS,
        learning_rate_init=LEARNING_RATE,
        # scikit-learn divides the penalty by the number of samples in the batch.
        alpha=PENALTY * BATCH_SIZE,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(split.X, split.y)
    return float(model.score(split.X_test, split.y_test))


def with_nnframe(split: Split, is_classes: bool, seed: int) -> float:
    """Return the score of nnframe's net."""
    n_outputs = int(split.y.max()) + 1 if is_classes else 1
    Y, Y_test = (np.eye(n_outputs)[y] if is_classes else y.reshape(-1, 1) for y in (split.y, split.y_test))
    last, loss, metric = ("softmax", "cel", "accuracy") if is_classes else (None, "mse", "r2")
    net = nnframe.nNet.from_sizes([split.X.shape[1], HIDDEN, n_outputs], ["relu", last], seed=seed)
    net.nEpochs(
        EPOCHS,
        nnframe.pairs(split.X, Y),
        loss,
        batch_size=BATCH_SIZE,
        optimizer=f"adam(learning_rate={LEARNING_RATE})",
        l2=PENALTY,
        shuffle=True,
        seed=seed,
    )
    return net.evaluate(nnframe.pairs(split.X_test, Y_test), metrics=[metric])[metric]


def main() -> None:
    """Train all nets and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=5, help="number of seeds (default: 5)")
    options = parser.parse_args()
    print("| data set | score | nnframe | scikit-learn | difference of the means |")
    print("|---|---|---|---|---|")
    for name in ("digits", "wine", "breast_cancer", "diabetes"):
        is_classes = name != "diabetes"
        scores: list[tuple[float, float]] = []
        for seed in range(options.seeds):
            split = load_split(name, seed)
            scores.append((with_nnframe(split, is_classes, seed), with_sklearn(split, is_classes, seed)))
        mine, theirs = zip(*scores, strict=True)
        cells = [f"{statistics.mean(each):.4f} +- {statistics.pstdev(each):.4f}" for each in (mine, theirs)]
        difference = statistics.mean(mine) - statistics.mean(theirs)
        print(f"| {name} | {'accuracy' if is_classes else 'R2'} | {' | '.join(cells)} | {difference:+.4f} |")


if __name__ == "__main__":
    main()
