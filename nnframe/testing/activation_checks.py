"""Checks of activations."""

from __future__ import annotations

import numpy as np

from nnframe.activation import Activation
from nnframe.arrays import Array
from nnframe.errors import DerivativeError
from nnframe.testing.differences import slopes
from nnframe.testing.outcome import CheckFailure, CheckSkipped, require_close
from nnframe.testing.samples import DTYPES, LARGE, pre_activations, variants
from nnframe.testing.trial import Trial

TOLERANCE = 1e-5


def components_are_independent(trial: Trial) -> None:
    """Without backward, an output depends on its own input alone."""
    plugin = _activation(trial)
    if plugin.backward is not None:
        raise CheckSkipped("it mixes the components of a column, and says so with backward")
    z = pre_activations()
    together = trial.calls(plugin)[0](z, **plugin.settings)
    for i in range(len(z)):
        require_close(
            together[[i]],
            trial.calls(plugin)[0](z[[i]], **plugin.settings),
            f"component {i} of forward(z) among the others of its column",
            "An activation that mixes components gives backward(grad, z, a) in place of derivative.",
            rtol=1e-9,
            atol=1e-12,
        )


def derivative_matches_differences(trial: Trial) -> None:
    """The derivative, or backward, is the slope of forward, at the defaults and at other parameters."""
    for plugin in variants(_activation(trial)):
        z = pre_activations()
        try:
            slope = plugin.slope if plugin.backward is None else None
        except DerivativeError as error:
            raise CheckFailure(f"the derivative of {plugin.spec}: {error}") from error
        for i in range(len(z)):
            # What backward gives for grad is the slope of the sum of grad * a, here with grad = z / 3 upside down.
            grad = np.ones_like(z) if slope else z[::-1] / 3

            def objective(
                row: Array, i: int = i, z: Array = z, grad: Array = grad, plugin: Activation = plugin
            ) -> Array:
                moved = z.copy()
                moved[i] = row
                total: Array = (grad * plugin.forward(moved, **plugin.settings)).sum(axis=0)
                return total

            with np.errstate(all="ignore"):
                found = slopes(objective, z[i])
                if slope is not None:
                    got = slope(z, **plugin.settings)[i]
                else:
                    assert plugin.backward is not None
                    got = plugin.backward(grad, z, plugin.forward(z, **plugin.settings), **plugin.settings)[i]
            name = "derivative" if slope else "backward"
            expected = np.where(found.smooth, found.central, got)
            # At a kink every slope between the two sides' will do.
            low, high = np.minimum(found.left, found.right), np.maximum(found.left, found.right)
            expected = np.where(found.smooth | found.jump, expected, np.clip(got, low, high))
            expected = np.where(found.jump, got, expected)
            scale = 1 + np.abs(np.where(found.jump, 0, found.central))
            worst = int(np.argmax(np.abs(got - expected) / scale))
            require_close(
                got / scale,
                expected / scale,
                f"{name} of {plugin.spec} at z = {z[i, worst]:.6g} (scaled)",
                "Expected is what differences of forward give. Correct the formula of the derivative, or leave it out.",
                rtol=0,
                atol=TOLERANCE,
            )


def large_inputs_stay_finite(trial: Trial) -> None:
    """At +-1e4 results are finite, and nothing overflows on the way to them."""
    plugin = _activation(trial)
    for dtype in DTYPES:
        z = np.array([[-LARGE], [LARGE], [-50.0], [90.0], [0.0]], dtype)
        if plugin.backward is None:
            # One at a time, or the finite ones would hide the others' warnings.
            for at in z.reshape(-1, 1, 1):
                _require_finite(trial, at)
        else:
            _require_finite(trial, z)


def the_limits_of_the_dtype_give_no_nan(trial: Trial) -> None:
    """The largest and the smallest numbers of the dtype give numbers, be they infinite."""
    plugin = _activation(trial)
    for dtype in DTYPES:
        limits = np.finfo(dtype)
        for at in (limits.max, limits.min, limits.tiny, -limits.tiny, 0.0, -0.0):
            z = np.full((1, 1), at, dtype)
            with np.errstate(all="ignore"):
                for call in trial.calls(plugin, dtype):
                    if call.name.startswith("backward"):
                        continue
                    if np.isnan(call(z, **plugin.settings)).any():
                        raise CheckFailure(
                            f"{call.name} is NaN at z = {at:.3g} in {dtype}; expected a number. Look for inf / inf, "
                            f"inf - inf "
                            f"and 0 * inf, and write the formula so that the large part cancels first"
                        )


def in_place_forms_agree(trial: Trial) -> None:
    """forward_inplace and backward_inplace do what the plain forms do."""
    plugin = _activation(trial)
    if plugin.forward_inplace is None or plugin.backward_inplace is None:
        raise CheckSkipped("it has no in-place forms")
    for each in variants(plugin):
        for dtype in DTYPES:
            z = pre_activations(dtype)
            settings, eps = each.settings, float(np.finfo(dtype).eps)
            a, grad = each.forward(z, **settings), z[::-1] / 3
            if each.backward is not None:
                expected = each.backward(grad, z, a, **settings)
            else:
                expected = grad * each.slope(z, **settings)
            got_a, got_grad = z.copy(), grad.copy()
            assert each.forward_inplace is not None
            assert each.backward_inplace is not None
            each.forward_inplace(got_a, **settings)
            advice = "Both are called with arrays to overwrite, and their result is not looked at."
            require_close(got_a, a, f"forward_inplace(z) of {each.spec}", advice, rtol=8 * eps, atol=8 * eps)
            each.backward_inplace(got_grad, a.copy(), **settings)
            scale = float(np.abs(grad).max())
            require_close(
                got_grad,
                expected,
                f"backward_inplace(grad, a) of {each.spec}",
                advice,
                rtol=32 * eps,
                atol=32 * eps * scale,
            )


def _require_finite(trial: Trial, z: Array) -> None:
    plugin = _activation(trial)
    for call in trial.calls(plugin, z.dtype):
        arguments: tuple[Array, ...] = (z,)
        if call.name.startswith("backward"):
            arguments = (np.ones_like(z), z, plugin.forward(z, **plugin.settings))
        try:
            with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
                result = call(*arguments, **plugin.settings)
        except CheckFailure as failure:
            if isinstance(failure.__cause__, FloatingPointError):
                raise CheckFailure(
                    f"{call.name}: {failure.__cause__} for z = {z.ravel().tolist()} in {z.dtype}; expected none. For "
                    f"exp, use "
                    f"an exponent that is never positive, such as np.exp(-np.abs(z))"
                ) from failure
            raise
        if not np.isfinite(result).all():
            raise CheckFailure(
                f"{call.name} is {result.ravel().tolist()} at z = {z.ravel().tolist()} in {z.dtype}; expected finite "
                f"numbers. "
                f"Write the formula so that the large part cancels, or clip z first"
            )


def _activation(trial: Trial) -> Activation:
    assert isinstance(trial.plugin, Activation)
    return trial.plugin
