"""Compares the speed of the numpy engine with that of another checkout of nnframe.

    git worktree add --detach ../other 34f4360^
    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE python tests/benchmarks/versions.py ../other

Each measurement is a process of its own, since two processes with the same code may differ by a tenth: by where their
memory lies. The two checkouts take turns, and a row's figure is the ratio of the medians over all processes, with the
quartiles of the ratios of processes that followed each other. Run it on an idle machine; it takes 5 minutes, or what
--minutes says. Commit 34f4360 is the one with which nnframe began to choose the number of BLAS threads.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import nnframe

HERE = Path(__file__).resolve().parents[2]
# The least that a row may reach of the other checkout's speed.
LEAST = 0.97
SECONDS, FEWEST_CALLS = 0.15, 3


def _training(sizes: tuple[int, ...], batch_size: int, count: int, **settings: Any) -> Callable[[], object]:
    dtype = settings.pop("dtype", np.float32)
    net, X, Y = _net(sizes, count, dtype)
    return partial(net.nEpochs, 1, nnframe.pairs(X, Y), "cel", batch_size=batch_size, **settings)


def _step(sizes: tuple[int, ...], batch_size: int) -> Callable[[], object]:
    net, X, Y = _net(sizes, batch_size, np.float32)
    return partial(net.trainer("cel", 0.001).step, np.ascontiguousarray(X.T), np.ascontiguousarray(Y.T))


def _forward(sizes: tuple[int, ...], count: int) -> Callable[[], object]:
    net, X, _ = _net(sizes, count, np.float32)
    return partial(net.forwardPass, np.ascontiguousarray(X.T), False)


def _net(sizes: tuple[int, ...], count: int, dtype: Any) -> tuple[nnframe.nNet, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    net = nnframe.nNet.from_sizes(sizes, ["relu", "softmax"], dtype=dtype, seed=0)
    Y = np.eye(sizes[-1], dtype=dtype)[rng.integers(sizes[-1], size=count)]
    return net, rng.standard_normal((count, sizes[0])).astype(dtype), Y


SMALL, WIDE, DEEP, LARGE = (64, 32, 10), (784, 128, 10), (784, 256, 128, 10), (512, 2048, 2048, 10)
SGD, ADAM = {"learning_rate": 0.001}, {"optimizer": "adam"}
# Passes over enough samples that the cost of starting a run hardly shows, as in `compare.py`.
ROWS: dict[str, Callable[[], Callable[[], object]]] = {
    "64-32-10, batch 1": partial(_training, SMALL, 1, 2000, **SGD),
    "64-32-10, batch 32": partial(_training, SMALL, 32, 25600, **SGD),
    "64-32-10, batch 128": partial(_training, SMALL, 128, 25600, **SGD),
    "30-100-2, batch 200": partial(_training, (30, 100, 2), 200, 10_000, **SGD),
    "784-128-10, batch 1": partial(_training, WIDE, 1, 1000, **SGD),
    "784-256-128-10, batch 32": partial(_training, DEEP, 32, 640, **SGD),
    "784-256-128-10, batch 128": partial(_training, DEEP, 128, 2560, **SGD),
    "784-256-128-10, batch 128, float64": partial(_training, DEEP, 128, 2560, dtype=np.float64, **SGD),
    "512-2048-2048-10, batch 128": partial(_training, LARGE, 128, 256, **SGD),
    "64-32-10, batch 1, adam": partial(_training, SMALL, 1, 2000, **ADAM),
    "784-256-128-10, batch 128, adam": partial(_training, DEEP, 128, 2560, **ADAM),
    "64-32-10, step of 1": partial(_step, SMALL, 1),
    "784-256-128-10, step of 128": partial(_step, DEEP, 128),
    "64-32-10, forwardPass of 1": partial(_forward, SMALL, 1),
    "784-128-10, forwardPass of 1": partial(_forward, WIDE, 1),
    "784-256-128-10, forwardPass of 128": partial(_forward, DEEP, 128),
    "784-256-128-10, forwardPass of 10,000": partial(_forward, DEEP, 10_000),
}


def main() -> int:
    """Measure and print; return 1 if a row is below what it should reach."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", help="the other checkout")
    parser.add_argument("--rows", nargs="+", default=[], metavar="TEXT", help="only rows with this in their name")
    parser.add_argument("--minutes", type=float, default=5, help="how long to measure (default: 5)")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    names = [name for name in ROWS if not options.rows or any(text in name for text in options.rows)]
    if options.worker:
        return _work(names)
    checkouts = [HERE, Path(options.other).resolve()]
    found: list[list[dict[str, float]]] = [[], []]
    end = time.perf_counter() + 60 * options.minutes
    while time.perf_counter() < end or len(found[0]) < FEWEST_CALLS:
        for checkout, times in zip(checkouts, found, strict=True):
            times.append(_measured(checkout, names))
    print(f"{len(found[0])} processes of each; us a call here and there; how many times as fast as there, quartiles")
    worst = 1.0
    for name in names:
        if name not in found[1][0]:
            print(f"{name:40} the other checkout can't do this")
            continue
        mine, theirs = ([each[name] for each in times] for times in found)
        ratio = statistics.median(theirs) / statistics.median(mine)
        low, _, high = statistics.quantiles(np.divide(theirs, mine).tolist(), n=4)
        worst = min(worst, ratio)
        verdict = "" if ratio >= LEAST else f"  below {LEAST}"
        here, there = 1e6 * statistics.median(mine), 1e6 * statistics.median(theirs)
        print(f"{name:40} {here:10.1f} {there:10.1f} {ratio:6.2f} ({low:.2f} to {high:.2f}){verdict}")
    return int(worst < LEAST)


def _measured(checkout: Path, names: list[str]) -> dict[str, float]:
    """Return the seconds of a call of each row in a new process that imports nnframe from a checkout."""
    command = [sys.executable, __file__, str(checkout), "--worker", "--rows", *names]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(checkout)}, stdout=subprocess.PIPE, text=True, check=True
    )
    path, times = json.loads(done.stdout)
    if not Path(path).is_relative_to(checkout):
        raise RuntimeError(f"nnframe was imported from {path}, expected it in {checkout}")
    return times  # type: ignore[no-any-return]


def _work(names: list[str]) -> int:
    """Print where nnframe was imported from, and the shortest time of a call of each row."""
    times = {}
    for name in names:
        try:
            run = ROWS[name]()
        except AttributeError:
            # An older nnframe has no trainers.
            continue
        run()
        taken: list[float] = []
        began = time.perf_counter()
        while time.perf_counter() - began < SECONDS or len(taken) < FEWEST_CALLS:
            start = time.perf_counter()
            run()
            taken.append(time.perf_counter() - start)
        # Other programs only make it longer.
        times[name] = min(taken)
    print(json.dumps([nnframe.__file__, times]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
