"""Measures single updates and optimizers in compiled code: steps on numba against numpy, and Adam against RMSprop.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE python tests/benchmarks/numba_updates.py

prints a table of steps, one pair a call, and a table of optimizers, by epochs and by single updates. Contenders take
turns of a few milliseconds in one process, and the shortest turns are compared, so the ratios hold on a busy machine
too. It takes two minutes, and one more when nothing has been compiled yet.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise, product
from typing import Any

import numpy as np
from steps import NETS, OPTIMIZERS, RATE

import nnframe
from nnframe.registry.engine_binding import bind_engine
from nnframe.training.prepare import prepare
from nnframe.training.settings import Settings

# What a step on numba and an update by these should take, compared with a step on numpy and an update by rmsprop.
LEAST_FASTER, MOST_SLOWER = 5.0, 2.0
COMPARED = ("rmsprop", "adam", "adamw", "nadam")
EPOCHS = tuple(product(((64, 32, 10), (784, 256, 128, 10)), (1, 32, 128), ("float32", "float64")))
STEPS = tuple(product(((64, 32, 10),), (1, 32), ("float32",)))
# A turn has so many samples at least, and so many weights times samples at most.
FEWEST_SAMPLES, MOST_WORK = 256, 2_000_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="the time for each row (default: 2)")
    seconds = parser.parse_args().seconds
    print(f"{'a step with one pair, us':34} {'numpy':>8} {'numba':>8} {'ratio':>8}")
    for net, optimizer in product(NETS, OPTIMIZERS):
        best = shortest({engine: _steps_by_engine(net, optimizer, engine) for engine in ("numpy", "numba")}, seconds)
        ratio = best["numpy"] / best["numba"]
        times = " ".join(f"{time:8.2f}" for time in best.values())
        print(
            f"{f'{net} {optimizer}':34} {times} {ratio:8.1f}{'' if ratio >= LEAST_FASTER else '  MISSED'}", flush=True
        )
    print(f"\n{'an update, us; times rmsprop':34}" + "".join(f" {name:>8}" for name in COMPARED))
    for make, kind, rows in ((_epoch, "epoch", EPOCHS), (_steps, "step", STEPS)):
        for sizes, batch_size, dtype in rows:
            best = shortest({name: make(sizes, batch_size, dtype, name) for name in COMPARED}, seconds)
            ratios = [best[name] / best["rmsprop"] for name in COMPARED[1:]]
            row = f"{'-'.join(map(str, sizes))}, {batch_size}, {dtype}, {kind}"
            verdict = "" if max(ratios) <= MOST_SLOWER else "  MISSED"
            print(
                f"{row:34} {best['rmsprop']:8.1f}" + "".join(f" {each:8.2f}" for each in ratios) + verdict, flush=True
            )


Turn = tuple[Callable[[], Any], int]


def shortest(turns: Mapping[str, Turn], seconds: float) -> dict[str, float]:
    """Return for each contender the microseconds of an update in its shortest turn.

    Parameters
    ----------
    turns : mapping of str to (callable, int)
        What makes a turn, and how many updates it is.
    seconds : float
        How long to repeat them.
    """
    best = dict.fromkeys(turns, float("inf"))
    for run, _ in turns.values():
        run()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name, (run, count) in turns.items():
            began = time.perf_counter()
            run()
            best[name] = min(best[name], 1e6 * (time.perf_counter() - began) / count)
    return best


def _data(sizes: tuple[int, ...], loss: str, count: int, dtype: str) -> tuple[nnframe.Array, nnframe.Array]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((count, sizes[0])).astype(dtype)
    if loss == "cel":
        return X, np.eye(sizes[-1], dtype=dtype)[rng.integers(sizes[-1], size=count)]
    return X, rng.standard_normal((count, sizes[-1])).astype(dtype)


def _steps_by_engine(net: str, optimizer: str, engine: str) -> Turn:
    sizes, activations, loss = NETS[net]
    X, Y = _data(sizes, loss, 64, "float32")
    rule: dict[str, Any] = {"learning_rate": RATE} if OPTIMIZERS[optimizer] is None else {"optimizer": optimizer}
    trainer = nnframe.nNet.from_sizes(sizes, activations, dtype=np.float32).trainer(loss, engine=engine, **rule)
    return _turn_of(trainer, ((x[:, None], y[:, None]) for x, y in zip(X, Y, strict=True)))


def _turn_of(trainer: Any, batches: Iterable[tuple[nnframe.Array, nnframe.Array]]) -> Turn:
    listed = [(x.copy(), y.copy()) for x, y in batches]

    def steps() -> None:
        for x, y in listed:
            trainer.step(x, y)

    return steps, len(listed)


def _net(sizes: tuple[int, ...], dtype: str) -> nnframe.nNet:
    return nnframe.nNet.from_sizes(sizes, [*["relu"] * (len(sizes) - 2), "softmax"], seed=0, dtype=np.dtype(dtype))


def _n_samples(sizes: tuple[int, ...], batch_size: int) -> int:
    n_weights = sum(n_in * n_out for n_in, n_out in pairwise(sizes))
    n_batches = max(2, min(-(-FEWEST_SAMPLES // batch_size), MOST_WORK // n_weights // batch_size))
    return n_batches * batch_size


def _epoch(sizes: tuple[int, ...], batch_size: int, dtype: str, optimizer: str) -> Turn:
    X, Y = _data(sizes, "cel", _n_samples(sizes, batch_size), dtype)
    settings = Settings.of(loss="cel", engine="numba", optimizer=optimizer, batch_size=batch_size)
    run = prepare(_net(sizes, dtype), nnframe.pairs(X, Y), settings)
    run_epoch, plan = bind_engine(settings.engine, run.task), run.plan.epoch(0, settings.learning_rate)
    return lambda: run_epoch(plan), len(X) // batch_size


def _steps(sizes: tuple[int, ...], batch_size: int, dtype: str, optimizer: str) -> Turn:
    X, Y = _data(sizes, "cel", 8 * batch_size, dtype)
    trainer = _net(sizes, dtype).trainer("cel", engine="numba", optimizer=optimizer)
    parts = range(0, len(X), batch_size)
    return _turn_of(trainer, ((X[i : i + batch_size].T, Y[i : i + batch_size].T) for i in parts))


if __name__ == "__main__":
    main()
