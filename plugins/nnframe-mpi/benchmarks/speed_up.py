"""Measures how much faster several processes train than one, with one BLAS thread each.

    python benchmarks/speed_up.py            # one and two processes in turn, a net 512-2048-2048-10, batches of 1,024
    python benchmarks/speed_up.py -n 8 --sizes 64 32 10 --batch 256

One and several processes run in turn, round by round, since a machine is not equally fast all the time.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

import nnframe_mpi
import numpy as np

import nnframe
from nnframe import nNet


def options() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=2, help="the number of processes (default: %(default)s)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 2048, 2048, 10], help="of the layers")
    parser.add_argument("--batch", type=int, default=1024, help="samples in a batch (default: %(default)s)")
    parser.add_argument("--batches", type=int, default=6, help="updates in a measurement (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="how often to measure (default: %(default)s)")
    parser.add_argument("--engine", default="mpi", help="such as 'mpi(average_every=16)' (default: %(default)s)")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def samples_per_second(asked: argparse.Namespace) -> float:
    """Return the speed of an epoch, after one that warms up."""
    rng = np.random.default_rng(0)
    n: int = asked.batch * asked.batches
    X = rng.normal(size=(n, asked.sizes[0])).astype(np.float32)
    Y = np.eye(asked.sizes[-1], dtype=np.float32)[rng.integers(asked.sizes[-1], size=n)]
    activations = ["relu"] * (len(asked.sizes) - 2) + ["softmax"]
    net = nNet.from_sizes(asked.sizes, activations, seed=0, dtype=np.float32)
    ends = []
    settings = {"batch_size": asked.batch, "engine": asked.engine, "callbacks": [lambda run: ends.append(run)]}
    history = net.nEpochs(3, nnframe.pairs(X, Y), "cel", 0.01, **settings)
    fastest: float = min(history.seconds[1:])
    return n / fastest


def run(n: int) -> float:
    """Return the speed with a number of processes."""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    command = ["mpiexec", "-n", str(n), sys.executable, "-m", "mpi4py", *sys.argv, "--worker"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    return float(printed)


def main() -> None:
    """Measure, and print the ratios."""
    asked = options()
    if asked.worker:
        speed = samples_per_second(asked)
        # What two processes print at once may end up in one line.
        if nnframe_mpi.rank() == 0:
            print(speed, flush=True)
        return
    ratios = []
    for _ in range(asked.rounds):
        one, several = run(1), run(asked.n)
        ratios.append(several / one)
        print(f"{one:,.0f} samples/s on 1, {several:,.0f} on {asked.n}: {ratios[-1]:.2f} times as many", flush=True)
        time.sleep(0.1)
    print(f"median {statistics.median(ratios):.2f}, from {min(ratios):.2f} to {max(ratios):.2f}")


if __name__ == "__main__":
    main()
