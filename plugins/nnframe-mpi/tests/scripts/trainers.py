"""Trainers, which make one update at a time in all processes together."""

import os
import signal
import sys

import numpy as np
from nnframe_mpi import rank
from results import FOLDER, leave, weights_of

import nnframe
from nnframe import nNet

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(40, 4)), rng.dirichlet(np.ones(3), size=40)
# Also fewer columns than processes.
BATCHES = [(X[a:b].T, Y[a:b].T) for a, b in ((0, 8), (8, 9), (9, 16), (16, 29), (29, 40))] * 3
SETTINGS = {
    "plain": {"learning_rate": 0.1},
    "adam": {"optimizer": "adam", "schedule": "cosine", "n": 3},
    "dropout": {"learning_rate": 0.1, "dropout": 0.3, "l2": 0.01, "clip_norm": 0.1},
}


def make(name, engine, seed=5):
    net = nNet.from_sizes([4, 6, 3], ["tanh", "softmax"], seed=0)
    return net, net.trainer("cel", engine=engine, seed=seed, steps_per_epoch=5, **SETTINGS[name])


def halve(run):
    run.learning_rate /= 2
    if run.epoch == 2:
        run.stop("enough")


def run(name, engine):
    """Return the losses of some steps, and what a run with a callback ends with."""
    net, trainer = make(name, engine)
    losses = [trainer.step(x, y) for x, y in BATCHES[:5]]
    losses.append(trainer.step(*BATCHES[0], np.linspace(0, 2, 8)))
    trainer.run(BATCHES[:9], [halve])
    return losses, trainer.history.loss, trainer.history.stopped, trainer.learning_rate, weights_of(net)


def error_of(work):
    try:
        work()
    except (nnframe.NNFrameError, KeyboardInterrupt) as error:
        return type(error).__name__, str(error)
    return None, ""


def files():
    """Return the weights of a trainer, and of another that goes on from its file."""
    net, trainer = make("adam", "mpi(limit=20)")
    trainer.run(BATCHES[:3])
    trainer.save(FOLDER / "trainer.nnf")
    trainer.run(BATCHES[3:6])
    again, other = make("adam", "mpi(limit=20)")
    other.load(FOLDER / "trainer.nnf")
    other.run(BATCHES[3:6])
    return weights_of(net), weights_of(again)


def drawn():
    """Return the weights that begin apart, with seeds that are drawn."""
    net = nNet.from_sizes([4, 6, 3], ["tanh", "softmax"])
    trainer = net.trainer("cel", 0.1, dropout=0.5, engine="mpi(limit=20)")
    trainer.run(BATCHES)
    return weights_of(net)


def by_the_environment():
    """Return the weights after updates with single pairs, on the engine that the environment names."""
    net = nNet.from_sizes([4, 3], ["softmax"], seed=0)
    os.environ["NNFRAME_ENGINE"] = "mpi"
    for x, y in zip(X[:4], Y[:4], strict=True):
        net.backprop([(x.reshape(-1, 1), y.reshape(-1, 1))], "cel", 0.1)
    del os.environ["NNFRAME_ENGINE"]
    return weights_of(net)


def failing(callback=None, x=None):
    _, trainer = make("plain", "mpi(limit=20)")
    trainer.run([(BATCHES[0][0] if x is None else x, BATCHES[0][1])] * 5, [] if callback is None else [callback])


def raise_error(run):
    raise ValueError("not now")


def interrupt(run):
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    found = {name: run(name, "mpi(limit=20)") for name in SETTINGS}
    found["files"], found["drawn"], found["environment"] = files(), drawn(), by_the_environment()
    faults = {
        "other numbers": lambda: failing(x=BATCHES[0][0] + rank()),
        "NaN in one": lambda: failing(x=BATCHES[0][0] * (np.nan if rank() == 1 else 1)),
        "Ctrl-C": lambda: failing(interrupt),
        "callback": lambda: failing(raise_error),
        "other lengths": lambda: make("plain", "mpi(limit=20)")[1].run(BATCHES[: 2 + rank()]),
        "another seed": lambda: make("plain", "mpi(limit=20)", seed=rank()),
        "another net": lambda: nNet.from_sizes([4, 3 + rank(), 3]).trainer("mse", 0.1, engine="mpi(limit=20)"),
        "shards": lambda: make("plain", "mpi(shards=true)"),
    }
    found["faults"] = {name: error_of(fault) for name, fault in faults.items()}
    leave(found)
    sys.stdout.flush()
