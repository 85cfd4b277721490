"""Checks of how functions behave, whatever they compute."""

from __future__ import annotations

import time
from functools import partial

import numpy as np

from nnframe.arrays import FLOAT32, FLOAT64, Array
from nnframe.contracts.plugin import Plugin
from nnframe.testing.calls import Call, calls_of
from nnframe.testing.outcome import CheckFailure, difference, require_close, written_for
from nnframe.testing.samples import DTYPES, VERY_MANY, tiled, variants, with_changes
from nnframe.testing.threads import interleaved, together

# Calls of each function with one input; slow functions are called for so many seconds.
MANY_CALLS = 2100
MOST_SECONDS = 0.5


def shape_and_dtype_are_kept(plugin: Plugin) -> None:
    """Results have the shape and dtype of the arguments, in every memory layout."""
    for dtype in DTYPES:
        for call in calls_of(plugin, dtype):
            # The a that backward is given belongs to whole columns of z.
            smaller = [] if "a" in call.arguments and "z" in call.arguments else [call.first_number()]
            for some in (
                call,
                call[..., :1],
                *smaller,
                call.on(np.asfortranarray),
                call.on(_read_only),
            ):
                result = some()
                if result.dtype != dtype:
                    raise CheckFailure(
                        f"{call.name} returned {result.dtype} for {dtype} arguments; expected {dtype}. Use Python "
                        f"numbers as constants, not numpy ones, and no np.zeros or np.ones without a dtype"
                    )


def arguments_are_left_alone(plugin: Plugin) -> None:
    """No function changes its arguments."""
    for call in calls_of(plugin):
        kept = call.on(np.copy).arguments
        call()
        for name, after in call.arguments.items():
            at = difference(kept[name], after)
            if at is not None:
                raise CheckFailure(
                    f"{call.name} changed {name} in place, from {kept[name][at]:.6g} to {after[at]:.6g} at {list(at)}; "
                    f"expected it as it was. Write {name} = {name} * 2, not {name} *= 2, and no out={name}"
                )


def the_same_input_gives_the_same_result(plugin: Plugin) -> None:
    """The same input has the same result, in the second call and in the two-thousandth."""
    for call in calls_of(plugin):
        first, second = np.array(call()), call()
        _require_same(call, first, second, "then")
        few = call.on(lambda array: array[..., :1])
        first, end = np.array(few()), time.monotonic() + MOST_SECONDS
        for n in range(2, MANY_CALLS):
            again = few()
            if not np.array_equal(first, again, equal_nan=True):
                _require_same(few, first, again, f"in call {n}")
            if time.monotonic() > end:
                break


def _require_same(call: Call, first: Array, again: Array, when: str) -> None:
    at = difference(first, again)
    if at is not None:
        raise CheckFailure(
            f"{call.name} gave {first[at]:.8g} and {when} {again[at]:.8g} for {written_for(call.arguments, at)}; "
            f"expected the same each time. Keep no state outside of the function"
        )


def threads_do_not_disturb_each_other(plugin: Plugin) -> None:
    """Calls from several threads at once have the same results as calls one after another."""
    for call in calls_of(plugin):
        calls = [call.on(partial(np.roll, shift=5 * i, axis=-1)) for i in range(4)]
        alone = [np.array(each()) for each in calls]
        threaded = [*zip(calls, together(calls), alone, strict=True), (calls[0], interleaved(*calls[:2]), alone[0])]
        for each, got, expected in threaded:
            at = difference(got, expected)
            if at is not None:
                raise CheckFailure(
                    f"{call.name} gave {got[at]:.8g} for {written_for(each.arguments, at)} while another thread called "
                    f"it with another input; expected {expected[at]:.8g}, as when it is called alone. Make a new array "
                    f"in each call, and keep no buffer that calls share"
                )


def columns_are_independent(plugin: Plugin) -> None:
    """Each column of a batch has the result that it has alone, in batches of any size."""
    for call in (each.on(tiled) for each in calls_of(plugin)):
        batch = call()
        for i in range(batch.shape[-1]):
            alone = call[..., [i]]
            require_close(
                batch[..., [i]],
                alone(),
                f"column {i} of {call.name} on a batch",
                "Expected is what the column gives alone: a sample must not depend on the others in its batch. Reduce "
                "over axis=0 alone.",
                rtol=1e-9,
                atol=1e-12,
                inputs=alone.arguments,
            )
        many = call.on(partial(tiled, count=VERY_MANY))
        require_close(
            many(),
            tiled(batch, VERY_MANY),
            f"{call.name} on a batch of {VERY_MANY}",
            f"Expected is what it gives in a batch of {batch.shape[-1]}. Let nothing depend on the batch's size.",
            rtol=1e-9,
            atol=1e-12,
            inputs=many.arguments,
        )


def float32_agrees_with_float64(plugin: Plugin) -> None:
    """In float32, results are those of float64 up to rounding."""
    for each in variants(plugin):
        for call in calls_of(each, FLOAT32):
            expected = call.on(_widened)()
            require_close(
                call().astype(FLOAT64),
                expected,
                f"{call.name}{with_changes(each)} in float32",
                "Expected is what the same numbers give in float64. Let no branch depend on the dtype, and put no "
                "number into the formula that float32 can't hold.",
                rtol=1e-4,
                atol=1e-5 * float(np.abs(expected).max(initial=0.0, where=np.isfinite(expected))),
                inputs=call.arguments,
            )


def _widened(array: Array) -> Array:
    return array.astype(FLOAT64)


def _read_only(array: Array) -> Array:
    copied: Array = array.copy()
    copied.flags.writeable = False
    return copied
