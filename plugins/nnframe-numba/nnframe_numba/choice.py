"""Loops written out or a call of BLAS: whichever was faster for a product of that size, measured once on this machine.

The two differ by rounding, so what was chosen first is kept on disk: the same run gives the same weights next time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from llvmlite.binding import get_host_cpu_name

from nnframe import Array
from nnframe.engine import Linear
from nnframe_numba import storage
from nnframe_numba.jit import kernel
from nnframe_numba.products import backward, descend, linear

# Multiplications beyond which no loop written out could win, so that measuring it would be waiting for nothing.
NEVER_BY_HAND = 2**21
BY_HAND_UNMEASURED = 2**13
ROUNDS = 7
SECONDS_A_ROUND = 2e-4


def by_hand(layers: Sequence[Linear], batch_size: int) -> Array:
    """Return whether each layer's products are to be written out.

    Returns
    -------
    ndarray of bool, shape (n_layers, 3)
        For `linear`, `backward`, and the step down the gradient.
    """
    if batch_size == 1:
        return np.ones((len(layers), 3), np.bool_)
    dtype = str(layers[0].weights.dtype)
    return np.array([_layer_by_hand(dtype, batch_size, *layer.weights.shape) for layer in layers])


@cache
def _layer_by_hand(dtype: str, batch_size: int, n_out: int, n_in: int) -> list[bool]:
    if batch_size * n_out * n_in > NEVER_BY_HAND:
        return [False] * 3
    if storage.directory() is None:
        # What can't be kept must not be measured, or the next process might choose otherwise.
        return [batch_size * n_out * n_in <= BY_HAND_UNMEASURED] * 3
    name = storage.digest("by hand", get_host_cpu_name(), dtype, str(batch_size), str(n_out), str(n_in))
    kept = storage.read_note(name)
    if kept is None:
        kept = storage.keep_note(name, _measure(np.dtype(dtype), batch_size, n_out, n_in))
    return [bool(each) for each in kept]


def _measure(dtype: np.dtype[Any], batch_size: int, n_out: int, n_in: int) -> list[bool]:
    rng = np.random.default_rng(0)
    W, x, d = (
        rng.normal(size=shape).astype(dtype) for shape in ((n_out, n_in), (batch_size, n_in), (batch_size, n_out))
    )
    # So small that thousands of steps change nothing; every second one 0, as after relu.
    d *= 1e-12 * (d > 0)
    b, z, before = np.zeros(n_out, dtype), np.empty_like(d), np.empty_like(x)
    return [
        _by_hand_is_faster(lambda hand, times: repeat_linear(x, W, b, z, hand, times)),
        _by_hand_is_faster(lambda hand, times: repeat_backward(d, W, before, hand, times)),
        _by_hand_is_faster(lambda hand, times: repeat_descend(d, x, W, b, hand, times)),
    ]


def _by_hand_is_faster(repeat: Callable[[bool, int], object]) -> bool:
    """Return which is faster, by the best of several rounds that alternate."""
    taken: dict[bool, list[float]] = {True: [], False: []}
    for hand in taken:
        _seconds(repeat, hand, 1)
    times = 1 + int(SECONDS_A_ROUND / max(_seconds(repeat, False, 1), 1e-7))
    for _ in range(ROUNDS):
        for hand, seconds in taken.items():
            seconds.append(_seconds(repeat, hand, times))
    return min(taken[True]) < min(taken[False])


def _seconds(repeat: Callable[[bool, int], object], hand: bool, times: int) -> float:
    start = time.perf_counter()
    repeat(hand, times)
    return time.perf_counter() - start


# The loops are compiled, for a call from Python takes longer than what is measured.


@kernel
def repeat_linear(x: Array, W: Array, b: Array, z: Array, hand: bool, times: int) -> None:
    """Call `linear` a number of times."""
    for _ in range(times):
        linear(x, W, b, z, hand)


@kernel
def repeat_backward(d: Array, W: Array, before: Array, hand: bool, times: int) -> None:
    """Call `backward` a number of times."""
    for _ in range(times):
        backward(d, W, before, hand)


@kernel
def repeat_descend(d: Array, x: Array, W: Array, b: Array, hand: bool, times: int) -> None:
    """Call `descend` a number of times."""
    for _ in range(times):
        descend(d, x, W, b, hand)
