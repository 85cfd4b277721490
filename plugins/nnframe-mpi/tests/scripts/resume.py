"""Continues from a checkpoint; the second argument is the number of epochs."""

import sys
from pathlib import Path

from long_run import make_net, train
from results import leave, weights_of

net = make_net()
history = train(net, Path(sys.argv[1]), "mpi", int(sys.argv[2]))
leave((weights_of(net), history))
