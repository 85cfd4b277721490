"""Checks of speed: against what nnframe derives from the formula, and against the formula in its shortest form.

Each looks for large factors only, and measures again before it warns: a machine is seldom idle.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from nnframe import registry
from nnframe.arrays import FLOAT32, FLOAT64, Array, DType
from nnframe.contracts.activation import Activation
from nnframe.contracts.domains import sample
from nnframe.contracts.loss import Loss
from nnframe.errors import DerivativeError, NNFrameError
from nnframe.testing.outcome import CheckSkipped, CheckWarning
from nnframe.testing.samples import LARGE

# Small enough for the processor's cache, where other processes disturb least.
SHAPE = (64, 200)
# Runs in alternation; the shortest of each counts.
RUNS, MOST_SECONDS = 40, 0.25
# A ratio above a limit is measured so many times more.
MORE = 3
# Factors that are more than chance: an override that is faster by the first is worth keeping, and one that is slower by
# the second is pointed out.
FASTER, SLOWER = 1.3, 1.6
# So is a formula that takes this much longer than its shortest form.
MUCH_SLOWER = 5.0
# What takes more than this share of a call of Python for each element goes through the elements one by one.
SHARE_OF_A_LOOP = 0.6
# Of results in float32: this many roundings and ten times the other's error are a difference.
ROUNDINGS = 16

# The time of this thread alone, where the system measures that finely.
CLOCK = time.thread_time if time.get_clock_info("thread_time").resolution < 1e-6 else time.perf_counter

Function = Callable[..., Array]


class Override(NamedTuple):
    """A function that its author wrote, and what is derived in its place.

    Attributes
    ----------
    name : str
    own, derived : callable
    drawn_for : Activation or Loss
        Whose arguments are drawn at random.
    completed : callable
        ``completed(*arguments)`` returns all that both functions are called with.
    """

    name: str
    own: Function
    derived: Function
    drawn_for: Activation | Loss
    completed: Callable[..., tuple[Array, ...]] = lambda *arguments: arguments

    def arguments(self, shape: tuple[int, int], dtype: DType) -> tuple[Array, ...]:
        """Return what to call both functions with."""
        return self.completed(*_inputs(self.drawn_for, shape, dtype))

    def extremes(self, dtype: DType) -> tuple[Array, ...]:
        """Return what formulas may overflow at."""
        return self.completed(*_extreme_inputs(self.drawn_for, dtype))


def overrides_pay(plugin: Activation | Loss) -> str:
    """What the author writes by hand is faster or more stable than what is derived in its place."""
    found = list(_overrides(plugin))
    if not found:
        raise CheckSkipped("it leaves everything to be derived, or its formula can't be recorded")
    notes = []
    for each in found:
        stable, arguments = _more_stable(each), each.arguments(SHAPE, FLOAT64)
        ratio = _confirmed(partial(each.own, *arguments), partial(each.derived, *arguments), SLOWER)
        if stable is None and ratio > SLOWER:
            raise CheckWarning(
                f"{each.name} takes {ratio:.1f} times as long as what nnframe derives from the formula in "
                f"its place, on arrays of shape {SHAPE}; expected it to be faster, or more stable. Leave it out"
            )
        notes.append(f"{each.name} {_worth(ratio, stable)}")
    return "; ".join(notes)


def formulas_are_fast(plugin: Activation | Loss) -> None:
    """The formula doesn't take several times as long as it has to."""
    name, own, arguments = _formula(plugin)
    try:
        short = plugin.derived.forward if isinstance(plugin, Activation) else plugin.derived.value
    except DerivativeError as error:
        if isinstance(plugin, Loss) and (plugin.is_grouped or plugin.asks):
            raise CheckSkipped("its formula can't be recorded") from error
        _require_no_loop(name, own, arguments)
        return
    ratio = _confirmed(partial(own, *arguments), partial(short, *arguments), MUCH_SLOWER)
    if ratio > MUCH_SLOWER:
        text = short.source.text.rstrip().splitlines()
        raise CheckWarning(
            f"{name} takes {ratio:.0f} times as long as it has to, on arrays of shape {SHAPE}; expected at "
            f"most {MUCH_SLOWER:.0f} times as long. The same, faster: {'; '.join(line.strip() for line in text[1:])}"
        )


def _require_no_loop(name: str, own: Function, arguments: tuple[Array, ...]) -> None:
    """Warn if a formula that can't be recorded is as slow as a loop over the elements in Python."""
    few = tuple(array[:64, :64].copy() for array in arguments)
    loop = np.vectorize(lambda x: x)
    ratio = _confirmed(partial(own, *few), partial(loop, few[0]), SHARE_OF_A_LOOP)
    if ratio > SHARE_OF_A_LOOP:
        raise CheckWarning(
            f"{name} takes {ratio:.1f} times as long as a call of a Python function for each element, on "
            f"arrays of shape {few[0].shape}; expected a formula for whole arrays. np.vectorize and loops over "
            f"elements take a hundred times as long as numpy's functions of arrays; np.where stands in for if"
        )


def _formula(plugin: Activation | Loss) -> tuple[str, Function, tuple[Array, ...]]:
    """Return the name of the formula, the formula with its parameters, and arguments for it."""
    if isinstance(plugin, Loss) and (plugin.is_grouped or plugin.asks):
        return _formula_of_separate_arrays(plugin)
    if isinstance(plugin, Activation):
        return "forward(z)", partial(plugin.forward, **plugin.settings), _inputs(plugin, SHAPE, FLOAT64)[:1]
    return "value(a, y)", partial(plugin.value, **plugin.settings), _inputs(plugin, SHAPE, FLOAT64)


def _formula_of_separate_arrays(loss: Loss) -> tuple[str, Function, tuple[Array, ...]]:
    """Return the same for a loss whose derived functions take each output, and what it takes by name, apart."""
    a, y, given = loss.samples(*SHAPE)
    by_name = {name: array for name, array in given.items() if name in loss.arguments.asked}

    def own(*separate: Array) -> Array:
        return loss.value(a, y, **by_name, **loss.settings)

    return "value(a, y)", own, tuple(loss.arguments.separate(a, y, given))


def _overrides(plugin: Activation | Loss) -> Iterator[Override]:
    """Yield each function that the author wrote and nnframe can derive."""
    settings = plugin.settings
    try:
        if isinstance(plugin, Loss) and (plugin.is_grouped or plugin.asks):
            return
        if isinstance(plugin, Loss):
            if plugin.gradient is not None:
                yield Override("gradient(a, y)", partial(plugin.gradient, **settings), plugin.derived.gradient, plugin)
            yield from _fused_gradients(plugin)
        elif plugin.derivative is not None and plugin.derived.slope is not None:
            yield Override("derivative(z)", partial(plugin.derivative, **settings), plugin.derived.slope, plugin)
        elif plugin.backward is not None:
            own, forward = partial(plugin.backward, **settings), partial(plugin.forward, **settings)
            derived = plugin.derived.backward
            yield Override("backward(grad, z, a)", own, derived, plugin, lambda z: (z[::-1] / 3, z, forward(z)))
    except DerivativeError:
        return


def _fused_gradients(loss: Loss) -> Iterator[Override]:
    for name, form in loss.fused.items():
        try:
            activation = registry.resolve(Activation, name)
        except NNFrameError:
            continue
        pair, forward = loss.with_activation(activation), partial(activation.forward, **activation.settings)
        if pair is not None:

            def completed(z: Array, forward: Function = forward) -> tuple[Array, ...]:
                y = sample(loss.y_domain, z.shape, np.random.default_rng(1)).astype(z.dtype)
                return z, forward(z), y

            own = partial(form.gradient, **loss.settings)
            yield Override(f"the fused gradient after {name}", own, pair.gradient, activation, completed)


def _inputs(plugin: Activation | Loss, shape: tuple[int, int], dtype: DType) -> tuple[Array, ...]:
    rng = np.random.default_rng(0)
    if isinstance(plugin, Activation):
        return (rng.normal(scale=2, size=shape).astype(dtype),)
    return tuple(sample(domain, shape, rng).astype(dtype) for domain in (plugin.a_domain, plugin.y_domain))


def _extreme_inputs(plugin: Activation | Loss, dtype: DType) -> tuple[Array, ...]:
    if isinstance(plugin, Activation):
        numbers = np.array([-LARGE, -800, -100, -50, 0, 50, 100, 800, LARGE], dtype)
        return (np.stack([numbers, numbers[::-1]]),)
    a, y = _inputs(plugin, (2, 4), dtype)
    if plugin.a_domain in ("probability", "distribution"):
        a[:] = [[0, 1, 0, 1], [1, 0, 1, 0]]
    elif plugin.a_domain == "real":
        a[:] = [[-LARGE, LARGE, 0, 1], [LARGE, -LARGE, 0, -1]]
    return a, y


def _more_stable(override: Override) -> str | None:
    """Return in what the author's function is more stable than the derived one; None if in nothing."""
    with np.errstate(all="ignore"):
        for dtype in (FLOAT64, FLOAT32):
            at = override.extremes(dtype)
            if (np.isfinite(override.own(*at)) & ~np.isfinite(override.derived(*at))).any():
                return f"finite in {dtype} where the derived one is not"
        narrow = override.arguments((64, 64), FLOAT32)
        exact = override.own(*(array.astype(FLOAT64) for array in narrow))
        own, derived = (
            np.nanmax(np.abs(function(*narrow) - exact) / (1 + np.abs(exact)))
            for function in (override.own, override.derived)
        )
    tolerance = ROUNDINGS * float(np.finfo(FLOAT32).eps)
    return "more exact in float32" if derived > max(tolerance, 10 * own) else None


def _worth(ratio: float, stable: str | None) -> str:
    if stable is not None:
        return f"is worth keeping: {stable} (it takes {ratio:.2f} times as long)"
    if ratio < 1 / FASTER:
        return f"is worth keeping: the derived one takes {1 / ratio:.1f} times as long"
    return f"takes {ratio:.2f} times as long as the derived one, and may be left out"


def _confirmed(one: Callable[[], Any], other: Callable[[], Any], limit: float) -> float:
    """Return how many times as long one function takes as another; measured again where that is above a limit."""
    ratio = _measured(one, other)
    for _ in range(MORE):
        if ratio <= limit:
            break
        ratio = min(ratio, _measured(one, other))
    return ratio


def _measured(one: Callable[[], Any], other: Callable[[], Any]) -> float:
    """Return how many times as long one function takes as another, each at its fastest."""
    shortest = {one: float("inf"), other: float("inf")}
    with np.errstate(all="ignore"):
        # The first calls compile, and touch memory.
        for function in shortest:
            function()
        end = time.monotonic() + MOST_SECONDS
        for run in range(RUNS):
            for function in shortest:
                start = CLOCK()
                function()
                shortest[function] = min(shortest[function], CLOCK() - start)
            if run > 1 and time.monotonic() > end:
                break
    return shortest[one] / shortest[other]
