"""Holds the cost model of ``nnframe scale`` against what two processes measure.

    mpiexec -n 2 python -m mpi4py benchmarks/against_model.py

The network is measured, and for several nets and batches a share of a batch on one process. From these the model says
how long a batch takes on all processes, and then it is trained. All are done round by round, and medians count.
"""

from __future__ import annotations

import statistics
import sys

import numpy as np
from mpi4py import MPI
from nnframe_mpi.cost_model import adding_up
from nnframe_mpi.measuring import gradient_bytes, measured_network, timings_of_batches

# The sizes of a net, and a batch.
CASES: tuple[tuple[tuple[int, ...], int], ...] = (
    ((64, 32, 10), 256),
    ((64, 256, 10), 1024),
    ((256, 512, 512, 10), 512),
    ((512, 2048, 2048, 10), 1024),
)
DTYPE = np.dtype(np.float32)
ROUNDS = 3


def seconds_of_batch(sizes: tuple[int, ...], batch: int, engine: str) -> float:
    """Return what an update takes."""
    return timings_of_batches(sizes, [batch], DTYPE, engine)[batch].seconds


def main() -> None:
    """Measure, and print a line for each net."""
    comm = MPI.COMM_WORLD
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    for sizes, batch in CASES:
        n_bytes = gradient_bytes(sizes, DTYPE)
        expected, measured, networks = [], [], []
        for _ in range(rounds):
            networks.append(measured_network(comm)[0])
            # All at once, as in training: processes on one machine share its memory and caches.
            comm.Barrier()
            computing = max(comm.allgather(seconds_of_batch(sizes, batch // comm.size, "numpy")))
            expected.append(computing + adding_up(comm.size, n_bytes, networks[-1])[1])
            measured.append(max(comm.allgather(seconds_of_batch(sizes, batch, "mpi"))))
        if comm.rank == 0:
            ours, theirs = statistics.median(expected), statistics.median(measured)
            latency = statistics.median(each.latency for each in networks)
            bandwidth = statistics.median(each.bandwidth for each in networks)
            print(
                f"{'-'.join(map(str, sizes))}, batch {batch}: {latency * 1e6:.0f} us and {bandwidth / 1e6:.0f} MB/s, "
                f"expected {ours * 1e3:.3f} ms, measured {theirs * 1e3:.3f} ms: {ours / theirs:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
