"""Shards of uneven lengths, and runs over them."""

import nnframe_mpi
import numpy as np

import nnframe
from nnframe import nNet
from nnframe.training.prepare import prepare
from nnframe.training.settings import Settings

LENGTHS = (700, 13, 411, 0, 300)
N = sum(LENGTHS)
rng = np.random.default_rng(0)
X = rng.normal(size=(N, 4))
LABELS = rng.choice(3, size=N, p=[0.1, 0.2, 0.7])
Y = nnframe.one_hot(LABELS, [0, 1, 2])
WEIGHTS = rng.uniform(0, 2, size=N)
SETTINGS = {
    "learning_rate": 0.1,
    "batch_size": 64,
    "seed": 5,
    "shuffle": True,
    "dropout": 0.3,
    "clip_norm": 0.1,
    "l2": 0.01,
}
# What else is asked for.
CASES = {
    "plain": {},
    "in the order of the data": {"shuffle": False},
    "held out": {"validation": 0.2, "metrics": ["f1", "r2", "top_k(k=2)"]},
    "balanced": {"class_weights": "balanced"},
}


def parts_of(rank, size):
    """Return the slices of the shards of a process."""
    ends = np.cumsum((0, *LENGTHS)).tolist()
    own = range(len(LENGTHS) * rank // size, len(LENGTHS) * (rank + 1) // size)
    return [slice(ends[i], ends[i + 1]) for i in own]


def data_of(rank, size):
    empty = [] if parts_of(rank, size) else [slice(0, 0)]
    return nnframe_mpi.shards(*(nnframe.pairs(X[rows], Y[rows]) for rows in (*parts_of(rank, size), *empty)))


def make_net():
    return nNet.from_sizes([4, 6, 3], ["tanh", "softmax"], seed=0)


def train(name, engine, data, **changes):
    net = make_net()
    history = net.nEpochs(2, data, "cel", engine=engine, **SETTINGS | CASES[name] | changes)
    return [array.copy() for layer in net.layersList for array in (layer.linear, layer.bias)], history


def in_one_process(name):
    """Return the weights that the reference ends with if it visits all samples in the order of the shards."""
    net, engine = make_net(), "mpi(shards=true)"
    run = prepare(net, data_of(0, 1), Settings.of(n=2, loss="cel", engine=engine, **SETTINGS | CASES[name]))
    reference = nnframe.registry.get("engine", "reference").prepare(run.task)
    for number in range(2):
        epoch = run.plan.epoch(number, 0.1)
        order = np.concatenate([epoch.order[a:b] for a, b in zip(epoch.shares.starts, epoch.shares.stops, strict=True)])
        reference(epoch._replace(order=order, shares=None))
    return [array for layer in net.layersList for array in (layer.linear, layer.bias)]
