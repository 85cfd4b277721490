"""Trains all cases twice."""

from cases import CASES, train
from results import leave

leave({name: [train(name, "mpi") for _ in range(2)] for name in CASES})
