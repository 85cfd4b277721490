"""Trains on shards, with each process its own."""

import nnframe_mpi
from results import leave
from shard_data import CASES, WEIGHTS, data_of, parts_of, train

rank, size = nnframe_mpi.rank(), nnframe_mpi.size()
results = {name: train(name, "mpi(shards=true)", data_of(rank, size)) for name in CASES}
weights = [each for rows in parts_of(rank, size) for each in WEIGHTS[rows]]
results["sample weights"] = train("plain", "mpi(shards=true)", data_of(rank, size), sample_weights=weights)
leave(results)
