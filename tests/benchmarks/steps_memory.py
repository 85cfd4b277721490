"""Checks that a trainer doesn't grow: makes a million updates, and prints the memory of the process on the way.

    python tests/benchmarks/steps_memory.py --optimizer adam

Each update is for a new pair, as in a stream. The command fails if the process holds more memory at the end than after
the first twentieth of the updates, beyond `ALLOWED` bytes.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

import nnframe

# The history has a number for each epoch of 1,000 updates; the allocator keeps some pages of its own.
ALLOWED = 2**20
PAGE = 4096


def resident() -> int:
    """Return the bytes of memory that the process holds (Linux)."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE


def main() -> int:
    """Train, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1_000_000, help="how many updates (default: 1,000,000)")
    parser.add_argument("--optimizer", default="adam", help="such as adam, or sgd(learning_rate=0.001)")
    parser.add_argument("--engine", default="numpy", help="the engine (default: numpy)")
    options = parser.parse_args()
    net = nnframe.nNet.from_sizes([20, 32, 3], ["relu", "softmax"], dtype=np.float32)
    trainer = net.trainer("cel", optimizer=options.optimizer, engine=options.engine)
    rng = np.random.default_rng(0)
    targets = np.eye(3, dtype=np.float32)
    began, early = time.perf_counter(), 0
    stops = [options.steps * part // 20 for part in range(1, 21)]
    for stop in stops:
        while trainer.steps < stop:
            x = rng.standard_normal((20, 1), dtype=np.float32)
            trainer.step(x, targets[:, [int(x[0, 0] > 0) + int(x[1, 0] > 0)]])
        now = resident()
        early = early or now
        print(f"{stop:9,} updates: {now / 2**20:.2f} MiB, {time.perf_counter() - began:.0f} s", flush=True)
    grown = now - early
    print(f"grown by {grown / 2**10:.0f} KiB since update {stops[0]:,}; allowed are {ALLOWED / 2**10:.0f} KiB")
    return int(grown > ALLOWED)


if __name__ == "__main__":
    sys.exit(main())
