"""Faults in process 1, after each of which all processes go on with the next."""

import os
import signal
import time

import nnframe_mpi
import numpy as np
from fault_data import X, Y
from results import leave, weights_of

import nnframe
from nnframe import Activation, Metric, Optimizer, nNet
from nnframe.training import agreement

RANK = nnframe_mpi.rank()
BATCH_SIZE, LIMIT = 8, "mpi(limit=20)"


class Flaky:
    """A formula that does something else in one call of one process."""

    def __init__(self, formula, fault, call=3, rank=1):
        self.formula, self.fault, self.left, self.rank = formula, fault, call, rank

    def __call__(self, *arguments, **settings):
        if len(arguments[0]) and self.rank == RANK:
            self.left -= 1
            if self.left == 0:
                self.fault()
        return self.formula(*arguments, **settings)


def divide_by_zero():
    raise ZeroDivisionError


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


def fill_memory():
    raise MemoryError


def tanh(z):
    return np.tanh(z)


def flaky_activation(fault):
    return Activation("flaky", Flaky(tanh, fault), lambda z: 1 - np.tanh(z) ** 2)


def with_activation(fault):
    return lambda: train(activation=flaky_activation(fault))


def failing_callback(run):
    if run.epoch == 1:
        raise ValueError("not now")


def print_nothing(run):
    assert RANK == 0, "callbacks are for process 0"


def failing_update():
    update = Flaky(lambda w, g, t, learning_rate: (w - learning_rate * g,), divide_by_zero)
    optimizer = Optimizer("flaky", update, params={"learning_rate": 0.1})
    # The numpy engine would run a recording of the formula.
    train(optimizer=optimizer, learning_rate=None, engine="mpi(engine=reference, limit=20)")


def failing_metric():
    metric = Metric("flaky", Flaky(lambda a, y: 0.0, divide_by_zero, call=1, rank=0), better="lower")
    train(metrics=[metric])


def train(activation="tanh", data=(X, Y), engine=LIMIT, sizes=(4, 5, 2), **settings):
    global net
    net = nNet.from_sizes(list(sizes), [activation, None], seed=0)
    settings = {"learning_rate": 0.1, "batch_size": BATCH_SIZE, "seed": 0} | settings
    net.nEpochs(2, nnframe.pairs(*data), "mse", engine=engine, **settings)


def bad_sample():
    # Of the shard of process 1.
    own = X[RANK::2].copy()
    if RANK == 1:
        own[5, 2] = np.nan
    train(data=(own, Y[RANK::2]), engine="mpi(shards=true, limit=20)")


def too_large_steps():
    train(learning_rate=1e200)


def other_version():
    agreement.__version__ = f"1.{RANK}"
    try:
        train()
    finally:
        agreement.__version__ = nnframe.__version__


def other_shape():
    train(data=(X[:, : 4 - RANK], Y))


FAULTS = {
    "a formula that raises": with_activation(divide_by_zero),
    "memory that runs out": with_activation(fill_memory),
    "Ctrl-C in one process": with_activation(interrupt),
    "an update that raises": failing_update,
    "a metric that raises": failing_metric,
    "a callback that raises": lambda: train(callbacks=[failing_callback, print_nothing]),
    "a sample that is NaN": bad_sample,
    "steps that are too large": too_large_steps,
    "other versions": other_version,
    "other lengths": lambda: train(data=(X[: 40 - RANK], Y[: 40 - RANK])),
    "other numbers": lambda: train(data=(X + RANK, Y)),
    "other shapes of data": other_shape,
    "other batches": lambda: train(batch_size=8 + RANK),
    "another net": lambda: train(sizes=(4, 5 + RANK, 2)),
    "another seed": lambda: train(seed=RANK),
    "another optimizer": lambda: train(optimizer=("adam", "adamw")[RANK], learning_rate=None),
    "no data at all": lambda: train(data=(X[:0], Y[:0]), engine="mpi(shards=true)"),
    "an engine that can't": lambda: train(engine="mpi(engine=mpi)"),
}


def run(fault):
    """Return what a fault ended with: the error, the weights, the seconds."""
    began = time.perf_counter()
    try:
        fault()
    except (Exception, KeyboardInterrupt) as error:
        return type(error).__name__, str(error), weights_of(net), time.perf_counter() - began
    return None, "", weights_of(net), time.perf_counter() - began


if __name__ == "__main__":
    leave({name: run(fault) for name, fault in (FAULTS | {"none": train}).items()})
