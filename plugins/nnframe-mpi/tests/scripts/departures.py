"""Process 1 ends after the first run, in a way that the third argument says; the others go on to a second run."""

import os
import signal
import sys
import time

import nnframe_mpi
from fault_data import X, Y
from mpi4py import MPI
from results import FOLDER

import nnframe
from nnframe import nNet


def raise_error():
    raise ValueError("not now")


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(1)


ENDS = {
    "an error": raise_error,
    "sys.exit(1)": lambda: sys.exit(1),
    "Ctrl-C": interrupt,
    "the end of the script": lambda: sys.exit(0),
    "nothing": lambda: None,
    "MPI.Finalize": lambda: None,
}


def train():
    net = nNet.from_sizes([4, 5, 2], ["tanh", None], seed=0)
    net.nEpochs(2, nnframe.pairs(X, Y), "mse", 0.1, 8, seed=0, engine="mpi(limit=60)")


if __name__ == "__main__":
    train()
    if nnframe_mpi.rank() == 1:
        (FOLDER / "left").write_text(str(time.time()))
        ENDS[sys.argv[2]]()
    train()
    print("done", flush=True)
    if sys.argv[2] == "MPI.Finalize":
        MPI.Finalize()
