"""nnframe's lbfgs beside scikit-learn's MLP with solver="lbfgs", on scikit-learn's own small data sets.

    python tests/benchmarks/lbfgs.py [--iterations 100] [--seeds 3] [--rounds 3]

Both start with the same weights and make the same number of iterations, or fewer if they converge. Times are the best
of some rounds in which the two take turns; losses are those at the end, with the penalty. Needs scikit-learn.
"""

from __future__ import annotations

import argparse
import time
import warnings
from typing import Any

import numpy as np
from sklearn import datasets
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

from nnframe import denseLayer, nNet, pairs

SETS = ("iris", "wine", "breast_cancer", "digits", "diabetes")
ALPHA, HIDDEN = 1e-4, 100


def data_set(name: str) -> tuple[Any, Any, bool]:
    """Return standardized inputs, targets, and whether the targets are classes."""
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    is_regression = name == "diabetes"
    if is_regression:
        y = (y - y.mean()) / y.std()
    return StandardScaler().fit_transform(X), y, not is_regression


def theirs(X: Any, y: Any, is_class: bool, iterations: int, seed: int) -> tuple[float, int, float]:
    """Return scikit-learn's seconds, iterations and final loss."""
    kind = MLPClassifier if is_class else MLPRegressor
    net = kind(hidden_layer_sizes=HIDDEN, solver="lbfgs", alpha=ALPHA, max_iter=iterations, tol=0, random_state=seed)
    began = time.perf_counter()
    net.fit(X, y)
    return time.perf_counter() - began, net.n_iter_, net.loss_


def first_weights(X: Any, y: Any, is_class: bool, seed: int) -> nNet:
    """Return a net with the weights that scikit-learn begins with."""
    n_out = len(np.unique(y)) if is_class else 1
    n_out = 1 if n_out == 2 else n_out
    rng, layers = np.random.RandomState(seed), []
    last = None if not is_class else "sigmoid" if n_out == 1 else "softmax"
    for n_in, n, activation in ((X.shape[1], HIDDEN, "relu"), (HIDDEN, n_out, last)):
        bound = np.sqrt(6 / (n_in + n))
        weights = rng.uniform(-bound, bound, (n_in, n))
        layers.append(denseLayer(weights.T.copy(), rng.uniform(-bound, bound, n).reshape(-1, 1), activation))
    return nNet(layers)


def ours(X: Any, y: Any, is_class: bool, iterations: int, seed: int) -> tuple[float, int, float, str | None]:
    """Return nnframe's seconds, iterations and final loss, and why it stopped."""
    net = first_weights(X, y, is_class, seed)
    began = time.perf_counter()
    Y = np.eye(y.max() + 1)[y] if is_class and y.max() > 1 else y.reshape(-1, 1).astype(float)
    loss = "mse" if not is_class else "bce" if y.max() == 1 else "cel"
    # scikit-learn's squared error is half of ours.
    half = 1.0 if is_class else 0.5
    optimizer = "lbfgs(tolerance=0, min_gain=2.2e-9)"
    history = net.nEpochs(iterations, pairs(X, Y), loss, optimizer=optimizer, l2=ALPHA / len(X) / half)
    seconds = time.perf_counter() - began
    penalty = ALPHA / 2 / len(X) * sum(float((layer.linear**2).sum()) for layer in net.layersList)
    return seconds, len(history.loss), history.loss[-1] * half + penalty, history.stopped


def main() -> None:
    """Print a line for each data set and seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--iterations", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(f"{'data':14} {'seed':>4} {'their loss':>11} {'our loss':>11} {'iterations':>12} {'s theirs/ours':>14}")
    for name in SETS:
        X, y, is_class = data_set(name)
        for seed in range(options.seeds):
            rounds = [
                (theirs(X, y, is_class, options.iterations, seed), ours(X, y, is_class, options.iterations, seed))
                for _ in range(options.rounds)
            ]
            a, b = rounds[0]
            ratio = min(each[0] for each, _ in rounds) / min(each[0] for _, each in rounds)
            print(f"{name:14} {seed:4} {a[2]:11.4g} {b[2]:11.4g} {a[1]:5} {b[1]:6} {ratio:14.2f}  {b[3] or ''}")


if __name__ == "__main__":
    main()
