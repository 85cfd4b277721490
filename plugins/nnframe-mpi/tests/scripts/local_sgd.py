"""Trains with local SGD, and synchronously."""

from results import leave, weights_of

import nnframe
from nnframe import nNet

train, test = nnframe.datasets.load_digits()


def run(engine, **settings):
    net = nNet.from_sizes([64, 32, 10], ["relu", "softmax"], seed=0)
    settings = {"learning_rate": 0.1, "batch_size": 32, "shuffle": True, "seed": 1} | settings
    history = net.nEpochs(6, train, "cel", engine=engine, validation=test, metrics=["accuracy"], **settings)
    return weights_of(net), history


leave(
    {
        "synchronous": run("mpi"),
        "local": run("mpi(average_every=16)"),
        "again": run("mpi(average_every=16)"),
        "adam": run("mpi(average_every=16)", learning_rate=None, optimizer="adam(learning_rate=0.01)"),
        "every batch": run("mpi(average_every=1)"),
        "uneven": run("mpi(average_every=4)", batch_size=3),
    }
)
