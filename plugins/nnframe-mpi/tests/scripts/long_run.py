"""Trains until something ends it, with a checkpoint; the second argument is the engine."""

import os
import sys
from pathlib import Path

import nnframe_mpi
import numpy as np

import nnframe
from nnframe import nNet
from nnframe.callbacks import Checkpoint

N_EPOCHS = 100_000


def data():
    rng = np.random.default_rng(0)
    return nnframe.pairs(rng.normal(size=(50, 4)), rng.normal(size=(50, 2)))


def make_net():
    return nNet.from_sizes([4, 5, 2], ["tanh", None], seed=0)


def train(net, folder, engine, n, callbacks=()):
    checkpoint = Checkpoint(folder / "checkpoint.nnf", every_batches=2)
    settings = {"optimizer": "adam(learning_rate=1e-4)", "batch_size": 8, "seed": 0, "shuffle": True, "dropout": 0.2}
    return net.nEpochs(n, data(), "mse", engine=engine, callbacks=[*callbacks, checkpoint], **settings)


def tell_that_it_runs(run):
    if run.epoch == 3:
        (Path(sys.argv[1]) / "runs").touch()


def main():
    folder = Path(sys.argv[1])
    (folder / f"{nnframe_mpi.rank()}.pid").write_text(str(os.getpid()))
    net = make_net()
    try:
        train(net, folder, sys.argv[2], N_EPOCHS, [tell_that_it_runs])
    except KeyboardInterrupt:
        from results import leave, weights_of

        leave(weights_of(net))


if __name__ == "__main__":
    main()
