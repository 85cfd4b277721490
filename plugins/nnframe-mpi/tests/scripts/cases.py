"""Runs that are made on one process and on several."""

import numpy as np

import nnframe
from nnframe import denseLayer, nNet

N = 101
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(N, 5)), rng.dirichlet(np.ones(3), size=N)
WEIGHTS = rng.uniform(0, 2, size=N)
LABELS = nnframe.one_hot(rng.choice(3, size=N, p=[0.1, 0.2, 0.7]), [0, 1, 2])


def plain_net(dtype=np.float64):
    return nNet.from_sizes([5, 7, 6, 3], ["relu", "tanh", "softmax"], seed=1, dtype=dtype)


def shared_net(dtype=np.float64):
    first, shared = denseLayer(np.ones((4, 5)) / 5, 0.1, "tanh"), denseLayer(np.eye(4) + 0.1, 0.1, "tanh")
    return nNet([first, shared, shared, denseLayer(np.arange(12.0).reshape(3, 4) / 12, 0, "softmax")])


def large_net(dtype=np.float64):
    # With more weights than travel together with the losses.
    return nNet.from_sizes([5, 100, 90, 3], ["relu", "tanh", "softmax"], seed=1, dtype=dtype)


def after_two(run):
    if run.epoch == 2:
        run.stop("enough")


def halve(run):
    run.learning_rate /= 2


RATE = {"learning_rate": 0.1}
# By what is special: the net, and the settings.
CASES = {
    "uneven shares and a smaller last batch": (plain_net, RATE),
    "batches smaller than the processes": (plain_net, RATE | {"batch_size": 2}),
    "batches of one": (plain_net, RATE | {"batch_size": 1}),
    "one batch": (plain_net, RATE | {"batch_size": 1000}),
    "sample weights": (plain_net, RATE | {"sample_weights": WEIGHTS, "shuffle": True}),
    "dropout": (plain_net, RATE | {"dropout": (0.5, 0.25), "shuffle": True}),
    "clipping by norm": (plain_net, RATE | {"clip_norm": 0.05, "l1": 0.01, "l2": 0.02}),
    "clipping by value": (plain_net, RATE | {"clip_value": 0.01}),
    "shared layers": (shared_net, {"optimizer": "adam(learning_rate=0.01)", "l2": 0.1}),
    "an optimizer and a schedule": (plain_net, {"optimizer": "sgd(momentum=0.9)", "schedule": "cosine"}),
    "many weights": (large_net, RATE | {"clip_norm": 0.5}),
    "held-out samples and metrics": (
        plain_net, RATE | {"validation": 0.3, "metrics": ["accuracy", "f1", "r2", "top_k(k=2)"], "shuffle": True}
    ),
    "balanced classes": (plain_net, RATE | {"class_weights": "balanced"}),
    "a callback that stops": (plain_net, RATE | {"callbacks": [after_two]}),
    "a callback that changes the learning rate": (plain_net, RATE | {"callbacks": [halve]}),
    "parts of an epoch": (plain_net, RATE | {"callbacks": ["early_stopping(patience=1)"], "validation": 0.2}),
}  # fmt: skip


def train(name, engine, data=None):
    """Return the weights after a run, and its history."""
    make, settings = CASES[name]
    net = make()
    targets = LABELS if "balanced" in name else Y
    settings = {"batch_size": 16, "seed": 3} | settings
    history = net.nEpochs(3, data or nnframe.pairs(X, targets), "cel", engine=engine, **settings)
    return [array.copy() for layer in net.layersList for array in (layer.linear, layer.bias)], history
