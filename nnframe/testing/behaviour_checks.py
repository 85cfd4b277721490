"""Checks of how functions behave, whatever they compute."""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array
from nnframe.plugin import Plugin
from nnframe.testing.calls import calls_of
from nnframe.testing.outcome import CheckFailure, different, require_close
from nnframe.testing.samples import DTYPES
from nnframe.testing.threads import interleaved, together


def shape_and_dtype_are_kept(plugin: Plugin) -> None:
    """Results have the shape and the dtype of the arguments, for columns and matrices in any layout."""
    for dtype in DTYPES:
        for call in calls_of(plugin, dtype):
            full = call.arguments
            for arguments in (
                full,
                tuple(each[:, :1] for each in full),
                # The a that backward is given belongs to whole columns of z.
                *([] if call.name.startswith("backward") else [tuple(each[:1, :1] for each in full)]),
                tuple(map(np.asfortranarray, full)),
                tuple(map(_read_only, full)),
            ):
                result = call(*arguments)
                shape = arguments[0].shape[1:] if call.per_column else arguments[0].shape
                if not isinstance(result, np.ndarray) or result.shape != shape:
                    raise CheckFailure(
                        f"{call.name} returned {described(result)} for arguments of shape {arguments[0].shape}; "
                        f"expected an array of shape {shape}. Sum or average over axis=0 alone, and keep both "
                        f"dimensions elsewhere"
                    )
                if result.dtype != dtype:
                    raise CheckFailure(
                        f"{call.name} returned {result.dtype} for {dtype} arguments; expected {dtype}. Use Python "
                        f"numbers as constants, not numpy ones, and no np.zeros or np.ones without a dtype"
                    )


def arguments_are_left_alone(plugin: Plugin) -> None:
    """No function changes the arrays that it is given."""
    for call in calls_of(plugin):
        kept = [each.copy() for each in call.arguments]
        call()
        for before, after in zip(kept, call.arguments, strict=True):
            if different(before, after):
                raise CheckFailure(
                    f"{call.name} changed an argument in place, of which the first element was {before.flat[0]:.6g} "
                    f"and is {after.flat[0]:.6g}; expected it as it was. Write z = z * 2, not z *= 2, and no out= into "
                    f"an argument"
                )


def the_same_input_gives_the_same_result(plugin: Plugin) -> None:
    """Functions have no memory: called a second time, they give the same."""
    for call in calls_of(plugin):
        first, second = np.array(call()), np.asarray(call())
        if different(first, second):
            at = np.unravel_index(int(np.argmax(first != second)), first.shape)
            raise CheckFailure(
                f"{call.name} gave {first[at]:.8g} and then {second[at]:.8g} for the same input; expected the same "
                f"each time. Keep no state outside of the function"
            )


def threads_do_not_disturb_each_other(plugin: Plugin) -> None:
    """Called from several threads at once with different inputs, functions give what they give one after another."""
    for call in calls_of(plugin):
        inputs = [tuple(np.roll(each, 5 * i, axis=-1) for each in call.arguments) for i in range(4)]
        alone = [np.array(call(*arguments)) for arguments in inputs]
        pairs = [*zip(together(call, inputs), alone, strict=True), (interleaved(call, *inputs[:2]), alone[0])]
        for got, expected in pairs:
            if different(got, expected):
                at = np.unravel_index(int(np.argmax(got != expected)), got.shape)
                raise CheckFailure(
                    f"{call.name} gave {got[at]:.8g} while another thread called it with another input; expected "
                    f"{expected[at]:.8g}, as when it is called alone. Make a new array in each call, and keep no "
                    f"buffer that calls share"
                )


def columns_are_independent(plugin: Plugin) -> None:
    """A batch gives what its columns give one at a time."""
    for call in calls_of(plugin):
        batch = call()
        for i in range(call.arguments[0].shape[1]):
            alone = call(*(each[:, [i]] for each in call.arguments))
            require_close(
                batch[..., [i]],
                alone,
                f"column {i} of {call.name} on a batch",
                "What a sample gives must not depend on the others in its batch: reduce over axis=0 alone.",
                rtol=1e-9,
                atol=1e-12,
            )


def described(result: object) -> str:
    """Return what a function returned, as a message says it."""
    return f"an array of shape {result.shape}" if isinstance(result, np.ndarray) else f"a {type(result).__name__}"


def _read_only(array: Array) -> Array:
    copied: Array = array.copy()
    copied.flags.writeable = False
    return copied
