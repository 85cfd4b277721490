"""Trains many weights where processes can't share memory; the second argument says why."""

import sys

from cases import train
from nnframe_mpi.shared_memory import SharedVector
from nnframe_mpi.team import MPITeam
from results import leave


def refuse(*arguments):
    raise OSError("no such memory")


if sys.argv[2] == "other machines":
    MPITeam.size_here = property(lambda self: 1, lambda self, value: None)
elif sys.argv[2] == "no memory":
    SharedVector.__init__ = refuse
else:
    SharedVector.vectors = refuse
leave([train("many weights", "mpi")[0] for _ in range(2)])
