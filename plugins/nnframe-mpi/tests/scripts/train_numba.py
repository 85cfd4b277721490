"""Trains two cases on the compiled engine."""

from cases import train
from results import leave

leave({name: train(name, "mpi(engine=numba)")[0] for name in ("dropout", "batches smaller than the processes")})
