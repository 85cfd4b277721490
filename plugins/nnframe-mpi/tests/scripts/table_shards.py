"""Reads a folder of parquet files, each process its own, and trains; the second argument is the folder."""

import sys

import nnframe_mpi
import nnframe_table
from results import leave, weights_of

from nnframe import nNet

table = nnframe_table.read_shards(sys.argv[2], "price", nnframe_mpi.team())
net = nNet.from_sizes(table.sizes([5]), ["tanh", table.target.activation], seed=0)
history = net.nEpochs(
    3, table.train, table.target.loss, 0.1, 8, shuffle=True, seed=1, engine="mpi(shards=true)",
    validation=table.validation,
)  # fmt: skip
leave((table.columns.input_names, table.train.X, weights_of(net), history))
