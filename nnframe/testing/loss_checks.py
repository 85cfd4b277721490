"""Checks of losses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.domains import includes
from nnframe.contracts.loss import Loss
from nnframe.errors import ArgumentError, DerivativeError
from nnframe.inputs.by_name import INPUTS
from nnframe.registry.answers import distribution_of, point_of, quantiles_of
from nnframe.testing.calls import Call, calls_of, loss_call
from nnframe.testing.differences import require_slopes, slopes
from nnframe.testing.outcome import CheckFailure, CheckSkipped, require_close, written
from nnframe.testing.samples import DTYPES, columns, loss_arguments, targets, variants, with_changes

FEW, MANY = 4, (45, 1100)


def gradient_matches_differences(loss: Loss) -> None:
    """The gradient agrees with differences of value, for several parameter values and sizes."""
    for each in variants(loss):
        try:
            slope = each.slope
        except DerivativeError as error:
            raise CheckFailure(f"gradient{with_changes(each)} is expected to be given: {error}") from error.__cause__
        for n in (FEW, 1, 3, *MANY):
            arguments = loss_arguments(each, n=n)
            a, y = arguments["a"], arguments["y"]
            gradient = loss_call(each, "gradient", slope, arguments)()
            # Of many components, the first and the last are enough.
            some = (0, n - 1) if n in MANY else range(n)
            for i in [(j, i) for j in range(len(a)) for i in some] if each.is_grouped else [(i,) for i in some]:
                found = slopes(partial(_value, each, arguments, i), a[i])
                advice = (
                    "Expected is what differences of value give. Correct the formula of the gradient; a mean over n "
                    "components makes it 1 / n of a sum's."
                )
                what = f"gradient(a, y){with_changes(each)}" + ("" if n == FEW else f" of {n} components")
                require_slopes(gradient[i], found, what, {"a": a[i], "y": y[i[-1]]}, advice)


def results_are_numbers(loss: Loss) -> None:
    """Values and gradients are finite in the whole domain, and where a equals y."""
    for each in variants(loss):
        for dtype in DTYPES:
            y = targets(each.y_domain, dtype)
            inputs = [loss_arguments(each, dtype)["a"]]
            if includes(each.a_domain, each.y_domain):
                inputs.append(np.broadcast_to(y, inputs[0].shape))
            for a in inputs:
                for call in calls_of(each, dtype):
                    result = _at(call, a, y)()
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
        a = _for_targets(loss, np.array([[0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 1.0, 0.0]], dtype))
        y = np.array([[0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 1.0]], dtype)
        for call in calls_of(loss, dtype):
            result = _at(call, a, y)()
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
        a = _for_targets(loss, np.array([[-1e4, 1e4], [1e4, -1e4]], dtype))
        y = np.array([[0.0, 1.0], [1.0, 0.0]], dtype)
        for call in calls_of(loss, dtype):
            result = _at(call, a, y)()
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
        own = [loss_arguments(each, seed=seed)["a"] for seed in (0, 2)]
        for a in (*own, np.broadcast_to(y, own[0].shape)):
            value_call, slope_call = (_at(call, a, y) for call in calls_of(each))
            value = value_call()
            if not (value >= loss.minimum - 1e-9).all():
                at = int(np.argmin(np.where(np.isnan(value), -np.inf, value)))
                raise CheckFailure(
                    f"value(a, y){with_changes(each)} is {value[at]:.6g} for {written({'a': a, 'y': y}, at)}; expected "
                    f"at least minimum={loss.minimum}. Correct the formula, or the minimum"
                )
            reached = value <= loss.minimum
            gradient = slope_call()[..., reached]
            # At the edge of the domain, the gradient may point outwards.
            inside = loss.a_domain == "real"
            if inside and not (np.abs(gradient) <= 1e-9).all():
                column = int(np.abs(gradient).reshape(-1, gradient.shape[-1]).max(axis=0).argmax())
                where = written({"a": a[..., reached], "y": y[:, reached]}, column)
                raise CheckFailure(
                    f"gradient(a, y){with_changes(each)} is {gradient[..., column].tolist()} for {where}, where the "
                    f"value is at its minimum; expected 0. Correct one of the two formulas, or the minimum"
                )


def answers_fit_the_targets(loss: Loss) -> None:
    """What is read from the outputs has the targets' shape and is finite; scales are positive, quantiles in order."""
    if loss.point is None:
        raise CheckSkipped("it reads nothing from the outputs")
    for each in variants(loss):
        for dtype in DTYPES:
            a = loss_arguments(each, dtype)["a"]
            flat = a.reshape(-1, a.shape[-1])
            results = {"point(a)": point_of(each, flat)}
            if each.distribution is not None:
                mean, scale = distribution_of(each, flat)
                results |= {"the mean of distribution(a)": mean, "the scale of distribution(a)": scale}
                if not (scale > 0).all():
                    raise CheckFailure(
                        f"distribution(a){with_changes(each)} has a scale of {scale.min():.6g}; expected it above 0"
                    )
            if each.quantiles is not None:
                try:
                    results["quantiles(a, [0.5])"] = quantiles_of(each, flat, [0.5])[0]
                    low, high = quantiles_of(each, flat, [0.25, 0.75])
                except ArgumentError:
                    # It may know some levels alone.
                    low = high = results["point(a)"]
                if each.distribution is not None and not (low <= high).all():
                    raise CheckFailure(
                        f"quantiles(a, [0.25, 0.75]){with_changes(each)} are in the wrong order; expected the first "
                        f"below the second"
                    )
            for name, result in results.items():
                if result.dtype != dtype or not np.isfinite(result).all():
                    raise CheckFailure(
                        f"{name}{with_changes(each)} is of {result.dtype}, with numbers from {result.min():.6g} to "
                        f"{result.max():.6g}, for outputs of {dtype}; expected finite numbers of {dtype}"
                    )


def _at(call: Call, a: Array, y: Array) -> Call:
    """Return a call with other outputs and targets, and as many columns of what it takes by name."""
    count = y.shape[-1]
    others = {name: array[..., :count] for name, array in call.arguments.items()}
    if INPUTS in others and len(others[INPUTS]) == len(call.arguments["y"]):
        others[INPUTS] = others[INPUTS][: len(y)]
    return replace(call, arguments={**others, "a": a, "y": y})


def _for_targets(loss: Loss, a: Array) -> Array:
    """Return outputs for as many targets as there are rows: themselves, or each of a target's outputs in turn."""
    if not loss.is_grouped:
        return a
    return np.stack([a if i % 2 else a[::-1] for i in range(loss.n_outputs)])


def _value(loss: Loss, arguments: Mapping[str, Array], i: tuple[int, ...], row: Array) -> Array:
    """Return the loss of each column, with one row of a replaced."""
    moved = arguments["a"].copy()
    moved[i] = row
    return loss_call(loss, "value", loss.value, {**arguments, "a": moved}, shape_of=lambda shape: shape[-1:])()
