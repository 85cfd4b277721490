"""Measures single updates: a trainer's step against a sample within an epoch, torch's step, and a call of backprop.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE python tests/benchmarks/steps.py

Everything is measured in one process on one core, in turns of some milliseconds, and the shortest turns are compared,
so the ratios hold on a busy machine too. The sample is one of an epoch of 256: in a shorter one it would bear more of
the cost of starting an epoch.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import nnframe
from nnframe.registry.engine_binding import bind_engine
from nnframe.training.prepare import prepare
from nnframe.training.settings import Settings

NETS = {
    "2-16-1": ((2, 16, 1), ("tanh", None), "mse"),
    "64-32-10": ((64, 32, 10), ("relu", "softmax"), "cel"),
    "20-32-3": ((20, 32, 3), ("relu", "softmax"), "cel"),
}
OPTIMIZERS = {"sgd": None, "adam": "adam"}
# The losses of so many samples are computed at once in an epoch.
RATE, SAMPLES = 0.01, 256


def main() -> None:
    """Measure and print a line for each net and optimizer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=300, help="how often each contender has its turn (default: 300)")
    parser.add_argument("--engine", default="numpy", help="the engine (default: numpy)")
    parser.add_argument("--no-torch", action="store_true", help="leave torch out")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])
    print(
        f"{'shortest of many, us':20} {'sample':>8} {'step':>8} {'ratio':>6} {'backprop':>9} {'torch':>7} {'ratio':>6}"
    )
    for net in NETS:
        for optimizer in OPTIMIZERS:
            rows = _contenders(net, optimizer, options.engine, not options.no_torch)
            best = _shortest(rows, options.turns)
            sample, step, torch = best["sample"], best["step"], best.get("torch", float("nan"))
            called = best.get("backprop", float("nan"))
            print(
                f"{net + ' ' + optimizer:20} {sample:8.1f} {step:8.1f} {step / sample:6.2f} {called:9.1f} {torch:7.1f} "
                f"{torch / step:6.2f}"
            )


def _contenders(net: str, optimizer: str, engine: str, with_torch: bool) -> dict[str, tuple[Callable[[], Any], int]]:
    """Return for each contender a function that makes a turn, and how many updates a turn is."""
    sizes, activations, loss = NETS[net]
    rng = np.random.default_rng(0)
    X = rng.standard_normal((SAMPLES, sizes[0]), np.float32)
    if loss == "cel":
        Y = np.eye(sizes[-1], dtype=np.float32)[rng.integers(sizes[-1], size=SAMPLES)]
    else:
        Y = rng.standard_normal((SAMPLES, sizes[-1]), np.float32)
    pairs = [(x[:, None].copy(), y[:, None].copy()) for x, y in zip(X, Y, strict=True)]
    rule: dict[str, Any] = {"learning_rate": RATE} if OPTIMIZERS[optimizer] is None else {"optimizer": optimizer}
    one, two, three = (nnframe.nNet.from_sizes(sizes, activations, dtype=np.float32) for _ in range(3))
    trainer = two.trainer(loss, engine=engine, **rule)
    settings = Settings.of(loss=loss, engine=engine, **rule)
    run = prepare(one, nnframe.pairs(X, Y), settings)
    run_epoch = bind_engine(settings.engine, run.task)
    plan = run.plan.epoch(0, settings.learning_rate)

    def epoch() -> None:
        run_epoch(plan)

    def steps() -> None:
        for x, y in pairs:
            trainer.step(x, y)

    def calls() -> None:
        for pair in pairs:
            three.backprop([pair], loss, RATE)

    found: dict[str, tuple[Callable[[], Any], int]] = {"sample": (epoch, SAMPLES), "step": (steps, SAMPLES)}
    if OPTIMIZERS[optimizer] is None:
        found["backprop"] = calls, SAMPLES
    if with_torch:
        found["torch"] = _torch_steps(sizes, loss, optimizer, X, Y), 8
    return found


def _torch_steps(sizes: tuple[int, ...], loss: str, optimizer: str, X: np.ndarray, Y: np.ndarray) -> Callable[[], None]:
    import torch

    torch.set_num_threads(1)
    hidden = torch.nn.ReLU() if loss == "cel" else torch.nn.Tanh()
    model = torch.nn.Sequential(torch.nn.Linear(*sizes[:2]), hidden, torch.nn.Linear(*sizes[1:]))
    criterion = torch.nn.CrossEntropyLoss() if loss == "cel" else torch.nn.MSELoss()
    kind = torch.optim.SGD if OPTIMIZERS[optimizer] is None else torch.optim.Adam
    update = kind(model.parameters(), lr=RATE, fused=True)
    targets = torch.from_numpy(Y.argmax(axis=1) if loss == "cel" else Y)
    pairs = [(x[None], y[None]) for x, y in zip(torch.from_numpy(X[:8]), targets[:8], strict=True)]

    def steps() -> None:
        for x, y in pairs:
            update.zero_grad()
            criterion(model(x), y).backward()
            update.step()

    return steps


def _shortest(rows: dict[str, tuple[Callable[[], Any], int]], turns: int) -> dict[str, float]:
    best = dict.fromkeys(rows, float("inf"))
    for turn in range(turns + 1):
        for name, (run, count) in rows.items():
            began = time.perf_counter()
            run()
            if turn > 0:
                best[name] = min(best[name], 1e6 * (time.perf_counter() - began) / count)
    return best


if __name__ == "__main__":
    main()
