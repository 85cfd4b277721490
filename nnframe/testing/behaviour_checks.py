"""Checks of how functions behave, whatever they compute."""

from __future__ import annotations

import threading

import numpy as np

from nnframe.arrays import Array
from nnframe.testing.outcome import CheckFailure, require_close
from nnframe.testing.samples import DTYPES
from nnframe.testing.trial import Call, Trial

THREADS = 4


def shape_and_dtype_are_kept(trial: Trial) -> None:
    """Results have the shape and the dtype of the arguments, for columns and matrices in any layout."""
    for dtype in DTYPES:
        for call in trial.calls(trial.plugin, dtype):
            full = call.arguments
            for arguments in (
                full,
                tuple(each[:, :1] for each in full),
                # The a that backward is given belongs to whole columns of z.
                *([] if call.name.startswith("backward") else [tuple(each[:1, :1] for each in full)]),
                tuple(map(np.asfortranarray, full)),
                tuple(map(_read_only, full)),
            ):
                result = call(*arguments, **trial.plugin.settings)
                shape = arguments[0].shape[1:] if call.per_column else arguments[0].shape
                if not isinstance(result, np.ndarray) or result.shape != shape:
                    raise CheckFailure(
                        f"{call.name} returned {_described(result)} for arguments of shape {arguments[0].shape}; "
                        f"expected an "
                        f"array of shape {shape}. Sum or average over axis=0 alone, and keep both dimensions elsewhere"
                    )
                if result.dtype != dtype:
                    raise CheckFailure(
                        f"{call.name} returned {result.dtype} for {dtype} arguments; expected {dtype}. Use Python "
                        f"numbers as "
                        f"constants, not numpy ones, and no np.zeros or np.ones without a dtype"
                    )


def arguments_are_left_alone(trial: Trial) -> None:
    """No function changes the arrays that it is given."""
    for call in trial.calls(trial.plugin):
        kept = [each.copy() for each in call.arguments]
        call(**trial.plugin.settings)
        for before, after in zip(kept, call.arguments, strict=True):
            if not np.array_equal(before, after, equal_nan=True):
                raise CheckFailure(
                    f"{call.name} changed an argument in place; expected it as it was. Write z = z * 2, not z *= 2, "
                    f"and no "
                    f"out= into an argument"
                )


def the_same_input_gives_the_same_result(trial: Trial) -> None:
    """Functions have no memory: called twice, and from four threads at once, they give the same."""
    for call in trial.calls(trial.plugin):
        settings = trial.plugin.settings
        first = call(**settings).copy()
        results = [call(**settings).copy()]
        start = threading.Barrier(THREADS)

        def work(call: Call = call, results: list[Array] = results, start: threading.Barrier = start) -> None:
            start.wait()
            for _ in range(5):
                results.append(call(**trial.plugin.settings).copy())

        threads = [threading.Thread(target=work) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if not all(np.array_equal(first, each, equal_nan=True) for each in results):
            raise CheckFailure(
                f"{call.name} gave different results for the same input; expected the same each time, from several "
                f"threads "
                f"too. Keep no state outside of the function, and no shared buffers"
            )


def columns_are_independent(trial: Trial) -> None:
    """A batch gives what its columns give one at a time."""
    for call in trial.calls(trial.plugin):
        batch = call(**trial.plugin.settings)
        for i in range(call.arguments[0].shape[1]):
            alone = call(*(each[:, [i]] for each in call.arguments), **trial.plugin.settings)
            require_close(
                batch[..., [i]],
                alone,
                f"column {i} of {call.name} on a batch",
                "What a sample gives must not depend on the others in its batch: reduce over axis=0 alone.",
                rtol=1e-9,
                atol=1e-12,
            )


def _read_only(array: Array) -> Array:
    copied: Array = array.copy()
    copied.flags.writeable = False
    return copied


def _described(result: object) -> str:
    return f"an array of shape {result.shape}" if isinstance(result, np.ndarray) else f"a {type(result).__name__}"
