"""Trains with an engine that makes a mistake; the second argument says which."""

import sys

import nnframe_mpi.in_step
import numpy as np
from cases import train
from results import leave

right = nnframe_mpi.in_step.even_shares


def mean_of_means(*arguments):
    shares = right(*arguments)
    size = arguments[-1]
    return shares._replace(sizes=np.maximum(shares.stops - shares.starts, 1) * size)


def local_positions(*arguments):
    shares = right(*arguments)
    return shares._replace(positions=np.arange(len(shares.sizes)) * arguments[1])


def right_one(*arguments):
    return right(*arguments)


nnframe_mpi.in_step.even_shares = globals()[sys.argv[2]]
leave(train(sys.argv[3], "mpi")[0])
