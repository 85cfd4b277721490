"""nnframe's lbfgs beside scikit-learn's MLP with solver="lbfgs", on scikit-learn's own small data sets.

    python tests/benchmarks/lbfgs.py [--iterations 50] [--seeds 3] [--rounds 7] [--cpu]

Both start with the same weights and make the same number of iterations, or fewer if they converge. Times are the best
of some rounds in which the contenders take turns; losses are those at the end, with the penalty. scikit-learn computes
in float64 whatever the dtype; nnframe is measured in float64 and in float32. ``--cpu`` compares the time of the
processor, which other programs disturb less; set OPENBLAS_NUM_THREADS=1 with it. Needs scikit-learn.
"""

from __future__ import annotations

import argparse
import time
import warnings
from typing import Any, NamedTuple

import numpy as np
from sklearn import datasets
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

from nnframe import Array, denseLayer, nNet, pairs

SETS = ("iris", "wine", "breast_cancer", "digits", "diabetes")
ALPHA, HIDDEN = 1e-4, 100


class Fit(NamedTuple):
    """How long a fit took, how many iterations it made, and its loss at the end."""

    seconds: float
    iterations: int
    loss: float


class Problem:
    """A data set, and how to fit it.

    Parameters
    ----------
    name : str
    iterations, seed : int
    clock : callable
        Returns seconds.
    """

    def __init__(self, name: str, iterations: int, seed: int, clock: Any) -> None:
        X, self.y = getattr(datasets, f"load_{name}")(return_X_y=True)
        self.X, self.iterations, self.seed, self.clock = StandardScaler().fit_transform(X), iterations, seed, clock
        self.is_class = name != "diabetes"
        if not self.is_class:
            self.y = (self.y - self.y.mean()) / self.y.std()

    def theirs(self) -> Fit:
        """Fit scikit-learn's net."""
        kind = MLPClassifier if self.is_class else MLPRegressor
        net = kind(
            hidden_layer_sizes=HIDDEN,
            solver="lbfgs",
            alpha=ALPHA,
            max_iter=self.iterations,
            tol=0,
            random_state=self.seed,
        )
        began = self.clock()
        net.fit(self.X, self.y)
        return Fit(self.clock() - began, net.n_iter_, net.loss_)

    def ours(self, dtype: Any) -> Fit:
        """Fit nnframe's net."""
        net, X, y = self._first_net(dtype), self.X.astype(dtype), self.y
        began = self.clock()
        n_classes = y.max() + 1 if self.is_class else 0
        Y: Array = np.eye(n_classes, dtype=dtype)[y] if n_classes > 2 else y.reshape(-1, 1).astype(dtype)
        loss = "cel" if n_classes > 2 else "bce" if self.is_class else "mse"
        # scikit-learn's squared error is half of ours.
        half = 1.0 if self.is_class else 0.5
        # What scipy stops at.
        optimizer = "lbfgs(tolerance=0, min_gain=2.2e-9)"
        history = net.nEpochs(self.iterations, pairs(X, Y), loss, optimizer=optimizer, l2=ALPHA / len(X) / half)
        seconds = self.clock() - began
        squares = sum(float((layer.linear.astype(np.float64) ** 2).sum()) for layer in net.layersList)
        return Fit(seconds, len(history.loss), history.loss[-1] * half + ALPHA / 2 / len(X) * squares)

    def _first_net(self, dtype: Any) -> nNet:
        """Return a net with the weights that scikit-learn begins with."""
        n_out = len(np.unique(self.y)) if self.is_class else 1
        last = None if not self.is_class else "softmax" if n_out > 2 else "sigmoid"
        rng, layers = np.random.RandomState(self.seed), []
        for n_in, n, activation in ((self.X.shape[1], HIDDEN, "relu"), (HIDDEN, n_out if n_out > 2 else 1, last)):
            bound = np.sqrt(6 / (n_in + n))
            weights = rng.uniform(-bound, bound, (n_in, n)).T.astype(dtype)
            layers.append(denseLayer(weights, rng.uniform(-bound, bound, (n, 1)).astype(dtype), activation))
        return nNet(layers)


def main() -> None:
    """Print a line for each data set and seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--iterations", type=int, default=50)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cpu", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    clock = time.process_time if options.cpu else time.perf_counter
    print("                       loss                              iterations     times as fast")
    print(
        f"{'data':14} {'seed':>4} {'theirs':>10} {'float64':>10} {'float32':>10} {'':14} {'float64':>8} {'float32':>8}"
    )
    for name in SETS:
        for seed in range(options.seeds):
            problem = Problem(name, options.iterations, seed, clock)
            fits = [
                (problem.theirs(), problem.ours(np.float64), problem.ours(np.float32)) for _ in range(options.rounds)
            ]
            best = [min(fit.seconds for fit in each) for each in zip(*fits, strict=True)]
            losses = " ".join(f"{fit.loss:10.4g}" for fit in fits[0])
            counts = " ".join(f"{fit.iterations:4}" for fit in fits[0])
            print(f"{name:14} {seed:4} {losses} {counts} {best[0] / best[1]:8.2f} {best[0] / best[2]:8.2f}", flush=True)


if __name__ == "__main__":
    main()
