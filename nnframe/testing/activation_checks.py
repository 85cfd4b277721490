"""Checks of activations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.activation import Activation
from nnframe.contracts.domains import DESCRIPTIONS, violation
from nnframe.errors import DerivativeError
from nnframe.testing.calls import calls_of
from nnframe.testing.differences import require_slopes, slopes
from nnframe.testing.outcome import CheckFailure, CheckSkipped, require_close, written
from nnframe.testing.samples import DTYPES, LARGE, VERY_MANY, pre_activations, tiled, variants, with_changes

# A wide layer.
MANY_COMPONENTS = 45
EXPECTED = "Expected is what differences of forward give."


def components_are_independent(activation: Activation) -> None:
    """Unless there is a backward, each output depends on its own input only."""
    if activation.backward is not None or (activation.derivative is None and not _is_elementwise(activation)):
        raise CheckSkipped("it mixes the components of a column")
    # As many components as a layer may have.
    z = tiled(pre_activations().T).T
    forward = replace(calls_of(activation)[0], arguments={"z": z})
    together = forward()
    for i in range(len(z)):
        require_close(
            together[[i]],
            forward[[i]](),
            f"component {i} of forward(z) among the others of its column",
            "Expected is what it gives alone. An activation that mixes components gives backward(grad, z, a) in place "
            "of derivative.",
            rtol=1e-9,
            atol=1e-12,
            inputs=forward.arguments,
        )
    wide = replace(forward, arguments={"z": tiled(z.T, VERY_MANY).T})
    require_close(
        wide(),
        tiled(together.T, VERY_MANY).T,
        f"forward(z) in a layer of {VERY_MANY}",
        f"Expected is what it gives in a layer of {len(z)}. Let nothing depend on the layer's size.",
        rtol=1e-9,
        atol=1e-12,
        inputs=wide.arguments,
    )


def derivative_matches_differences(activation: Activation) -> None:
    """The derivative, or backward, agrees with differences of forward, for several parameter values."""
    for each in variants(activation):
        try:
            slope = each.slope if each.elementwise else None
            backward = each.backward_pass
        except DerivativeError as error:
            raise CheckFailure(f"derivative{with_changes(each)} is expected to be given: {error}") from error.__cause__
        z = pre_activations()
        if slope is not None:
            _require_slopes(each, np.ones_like(z), z, slope(z, **each.settings), range(len(z)))
            continue
        # Where components mix, a formula may depend on how many there are.
        for n in (len(z), 1, MANY_COMPONENTS):
            some = tiled(z.T, n).T
            # What backward gives for grad is the slope of the sum of grad * a, here with grad = z / 3 upside down.
            grad = some[::-1] / 3
            got = backward(grad, some, each.forward(some, **each.settings), **each.settings)
            # Of many components, the first and the last are enough.
            _require_slopes(each, grad, some, got, range(n) if n <= len(z) else (0, n - 1))


def _require_slopes(activation: Activation, grad: Array, z: Array, got: Array, rows: Iterable[int]) -> None:
    """Raise unless the sum of grad * a over each column has the slopes that a derivative or backward gave."""
    name, advice = "backward(grad, z, a)", "Correct its formula: dL/dz_i is the sum over k of grad_k da_k/dz_i."
    if activation.elementwise:
        name, advice = "derivative(z)", "Correct its formula, or leave it out."
    size = f" of {len(z)} components" if len(z) == MANY_COMPONENTS else ""
    for i in rows:
        found = slopes(partial(_total, activation, grad, z, i), z[i])
        require_slopes(got[i], found, f"{name}{with_changes(activation)}{size}", {"z": z[i]}, f"{EXPECTED} {advice}")


def outputs_are_in_their_domain(activation: Activation) -> None:
    """All outputs are in the declared a_domain, for several parameter values and for large inputs."""
    if activation.a_domain is None:
        raise CheckSkipped("it declares no a_domain")
    for each in variants(activation):
        for dtype in DTYPES:
            for z in (pre_activations(dtype), np.array([[-LARGE, LARGE, 0], [LARGE, LARGE, 0]], dtype)):
                a = each.forward(z, **each.settings)
                found = violation(activation.a_domain, a, tolerance=16 * float(np.finfo(dtype).eps))
                if found is not None:
                    column = int(found.rpartition(" ")[2])
                    raise CheckFailure(
                        f"forward(z){with_changes(each)} is {a[:, column].tolist()} for {written({'z': z}, column)} in "
                        f"{dtype}; expected {DESCRIPTIONS[activation.a_domain]}, as a_domain={activation.a_domain!r} "
                        f"says. Correct a_domain, or the formula"
                    )


def large_inputs_stay_finite(activation: Activation) -> None:
    """Inputs of +-1e4 have finite results, without an overflow on the way."""
    for dtype in DTYPES:
        z = np.array([[-LARGE], [LARGE], [-50.0], [90.0], [0.0]], dtype)
        if _is_elementwise(activation):
            # One at a time, or the finite ones would hide the others' warnings.
            for at in z.reshape(-1, 1, 1):
                _require_finite(activation, at)
        else:
            _require_finite(activation, z)


def the_limits_of_the_dtype_give_no_nan(activation: Activation) -> None:
    """The largest and the smallest numbers of the dtype never result in NaN."""
    for dtype in DTYPES:
        limits = np.finfo(dtype)
        for at in (limits.max, limits.min, limits.tiny, -limits.tiny, 0.0, -0.0):
            z = np.full((1, 1), at, dtype)
            for call in calls_of(activation, dtype):
                if "grad" not in call.arguments and np.isnan(replace(call, arguments={"z": z})()).any():
                    raise CheckFailure(
                        f"{call.name} is NaN at z = {at:.3g} in {dtype}; expected a number. Look for inf / inf, "
                        f"inf - inf and 0 * inf, and write the formula so that the large part cancels first"
                    )


# How an engine may lay out what is to be overwritten.
LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "row by row": lambda matrix: np.array(matrix, order="C"),
    "column by column": lambda matrix: np.array(matrix, order="F"),
    "a part of a wider matrix": lambda matrix: np.concatenate([matrix, matrix], axis=1)[:, : matrix.shape[1]],
}


def in_place_forms_agree(activation: Activation) -> None:
    """forward_inplace and backward_inplace agree with the plain forms, in every memory layout."""
    if activation.forward_inplace is None or activation.backward_inplace is None:
        raise CheckSkipped("it has no in-place forms")
    for each in variants(activation):
        for dtype in DTYPES:
            z = pre_activations(dtype)
            settings, eps = each.settings, float(np.finfo(dtype).eps)
            a, grad = each.forward(z, **settings), z[::-1] / 3
            expected = each.backward_pass(grad, z, a, **settings)
            scale = float(np.abs(grad).max())
            assert each.forward_inplace is not None
            assert each.backward_inplace is not None
            for place, laid_out in LAYOUTS.items():
                advice = (
                    f"Expected is what the plain form gives; z is {place} in memory. The array itself is to be "
                    f"overwritten, not a copy such as reshape may return; what the function returns is not used"
                )
                got_a, got_grad = laid_out(z), laid_out(grad)
                each.forward_inplace(got_a, **settings)
                require_close(got_a, a, f"forward_inplace(z){with_changes(each)}", advice, 8 * eps, 8 * eps, {"z": z})
                each.backward_inplace(got_grad, laid_out(a), **settings)
                require_close(
                    got_grad,
                    expected,
                    f"backward_inplace(grad, a){with_changes(each)}",
                    advice,
                    rtol=32 * eps,
                    atol=32 * eps * scale,
                    inputs={"grad": grad, "a": a},
                )


def _is_elementwise(activation: Activation) -> bool:
    """Whether it works element by element; where that can't be found out, another check says so."""
    try:
        return activation.elementwise
    except DerivativeError:
        return True


def _total(activation: Activation, grad: Array, z: Array, i: int, row: Array) -> Array:
    """Return the sum of grad * a over each column, with one row of z replaced."""
    moved = z.copy()
    moved[i] = row
    total: Array = (grad * activation.forward(moved, **activation.settings)).sum(axis=0)
    return total


def _require_finite(activation: Activation, z: Array) -> None:
    for call in calls_of(activation, z.dtype):
        arguments = {"z": z}
        if "grad" in call.arguments:
            arguments = {"grad": np.ones_like(z), "z": z, "a": activation.forward(z, **activation.settings)}
        try:
            with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
                result = replace(call, arguments=arguments)()
        except CheckFailure as failure:
            if isinstance(failure.__cause__, FloatingPointError):
                raise CheckFailure(
                    f"{call.name}: {failure.__cause__} for z = {z.ravel().tolist()} in {z.dtype}; expected none. For "
                    f"exp, use an exponent that is never positive, such as np.exp(-np.abs(z))"
                ) from failure
            raise
        if not np.isfinite(result).all():
            raise CheckFailure(
                f"{call.name} is {result.ravel().tolist()} at z = {z.ravel().tolist()} in {z.dtype}; expected finite "
                f"numbers. Write the formula so that the large part cancels, or clip z first"
            )
