"""Process 1 leaves out a run, which is another kind of run than the next."""

import time

from fault_data import X, Y
from nnframe_mpi import rank, shards
from results import leave

import nnframe
from nnframe import nNet

DATA = nnframe.pairs(X, Y)


def train(engine):
    nNet.from_sizes([4, 5, 2], ["tanh", None], seed=0).nEpochs(2, DATA, "mse", 0.1, 8, seed=0, engine=engine)


if __name__ == "__main__":
    train("mpi(limit=20)")
    error = ""
    try:
        if rank() == 0:
            train("mpi(limit=20)")
        DATA = shards(DATA)
        train("mpi(limit=20, shards=true)")
    except nnframe.EngineError as caught:
        error = str(caught)
    # The other process may be at its end by now.
    time.sleep(0.4 * rank())
    leave(error)
