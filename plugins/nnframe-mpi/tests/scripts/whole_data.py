"""Optimizers of the whole data, which the processes have parts of."""

from importlib.util import find_spec

import numpy as np
from nnframe_mpi import rank, size
from results import leave, weights_of
from shard_data import WEIGHTS, X, Y, data_of

import nnframe
from nnframe import Loss, nNet

# In each: the settings, and whether each process has its own shards.
CASES = {
    "lbfgs": ({"l2": 0.01, "sample_weights": WEIGHTS}, False),
    "held out": ({"validation": 0.2, "metrics": ["accuracy"]}, False),
    "frozen": ({"layer_rates": [0, 1]}, False),
    "shards": ({"l2": 0.01}, True),
    "shards, held out": ({"validation": 0.2, "metrics": ["accuracy"]}, True),
    "fewer rows than processes": ({}, False),
}
if find_spec("nnframe_zoo"):
    CASES["levenberg_marquardt"] = ({"optimizer": "levenberg_marquardt", "loss": "mse"}, True)


def make_net():
    return nNet.from_sizes([4, 6, 3], ["tanh", "softmax"], seed=0)


def train(name, engine, data=None):
    net, (settings, _) = make_net(), CASES[name]
    rows = slice(1) if "fewer" in name else slice(None)
    data = nnframe.pairs(X[rows], Y[rows]) if data is None else data
    settings = {"loss": "cel", "optimizer": "lbfgs", "seed": 5} | settings
    history = net.nEpochs(8, data, engine=engine, **settings)
    return weights_of(net), history


def failing(fault):
    """Return the error of a run whose loss does something else in its fifth pass in process 1, and the weights."""
    calls = []

    def value(a, y):
        # Not where the formula is tried or recorded.
        if isinstance(a, np.ndarray) and a.shape[1] > 100:
            calls.append(1)
            if rank() == 1 and len(calls) == 5:
                return fault(a)
        return np.abs(a - y).mean(axis=0) + ((a - y) ** 2).mean(axis=0)

    net = make_net()
    try:
        net.nEpochs(8, nnframe.pairs(X, Y), Loss("flaky", value), optimizer="lbfgs", seed=5, engine="mpi(limit=20)")
    except nnframe.NNFrameError as error:
        return type(error).__name__, str(error), weights_of(net)
    return None, "", weights_of(net)


def divide_by_zero(a):
    raise ZeroDivisionError


def bad_sample():
    shards = data_of(rank(), size())
    X = shards.X.copy()
    if rank() == 1:
        X[3, 2] = np.nan
    net = make_net()
    try:
        parts = nnframe.pairs(X, shards.Y)
        net.nEpochs(2, parts, "cel", optimizer="lbfgs", engine="mpi(shards=true, limit=20)")
    except nnframe.NNFrameError as error:
        return type(error).__name__, str(error), weights_of(net)
    return None, "", []


if __name__ == "__main__":
    found = {}
    for name, (_, has_shards) in CASES.items():
        data = data_of(rank(), size()) if has_shards else None
        found[name] = train(name, "mpi(shards=true)" if has_shards else "mpi", data)
    found["fails"], found["NaN"] = failing(divide_by_zero), bad_sample()
    leave(found)
