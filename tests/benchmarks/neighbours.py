"""Measures how nnframe shares a machine: numpy's BLAS gets one thread where more would only wait for each other.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE python tests/benchmarks/neighbours.py --busy
    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE python tests/benchmarks/neighbours.py

With ``--busy``, other processes keep every core busy, and each row is compared with the same work in a process that was
started with OPENBLAS_NUM_THREADS=1; none should fall below 0.5 of its speed. Without it, on a quiet machine, the same
work is compared with what it is without the choice; no row should fall below 0.97.

    python tests/benchmarks/neighbours.py --search

compares scikit-learn's GridSearchCV with n_jobs=2 with n_jobs=1.

The processes take turns. A row's figure is the ratio of the medians of their turns.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np

import nnframe
from nnframe.blas import threads as blas_threads

MODES = ("as installed", "one thread", "without the choice")
# The least that a row may reach, busy and quiet.
LEAST = {"one thread": 0.5, "without the choice": 0.97}


def _net(*sizes: int) -> tuple[nnframe.nNet, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    count = 10_000
    net = nnframe.nNet.from_sizes(sizes, ["relu", "softmax"], dtype=np.float32)
    Y = np.eye(sizes[-1], dtype=np.float32)[rng.integers(sizes[-1], size=count)]
    return net, rng.standard_normal((count, sizes[0]), np.float32), Y


def _training(batch_size: int, *sizes: int) -> Callable[[], object]:
    net, X, Y = _net(*sizes)
    data = nnframe.pairs(X[: 10 * batch_size], Y[: 10 * batch_size])
    return partial(net.nEpochs, 1, data, "cel", 0.001, batch_size)


def _steps(batch_size: int, *sizes: int) -> Callable[[], object]:
    net, X, Y = _net(*sizes)
    trainer = net.trainer("cel", 0.001)
    return partial(trainer.step, np.ascontiguousarray(X[:batch_size].T), np.ascontiguousarray(Y[:batch_size].T))


def _answers(kind: str, count: int, *sizes: int) -> Callable[[], object]:
    net, X, Y = _net(*sizes)
    if kind == "evaluate":
        return partial(net.evaluate, nnframe.pairs(X[:count], Y[:count]), "cel", ["accuracy"])
    if kind == "predictor":
        return partial(net.predictor().rows, X[:count])
    return partial(net.forwardPass, np.ascontiguousarray(X[:count].T), False)


ROWS: dict[str, Callable[[], Callable[[], object]]] = {
    "30-100-2, batch 200": partial(_training, 200, 30, 100, 2),
    "64-32-10, batch 128": partial(_training, 128, 64, 32, 10),
    "784-128-10, batch 1": partial(_training, 1, 784, 128, 10),
    "784-256-128-10, batch 32": partial(_training, 32, 784, 256, 128, 10),
    "784-256-128-10, batch 128": partial(_training, 128, 784, 256, 128, 10),
    "512-2048-2048-10, batch 128": partial(_training, 128, 512, 2048, 2048, 10),
    "784-256-128-10, step of 128": partial(_steps, 128, 784, 256, 128, 10),
    "784-128-10, forwardPass of 1": partial(_answers, "forwardPass", 1, 784, 128, 10),
    "30-100-2, forwardPass of 200": partial(_answers, "forwardPass", 200, 30, 100, 2),
    "784-256-128-10, forwardPass of 128": partial(_answers, "forwardPass", 128, 784, 256, 128, 10),
    "784-256-128-10, forwardPass of 10,000": partial(_answers, "forwardPass", 10_000, 784, 256, 128, 10),
    "784-256-128-10, predictor, 128 rows": partial(_answers, "predictor", 128, 784, 256, 128, 10),
    "784-256-128-10, predictor, 10,000 rows": partial(_answers, "predictor", 10_000, 784, 256, 128, 10),
    "784-256-128-10, evaluate on 10,000": partial(_answers, "evaluate", 10_000, 784, 256, 128, 10),
}


def main() -> int:
    """Measure and print; return 1 if a row is below what it should reach."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--busy", action="store_true", help="beside processes that keep every core busy")
    parser.add_argument(
        "--neighbours",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="how many processes to start for --busy (default: one for each core)",
    )
    parser.add_argument("--search", action="store_true", help="a search of scikit-learn with one and with two jobs")
    parser.add_argument("--rows", nargs="+", default=[], metavar="TEXT", help="only rows with this in their name")
    parser.add_argument("--rounds", type=int, default=15, help="how many turns each process has (default: 15)")
    parser.add_argument("--seconds", type=float, default=0.1, help="how long a turn is, about (default: 0.1)")
    parser.add_argument("--worker", choices=MODES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        return _work(options.worker)
    if options.search:
        return _search(options.rounds)
    other = "one thread" if options.busy else "without the choice"
    rows = [name for name in ROWS if not options.rows or any(text in name for text in options.rows)]
    with ExitStack() as stack:
        workers = {mode: stack.enter_context(_worker(mode)) for mode in ("as installed", other)}
        if options.busy:
            for _ in range(options.neighbours):
                stack.callback(_start("-c", "while True: pass").kill)
        ratios = {name: _ratio(name, workers, other, options.rounds, options.seconds) for name in rows}
        for worker in workers.values():
            worker.kill()
    return int(min(ratios.values()) < LEAST[other])


def _ratio(name: str, workers: dict[str, Any], other: str, rounds: int, seconds: float) -> float:
    taken: dict[str, list[float]] = {mode: [] for mode in workers}
    for _ in range(rounds):
        for mode, worker in workers.items():
            print(f"{seconds} {name}", file=worker.stdin, flush=True)
            taken[mode].append(float(worker.stdout.readline()))
    mine, theirs = statistics.median(taken["as installed"]), statistics.median(taken[other])
    found = theirs / mine
    verdict = "" if found >= LEAST[other] else f"  below {LEAST[other]}"
    print(f"{name:40} {1e6 * mine:10.1f} us  {other}: {1e6 * theirs:10.1f} us  {found:6.2f}{verdict}", flush=True)
    return found


def _worker(mode: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if name not in blas_threads.VARIABLES}
    if mode == "one thread":
        environment["OPENBLAS_NUM_THREADS"] = "1"
    return _start(__file__, "--worker", mode, environment=environment)


def _start(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
    command = [sys.executable, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


def _work(mode: str) -> int:
    """Run turns on request: seconds and a row come in by stdin, the time of one call goes out."""
    if mode == "without the choice":
        blas_threads.blas_library = lambda: None  # type: ignore[assignment]
    ready: dict[str, Callable[[], object]] = {}
    for line in sys.stdin:
        seconds, _, name = line.strip().partition(" ")
        run = ready[name] if name in ready else ready.setdefault(name, ROWS[name]())
        run()
        began, calls = time.perf_counter(), 0
        while time.perf_counter() - began < float(seconds):
            run()
            calls += 1
        print((time.perf_counter() - began) / calls, flush=True)
    return 0


def _search(rounds: int) -> int:
    from nnframe_sklearn import NNClassifier
    from sklearn.datasets import load_digits
    from sklearn.model_selection import GridSearchCV

    X, y = load_digits(return_X_y=True)
    taken: dict[int, list[float]] = {1: [], 2: []}
    for turn in range(max(2, rounds // 5) + 1):
        for jobs, found in taken.items():
            estimator = NNClassifier(epochs=30, batch_size=200, random_state=0)
            search = GridSearchCV(estimator, {"l2": [1e-4, 1e-3, 1e-2, 1e-1]}, cv=3, n_jobs=jobs)
            began = time.perf_counter()
            search.fit(X / 16, y)
            # The first turn starts the processes of joblib.
            if turn > 0:
                found.append(time.perf_counter() - began)
    one, two = (statistics.median(found) for found in taken.values())
    print(f"GridSearchCV on digits, 12 fits: n_jobs=1 {one:.2f} s, n_jobs=2 {two:.2f} s, {one / two:.2f} times as fast")
    return int(two >= one)


if __name__ == "__main__":
    sys.exit(main())
