"""Derived against hand-written: python tests/benchmarks/derivatives.py [NAME ...]

For each built-in activation and loss and each of nnframe-zoo's: the largest difference between its derived derivative
and the one that it has by hand, or had; how long deriving takes, and how many times as long the derived one takes on
an array of 256 x 1024. Times are
the shortest of runs in alternation, so that a busy neighbour slows down both.
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

from nnframe import Activation, Loss, NNFrameError, registry
from nnframe.contracts.domains import sample

SHAPE = (256, 1024)
RUNS = 25
ACTIVATIONS = (
    *("relu", "sigmoid", "tanh", "softmax", "celu", "elu", "gelu", "gelu_tanh", "hardshrink", "hardsigmoid"),
    *("hardswish", "hardtanh", "leaky_relu", "log_softmax", "logsigmoid", "mish", "relu6", "selu", "silu"),
    *("softmin", "softplus", "softshrink", "softsign", "sparsemax", "tanhshrink"),
)
LOSSES = (
    *("mse", "cel", "bce", "cosine", "focal", "gaussian_nll", "hinge", "nnframe-zoo/huber", "kl_div", "log_cosh"),
    *("mae", "nll", "poisson_nll", "quantile", "smooth_l1", "smoothed_cel", "squared_hinge"),
)


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
    return tuple(sample(domain, SHAPE, rng).astype(dtype) for domain in (plugin.a_domain, plugin.y_domain))


def by_hand(plugin: Activation | Loss) -> Callable[..., Any]:
    """Return the derivative that its author wrote."""
    given = plugin.gradient if isinstance(plugin, Loss) else plugin.derivative or plugin.backward
    return given or BY_HAND[plugin.name]


def derived(plugin: Activation | Loss) -> Callable[..., Any]:
    """Return the same, derived."""
    if isinstance(plugin, Loss):
        return replace(plugin, gradient=None).derived.gradient
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


def main(names: list[str]) -> None:
    """Print the table."""
    rows = []
    print(f"{'part':14} {'error':>9} {'float32':>9} {'ms':>6} {'time':>6} {'float32':>8}")
    parts: list[tuple[type[Activation] | type[Loss], str]] = [(Activation, name) for name in ACTIVATIONS]
    for kind, name in [*parts, *((Loss, name) for name in LOSSES)]:
        if not names or name in names:
            try:
                row = measured(registry.resolve(kind, name))
            except NNFrameError as error:
                print(f"{name:14} {str(error)[:100]}")
                continue
            rows.append(row)
            print(
                f"{row.name:14} {row.error:9.0e} {row.error_float32:9.0e} {row.milliseconds:6.1f} "
                f"{row.ratio:6.2f} {row.ratio_float32:8.2f}"
            )
    for what, ratios in (("float64", [row.ratio for row in rows]), ("float32", [row.ratio_float32 for row in rows])):
        if ratios:
            slow = sorted(ratios)[int(0.9 * (len(ratios) - 1))]
            print(f"{what}: median {median(ratios):.2f}, nine of ten at most {slow:.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
