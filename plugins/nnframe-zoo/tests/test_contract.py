"""What nnframe asks of every activation and loss."""

import numpy as np
import pytest

from nnframe import Loss, registry
from nnframe.registry.binding import bind_objective

EXTREMES = np.array([[-1e4, 1e4, 0.0, -1e4], [1e4, -1e4, 1e4, -1e4], [0.0, 30.0, -1e4, -1e4]])


# What is taken together, because the chain rule would lose digits.
FUSED = {"focal": ["softmax"], "smoothed_cel": ["softmax"]}


def drawn(shape):
    """Return normal random numbers, the same ones in whichever order the tests run."""
    return np.random.default_rng(1).normal(size=shape)


def shares(shape):
    """Return columns of probabilities."""
    e = np.exp(2 * drawn(shape))
    return e / e.sum(axis=0)


def read_only(array, dtype):
    array = np.asarray(array).astype(dtype)
    array.flags.writeable = False
    return array


def targets_for(loss, shape):
    """Return targets that the loss is meant for: signs for the hinges, columns of probabilities for all others."""
    return np.sign(drawn(shape)) if "hinge" in loss.name else shares(shape)


def results_of(plugin, first, dtype):
    """Return what every function of a plugin gives, called with read-only arrays."""
    first, settings = read_only(first, dtype), plugin.settings
    if isinstance(plugin, Loss):
        y = read_only(targets_for(plugin, first.shape), dtype)
        results = {"value": plugin.value(first, y, **settings), "gradient": plugin.slope(first, y, **settings)}
        for name in FUSED.get(plugin.name, ()):
            activation = registry.get("activation", name)
            form, a = bind_objective(plugin, activation), read_only(activation.forward(first), dtype)
            results[f"{name} gradient"] = form.gradient(first, a, y)
            results[f"{name} value"] = form.value(first, a, y)
        return results
    a = read_only(plugin.forward(first, **settings), dtype)
    if plugin.elementwise:
        return {"forward": a, "derivative": plugin.slope(first, **settings)}
    grad = read_only(drawn(first.shape), dtype)
    return {"forward": a, "backward": plugin.backward_pass(grad, first, a, **settings)}


def assert_kept(results, shape, dtype):
    for part, result in results.items():
        assert result.dtype == dtype, part
        assert result.shape == (shape[1:] if "value" in part else shape), part


def test_an_activation_keeps_dtype_and_shape(activation, dtype):
    assert_kept(results_of(activation, drawn((3, 5)), dtype), (3, 5), dtype)


def test_a_loss_keeps_dtype_and_shape(loss, dtype):
    assert_kept(results_of(loss, shares((3, 5)), dtype), (3, 5), dtype)


def test_an_activation_writes_to_no_argument(activation):
    results_of(activation, drawn((3, 5)), np.float64)


def test_a_loss_writes_to_no_argument(loss):
    results_of(loss, shares((3, 5)), np.float64)


def test_an_activation_of_large_numbers_is_finite(activation, dtype):
    for part, result in results_of(activation, EXTREMES, dtype).items():
        assert np.isfinite(result).all(), part


def test_a_loss_of_large_numbers_is_finite(loss, dtype):
    for part, result in results_of(loss, EXTREMES, dtype).items():
        assert np.isfinite(result).all(), part


def test_a_column_does_not_depend_on_its_neighbours(activation):
    z = drawn((4, 3))
    together = activation.forward(z, **activation.settings)
    alone = np.hstack([activation.forward(z[:, [i]], **activation.settings) for i in range(3)])
    np.testing.assert_array_equal(together, alone)


def test_a_gradient_is_the_slope_of_the_value(loss):
    # Two components, so that a mean that isn't taken, or taken twice, shows.
    a, y, h = shares((2, 50))[:, ::-1], targets_for(loss, (2, 50)), 1e-6
    gradient = loss.slope(a, y, **loss.settings)
    for i in range(2):
        step = np.zeros_like(a)
        step[i] = h
        slope = (loss.value(a + step, y, **loss.settings) - loss.value(a - step, y, **loss.settings)) / (2 * h)
        np.testing.assert_allclose(gradient[i], slope, rtol=1e-6, atol=1e-8)


OTHER_PARAMETERS = {"focal": {"gamma": 0.5}, "smoothed_cel": {"smoothing": 0.3}}


@pytest.mark.parametrize("changed", [False, True], ids=["default", "changed"])
def test_a_fused_form_is_the_chain_rule(loss, changed):
    configured = loss.with_params(**OTHER_PARAMETERS.get(loss.name, {})) if changed else loss
    settings = configured.settings
    z, y = drawn((4, 6)), shares((4, 6))[:, ::-1]
    for name in FUSED.get(loss.name, ()):
        activation = registry.get("activation", name)
        form, a = bind_objective(configured, activation), activation.forward(z)
        assert form.fused is not None
        chained = activation.backward_pass(configured.slope(a, y, **settings), z, a)
        np.testing.assert_allclose(form.gradient(z, a, y), chained, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(form.value(z, a, y), configured.value(a, y, **settings), rtol=1e-12)
