"""Checks of losses."""

from __future__ import annotations

import numpy as np

from nnframe.arrays import FLOAT64, Array
from nnframe.loss import Loss
from nnframe.testing.differences import slopes
from nnframe.testing.outcome import CheckFailure, CheckSkipped, require_close
from nnframe.testing.samples import DTYPES, columns, targets, variants
from nnframe.testing.trial import Trial

TOLERANCE = 1e-5


def gradient_matches_differences(trial: Trial) -> None:
    """The gradient is the slope of value, at the defaults and at other parameters."""
    for loss in variants(_loss(trial)):
        a, y = columns(loss.a_domain, seed=0), targets(loss.y_domain)
        gradient = loss.gradient(a, y, **loss.settings)
        for i in range(len(a)):

            def value(row: Array, i: int = i, loss: Loss = loss, a: Array = a, y: Array = y) -> Array:
                moved = a.copy()
                moved[i] = row
                return loss.value(moved, y, **loss.settings)

            with np.errstate(all="ignore"):
                found = slopes(value, a[i])
            # At a kink every slope between the two sides' will do.
            low, high = np.minimum(found.left, found.right), np.maximum(found.left, found.right)
            expected = np.where(found.smooth, found.central, np.clip(gradient[i], low, high))
            expected = np.where(found.jump, gradient[i], expected)
            scale = 1 + np.abs(np.where(found.jump, 0, found.central))
            worst = int(np.argmax(np.abs(gradient[i] - expected) / scale))
            require_close(
                gradient[i] / scale,
                expected / scale,
                f"gradient of {loss.spec} at a = {a[i, worst]:.6g}, y = {y[i, worst]:.6g} (scaled)",
                "Expected is what differences of value give. Correct the formula of the gradient; a mean over n "
                "components "
                "makes it 1 / n of a sum's.",
                rtol=0,
                atol=TOLERANCE,
            )


def certain_probabilities_stay_finite(trial: Trial) -> None:
    """Values and gradients are finite for the probabilities 0 and 1, right or wrong."""
    loss = _loss(trial)
    if loss.a_domain != "probability":
        raise CheckSkipped("its activations are any real numbers (a_domain)")
    for dtype in DTYPES:
        a = np.array([[0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 1.0, 0.0]], dtype)
        y = np.array([[0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 1.0]], dtype)
        for call in trial.calls(loss, dtype):
            with np.errstate(all="ignore"):
                result = call(a, y, **loss.settings)
            if not np.isfinite(result).all():
                raise CheckFailure(
                    f"{call.name} is {result.tolist()} for a = {a.tolist()}, y = {y.tolist()} in {dtype}; expected "
                    f"finite "
                    f"numbers. Put a floor under what goes into a logarithm or a denominator"
                )


def large_inputs_give_no_nan(trial: Trial) -> None:
    """Activations of +-1e4 give numbers, where the loss takes them."""
    loss = _loss(trial)
    if loss.a_domain == "probability":
        raise CheckSkipped("its activations are probabilities (a_domain)")
    for dtype in DTYPES:
        a = np.array([[-1e4, 1e4], [1e4, -1e4]], dtype)
        y = np.array([[0.0, 1.0], [1.0, 0.0]], dtype)
        for call in trial.calls(loss, dtype):
            with np.errstate(all="ignore"):
                result = call(a, y, **loss.settings)
            if np.isnan(result).any():
                raise CheckFailure(
                    f"{call.name} is {result.tolist()} for a = {a.tolist()}, y = {y.tolist()} in {dtype}; expected "
                    f"numbers. Look "
                    f"for inf - inf and 0 * inf"
                )


def the_minimum_is_kept(trial: Trial) -> None:
    """No value is below the stated minimum, and the gradient is 0 where it is reached."""
    for loss in variants(_loss(trial)):
        if loss.minimum is None:
            raise CheckSkipped("it states no minimum")
        y = targets(loss.y_domain)
        for a in (columns(loss.a_domain, seed=0), columns(loss.a_domain, seed=2), y):
            value = loss.value(a, y, **loss.settings)
            if (value < loss.minimum - 1e-9).any():
                raise CheckFailure(
                    f"value(a, y) of {loss.spec} is {value.min():.6g}; expected at least minimum={loss.minimum}. "
                    f"Correct the "
                    f"formula, or the minimum"
                )
            reached = value <= loss.minimum
            gradient = loss.gradient(a, y, **loss.settings)[:, reached]
            # At the edge of the domain, a slope may point out of it.
            inside = loss.a_domain == "real"
            if inside and (np.abs(gradient) > 1e-9).any():
                raise CheckFailure(
                    f"gradient(a, y) of {loss.spec} is {gradient.ravel()[np.abs(gradient).argmax()]:.6g} where the "
                    f"value is at its "
                    f"minimum; expected 0. Correct one of the two formulas, or the minimum"
                )


def _loss(trial: Trial) -> Loss:
    assert isinstance(trial.plugin, Loss)
    assert trial.calls(trial.plugin, FLOAT64)
    return trial.plugin
