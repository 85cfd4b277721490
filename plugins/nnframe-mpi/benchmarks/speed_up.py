"""Measures how much faster several processes train than one, with one BLAS thread each.

    python benchmarks/speed_up.py            # two processes, a net 512-2048-2048-10, batches of 1,024
    python benchmarks/speed_up.py -n 8 --sizes 64 32 10 --batch 256

All is measured in turn, round by round, since a machine is not equally fast all the time: process 0 alone; all
processes with their shares but without messages, which is the most that can be had; and all with the engine. The last
line compares processor times of process 0, which mean something on a busy machine as well.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
from mpi4py import MPI

import nnframe
from nnframe import Pairs, nNet
from nnframe.training import loop

EPOCHS = 3
# One process, all without messages, all with the engine.
ALONE, APART, TOGETHER = "one process", "without messages", "with the engine"


def options() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=2, help="the number of processes (default: %(default)s)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 2048, 2048, 10], help="of the layers")
    parser.add_argument("--batch", type=int, default=1024, help="samples in a batch (default: %(default)s)")
    parser.add_argument("--batches", type=int, default=8, help="updates in an epoch (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=12, help="how often to measure (default: %(default)s)")
    parser.add_argument("--engine", default="mpi", help="such as 'mpi(average_every=16)' (default: %(default)s)")
    parser.add_argument("--optimizer", default="sgd", help="such as adam (default: %(default)s)")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def seconds_of_batches(asked: argparse.Namespace, data: Pairs, batch: int, engine: str) -> list[tuple[float, float]]:
    """Return the seconds of a batch, and those of the processor, for each epoch but the first, which warms up."""
    activations = ["relu"] * (len(asked.sizes) - 2) + ["softmax"]
    net = nNet.from_sizes(asked.sizes, activations, seed=0, dtype=np.float32)
    rate = {"learning_rate": 0.01} if asked.optimizer == "sgd" else {"optimizer": asked.optimizer}
    history = net.nEpochs(EPOCHS, data, "cel", **rate, batch_size=batch, engine=engine)
    return [(both.real / asked.batches, both.imag / asked.batches) for both in history.seconds[1:]]


def both_clocks() -> complex:
    """Return the seconds that have passed, and those of this process's processor as the imaginary part."""
    return complex(time.perf_counter(), time.process_time())


def wait(comm: MPI.Intracomm) -> None:
    """Wait for the others without taking their processor time."""
    request = comm.Ibarrier()
    while not request.Test():
        time.sleep(5e-4)


def work(asked: argparse.Namespace) -> None:
    """Measure in one of the processes, and print in the first."""
    comm = MPI.COMM_WORLD
    # What the training loop reads the time from.
    vars(loop)["time"] = SimpleNamespace(perf_counter=both_clocks)
    rng = np.random.default_rng(0)
    n, share = asked.batch * asked.batches, asked.batch // comm.size
    X = rng.normal(size=(n, asked.sizes[0])).astype(np.float32)
    Y = np.eye(asked.sizes[-1], dtype=np.float32)[rng.integers(asked.sizes[-1], size=n)]
    whole = nnframe.pairs(X, Y)
    part = nnframe.pairs(X[: share * asked.batches], Y[: share * asked.batches])
    found: dict[str, list[tuple[float, float]]] = {ALONE: [], APART: [], TOGETHER: []}
    for _ in range(asked.rounds):
        wait(comm)
        if comm.rank == 0:
            found[ALONE] += seconds_of_batches(asked, whole, asked.batch, "numpy")
        wait(comm)
        found[APART] += seconds_of_batches(asked, part, share, "numpy")
        wait(comm)
        found[TOGETHER] += seconds_of_batches(asked, whole, asked.batch, asked.engine)
    if comm.rank > 0:
        return
    milliseconds = {name: np.array(values).T * 1e3 for name, values in found.items()}
    for name, (elapsed, processor) in milliseconds.items():
        print(
            f"{name:17} a batch takes {elapsed.min():.1f} ms, lower quartile {np.quantile(elapsed, 0.25):.1f}, median "
            f"{np.median(elapsed):.1f}; of the processor {processor.min():.1f}, lower quartile "
            f"{np.quantile(processor, 0.25):.1f}",
            flush=True,
        )
    for name, row, quantile in (
        ("the shortest", 0, 0.0),
        ("lower quartiles", 0, 0.25),
        ("medians", 0, 0.5),
        ("processor time, lower quartiles", 1, 0.25),
    ):
        alone, apart, together = (np.quantile(values[row], quantile) for values in milliseconds.values())
        print(f"{name}: {alone / together:.2f} times as fast, at most {alone / apart:.2f}", flush=True)


def main() -> None:
    """Start the processes."""
    asked = options()
    if asked.worker:
        work(asked)
        return
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    command = ["mpiexec", "-n", str(asked.n), sys.executable, "-m", "mpi4py", *sys.argv, "--worker"]
    raise SystemExit(subprocess.run(command, env=environment).returncode)


if __name__ == "__main__":
    main()
