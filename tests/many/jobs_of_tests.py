"""Jobs that worker processes can import; a folder on their path is all they need."""

import os
from functools import partial
from pathlib import Path

import numpy as np

from nnframe import Job, nNet, pairs

FOLDER = Path(os.environ.get("JOBS_FOLDER", "."))


def data():
    """Return data, and note down in a file that it was loaded, and by which process."""
    with (FOLDER / "loaded").open("a") as file:
        print(os.getpid(), file=file)
    X = np.random.default_rng(0).normal(size=(60, 3))
    return pairs(X, X[:, :1] * X[:, 1:2])


def make(seed):
    return partial(nNet.from_sizes, [3, 4, 1], ["tanh", None], seed=seed)


def broken():
    raise ValueError("no net today")


def killed():
    os._exit(1)


def jobs():
    """Return three jobs that succeed, and one that fails."""
    settings = {"batch_size": 10, "shuffle": True, "optimizer": "adam(learning_rate=0.01)", "validation": 0.2}
    good = [Job(make(seed), 5, data, "mse", metrics=["r2"], seed=seed, **settings) for seed in range(3)]
    return [*good, Job(broken, 5, data, "mse", name="the broken one", **settings)]


def weights(results):
    """Return the weights of the nets, and the names of the results."""
    nets = [result.net for result in results if result.error is None]
    return [result.name for result in results], [
        [array.tolist() for layer in net.layersList for array in (layer.linear, layer.bias)] for net in nets
    ]
