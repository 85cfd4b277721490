"""Checks of losses."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.domains import includes
from nnframe.contracts.loss import Loss
from nnframe.errors import DerivativeError
from nnframe.testing.calls import calls_of
from nnframe.testing.differences import require_slopes, slopes
from nnframe.testing.outcome import CheckFailure, CheckSkipped, require_close, written
from nnframe.testing.samples import DTYPES, columns, targets, variants, with_changes

FEW, MANY = 4, (45, 1100)


def gradient_matches_differences(loss: Loss) -> None:
    """The gradient agrees with differences of value, for several parameter values and sizes."""
    for each in variants(loss):
        try:
            slope = each.slope
        except DerivativeError as error:
            raise CheckFailure(f"gradient{with_changes(each)} is expected to be given: {error}") from error.__cause__
        for n in (FEW, 1, 3, *MANY):
            a, y = columns(each.a_domain, seed=0, n=n), targets(each.y_domain, n=n)
            gradient = slope(a, y, **each.settings)
            # Of many components, the first and the last are enough.
            for i in (0, n - 1) if n in MANY else range(n):
                found = slopes(partial(_value, each, a, y, i), a[i])
                advice = (
                    "Expected is what differences of value give. Correct the formula of the gradient; a mean over n "
                    "components makes it 1 / n of a sum's."
                )
                what = f"gradient(a, y){with_changes(each)}" + ("" if n == FEW else f" of {n} components")
                require_slopes(gradient[i], found, what, {"a": a[i], "y": y[i]}, advice)


def results_are_numbers(loss: Loss) -> None:
    """Values and gradients are finite in the whole domain, and where a equals y."""
    for each in variants(loss):
        for dtype in DTYPES:
            y = targets(each.y_domain, dtype)
            inputs = [columns(each.a_domain, seed=0, dtype=dtype)]
            if includes(each.a_domain, each.y_domain):
                inputs.append(y)
            for a in inputs:
                for call in calls_of(each, dtype):
                    result = replace(call, arguments={"a": a, "y": y})()
                    if not np.isfinite(result).all():
                        column = int(np.argwhere(~np.isfinite(result))[0][-1])
                        raise CheckFailure(
                            f"{call.name}{with_changes(each)} is {result[..., column].tolist()} for "
                            f"{written({'a': a, 'y': y}, column)} in {dtype}; expected finite numbers. Look for 0 / 0 "
                            f"and log 0, or declare in a_domain and y_domain what the loss takes"
                        )


def column_value_agrees(loss: Loss) -> None:
    """column_value agrees with value, wherever it is finite."""
    column_value = loss.column_value
    if column_value is None:
        raise CheckSkipped("it has no column_value")
    for each in variants(loss):
        for dtype in DTYPES:
            a, y = columns(each.a_domain, seed=0).astype(dtype), targets(each.y_domain, dtype)
            expected = each.value(a, y, **each.settings)
            for i in range(a.shape[1]):
                column = {"a": a[:, [i]], "y": y[:, [i]]}
                got = column_value(column["a"], column["y"], **each.settings)
                if np.isfinite(got):
                    require_close(
                        np.array([got]),
                        expected[[i]].astype(float),
                        f"column_value(a, y){with_changes(each)} in {dtype}",
                        "Expected is value(a, y).",
                        1e-4 if dtype == np.float32 else 1e-9,
                        1e-5 if dtype == np.float32 else 1e-12,
                        column,
                    )


def certain_probabilities_stay_finite(loss: Loss) -> None:
    """Values and gradients are finite for probabilities of exactly 0 and 1."""
    if loss.a_domain not in ("probability", "distribution"):
        raise CheckSkipped("its activations are not probabilities (a_domain)")
    for dtype in DTYPES:
        a = np.array([[0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 1.0, 0.0]], dtype)
        y = np.array([[0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 1.0]], dtype)
        for call in calls_of(loss, dtype):
            result = replace(call, arguments={"a": a, "y": y})()
            if not np.isfinite(result).all():
                raise CheckFailure(
                    f"{call.name} is {result.tolist()} for a = {a.tolist()}, y = {y.tolist()} in {dtype}; expected "
                    f"finite numbers. Put a floor under what goes into a logarithm or a denominator"
                )


def large_inputs_give_no_nan(loss: Loss) -> None:
    """Activations of +-1e4 never result in NaN, if the loss takes them."""
    if loss.a_domain in ("probability", "distribution"):
        raise CheckSkipped("its activations are probabilities (a_domain)")
    for dtype in DTYPES:
        a = np.array([[-1e4, 1e4], [1e4, -1e4]], dtype)
        y = np.array([[0.0, 1.0], [1.0, 0.0]], dtype)
        for call in calls_of(loss, dtype):
            result = replace(call, arguments={"a": a, "y": y})()
            if np.isnan(result).any():
                raise CheckFailure(
                    f"{call.name} is {result.tolist()} for a = {a.tolist()}, y = {y.tolist()} in {dtype}; expected "
                    f"numbers. Look for inf - inf and 0 * inf"
                )


def the_minimum_is_kept(loss: Loss) -> None:
    """No value is below the declared minimum, and the gradient at the minimum is 0."""
    if loss.minimum is None:
        raise CheckSkipped("it states no minimum")
    for each in variants(loss):
        y = targets(each.y_domain)
        for a in (columns(each.a_domain, seed=0), columns(each.a_domain, seed=2), y):
            value = each.value(a, y, **each.settings)
            if not (value >= loss.minimum - 1e-9).all():
                at = int(np.argmin(np.where(np.isnan(value), -np.inf, value)))
                raise CheckFailure(
                    f"value(a, y){with_changes(each)} is {value[at]:.6g} for {written({'a': a, 'y': y}, at)}; expected "
                    f"at least minimum={loss.minimum}. Correct the formula, or the minimum"
                )
            reached = value <= loss.minimum
            gradient = each.slope(a, y, **each.settings)[:, reached]
            # At the edge of the domain, the gradient may point outwards.
            inside = loss.a_domain == "real"
            if inside and not (np.abs(gradient) <= 1e-9).all():
                column = int(np.abs(gradient).max(axis=0).argmax())
                where = written({"a": a[:, reached], "y": y[:, reached]}, column)
                raise CheckFailure(
                    f"gradient(a, y){with_changes(each)} is {gradient[:, column].tolist()} for {where}, where the "
                    f"value is at its minimum; expected 0. Correct one of the two formulas, or the minimum"
                )


def _value(loss: Loss, a: Array, y: Array, i: int, row: Array) -> Array:
    """Return the loss of each column, with one row of a replaced."""
    moved = a.copy()
    moved[i] = row
    return loss.value(moved, y, **loss.settings)
