"""Compares local SGD with updates in step, and with one process: seconds, losses and accuracy.

    mpiexec -n 2 python -m mpi4py benchmarks/local_sgd.py

On one machine messages cost next to nothing; run it on two, or on a slow network.
"""

from __future__ import annotations

import time

import nnframe_mpi
import numpy as np

import nnframe
from nnframe import nNet

SIZES, BATCH, EPOCHS = (64, 512, 512, 10), 128, 4
ENGINES = ("numpy", "mpi", "mpi(average_every=4)", "mpi(average_every=16)", "mpi(average_every=32)")


def main() -> None:
    """Train with each engine, and print a line."""
    digits, test = nnframe.datasets.load_digits()
    rng = np.random.default_rng(0)
    X = np.concatenate([digits.X + 0.1 * rng.normal(size=digits.X.shape) for _ in range(8)]).astype(np.float32)
    train = nnframe.pairs(X, np.tile(digits.Y, (8, 1)).astype(np.float32))
    for engine in ENGINES:
        net = nNet.from_sizes(list(SIZES), ["relu", "relu", "softmax"], seed=0, dtype=np.float32)
        began = time.perf_counter()
        history = net.nEpochs(
            EPOCHS, train, "cel", 0.1, BATCH, shuffle=True, seed=1, engine=engine, validation=test, metrics=["accuracy"]
        )
        seconds = time.perf_counter() - began
        if nnframe_mpi.rank() == 0:
            print(
                f"{engine:24} {seconds:6.2f} s, loss {history.loss[-1]:.4f}, on the test set "
                f"{history.validation_loss[-1]:.4f}, accuracy {history.metrics['accuracy'][-1]:.4f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
