"""What is recorded and derived against what is written by hand: python tests/benchmarks/derivatives.py [NAME ...]

For each built-in activation, loss and optimizer and each of nnframe-zoo's, a row of a table: whether its formula can be
recorded; the largest difference between what is derived and what its author writes by hand, or once wrote, in float64
and in float32; how long deriving takes; and how many times as long the derived function takes on arrays of 256 x 1024.
Of an optimizer, the recorded update is compared with the formula called as it is, after 20 updates. Times are the
shortest of runs in alternation, so that a busy neighbor slows down both.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from by_hand import BY_HAND

from nnframe import Activation, DerivativeError, Loss, NNFrameError, Optimizer, registry
from nnframe.contracts.domains import sample
from nnframe.contracts.optimizer import LEARNING_RATE
from nnframe.engines.fast.memory import Memory
from nnframe.engines.update_program import UpdateProgram, recipe_of

SHAPE = (256, 1024)
RUNS = 25
UPDATES = 20
ACTIVATIONS = (
    *("relu", "sigmoid", "tanh", "softmax", "celu", "elu", "gelu", "gelu_tanh", "hardshrink", "hardsigmoid"),
    *("hardswish", "hardtanh", "leaky_relu", "log_softmax", "logsigmoid", "mish", "relu6", "selu", "silu"),
    *("softmin", "softplus", "softshrink", "softsign", "sparsemax", "tanhshrink"),
)
LOSSES = (
    *("mse", "cel", "bce", "cosine", "focal", "gaussian_nll", "hinge", "nnframe-zoo/huber", "kl_div", "log_cosh"),
    *("mae", "nll", "poisson_nll", "quantile", "smooth_l1", "smoothed_cel", "squared_hinge"),
)


OPTIMIZERS = (
    "adagrad",
    "adam",
    "adamw",
    "nadam",
    "rmsprop",
    "sgd",
    "sgd(momentum=0.9)",
    "sgd(momentum=0.9,nesterov=True)",
)
HEADER = "| part | recorded | float64 | float32 | ms | time | time, float32 |\n|---|---|---|---|---|---|---|"


class Row(NamedTuple):
    """What was found of one part."""

    name: str
    error: float
    error_float32: float
    milliseconds: float
    ratio: float
    ratio_float32: float


def arguments(plugin: Activation | Loss, dtype: type) -> tuple[Any, ...]:
    """Return what the derivative is called with."""
    rng = np.random.default_rng(0)
    if isinstance(plugin, Activation):
        z: Any = rng.normal(scale=2, size=SHAPE).astype(dtype)
        return (z,) if plugin.elementwise else (rng.normal(size=SHAPE).astype(dtype), z, plugin.forward(z))
    a: Any
    y: Any
    a, y = (sample(domain, SHAPE, rng).astype(dtype) for domain in (plugin.a_domain, plugin.y_domain))
    return (np.stack([a / (1 + i) for i in range(plugin.n_outputs)]) if plugin.is_grouped else a), y


def by_hand(plugin: Activation | Loss) -> Callable[..., Any]:
    """Return the derivative that its author wrote."""
    given = plugin.gradient if isinstance(plugin, Loss) else plugin.derivative or plugin.backward
    return given or BY_HAND[plugin.name]


def derived(plugin: Activation | Loss) -> Callable[..., Any]:
    """Return the same, derived."""
    if isinstance(plugin, Loss):
        loss = replace(plugin, gradient=None)
        return partial(loss.slope, **loss.settings) if loss.is_grouped else loss.derived.gradient
    plain = replace(plugin, derivative=None, backward=None).derived
    return plain.slope if plain.slope is not None else plain.backward


def ratio(mine: Callable[[], Any], theirs: Callable[[], Any]) -> float:
    """Return how many times as long the first takes as the second."""
    times: dict[Callable[[], Any], list[float]] = {mine: [], theirs: []}
    for _ in range(RUNS):
        for function, taken in times.items():
            start = time.perf_counter()
            function()
            taken.append(time.perf_counter() - start)
    return min(times[mine]) / min(times[theirs])


def measured(plugin: Activation | Loss) -> Row:
    """Return what there is to say of a part."""
    hand, settings = by_hand(plugin), plugin.settings
    start = time.perf_counter()
    found = derived(plugin)
    taken = (time.perf_counter() - start) * 1e3
    errors: list[float] = []
    ratios: list[float] = []
    for dtype in (np.float64, np.float32):
        given = arguments(plugin, dtype)
        expected = hand(*given, **settings)
        errors.append(float(np.max(np.abs(found(*given) - expected) / (1 + np.abs(expected)))))
        ratios.append(ratio(partial(found, *given), partial(hand, *given, **settings)))
    return Row(plugin.spec, errors[0], errors[1], taken, ratios[0], ratios[1])


def measured_optimizer(optimizer: Optimizer) -> Row:
    """Return what there is to say of an optimizer: its recorded update against its formula."""
    start = time.perf_counter()
    recipe_of.cache_clear()
    recipe = recipe_of(optimizer)
    taken = (time.perf_counter() - start) * 1e3
    if recipe is None:
        raise DerivativeError("its update can't be recorded")
    settings = {name: value for name, value in optimizer.settings.items() if name != LEARNING_RATE}
    errors, ratios = [], []
    for dtype in (np.float64, np.float32):
        rng = np.random.default_rng(0)
        w = rng.normal(size=SHAPE).reshape(-1).astype(dtype)
        state = [np.full_like(w, value) for value in optimizer.state.values()]
        weights, gradient, own = w.copy(), np.empty_like(w), [each.copy() for each in state]
        program = UpdateProgram(recipe, weights, gradient, own, Memory())
        for t in range(1, UPDATES + 1):
            g = rng.normal(size=w.size).astype(dtype)
            w, *state = optimizer.update(w, g, *state, t=t, learning_rate=0.01, **settings)
            gradient[:] = g
            program.set_numbers(t, 0.01)
            program.run()
        pairs = zip([weights, *own], [w, *state], strict=True)
        errors.append(max(float(np.max(np.abs(got - expected) / (1 + np.abs(expected)))) for got, expected in pairs))
        by_formula = partial(optimizer.update, w, g, *state, t=UPDATES, learning_rate=0.01, **settings)
        ratios.append(ratio(program.run, by_formula))
    return Row(optimizer.spec, errors[0], errors[1], taken, ratios[0], ratios[1])


def main(names: list[str]) -> None:
    """Print the table, and the middle and the slow end of its times."""
    rows: dict[bool, list[Row]] = {True: [], False: []}
    print(HEADER)
    parts: list[tuple[type[Activation] | type[Loss] | type[Optimizer], str]] = [
        *((Activation, name) for name in ACTIVATIONS),
        *((Loss, name) for name in LOSSES),
        *((Optimizer, name) for name in OPTIMIZERS),
    ]
    for kind, name in parts:
        if names and name not in names:
            continue
        try:
            plugin = registry.resolve(kind, name)
            row = measured_optimizer(plugin) if isinstance(plugin, Optimizer) else measured(plugin)
        except NNFrameError as error:
            reason = str(error).partition(": ")[2].partition(" can't be recorded")[0]
            print(f"| {name} | no: {reason} | | | | | |", flush=True)
            continue
        rows[kind is Optimizer].append(row)
        print(
            f"| {row.name} | yes | {row.error:.0e} | {row.error_float32:.0e} | {row.milliseconds:.1f} | "
            f"{row.ratio:.2f} | {row.ratio_float32:.2f} |",
            flush=True,
        )
    print()
    for is_optimizer, found in rows.items():
        what = "optimizers" if is_optimizer else "derivatives"
        for dtype, ratios in (
            ("float64", sorted(row.ratio for row in found)),
            ("float32", sorted(row.ratio_float32 for row in found)),
        ):
            if ratios:
                slow = ratios[int(0.9 * (len(ratios) - 1))]
                print(f"{what} in {dtype}: median {median(ratios):.2f}, nine of ten at most {slow:.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
