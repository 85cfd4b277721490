"""The built-in plugins at the edges of the number range, and against formulas worked out with the math module."""

import math

import numpy as np
import pytest

from nnframe import denseLayer, nNet, registry

DTYPES = [np.float32, np.float64]
ACTIVATIONS = ["relu", "sigmoid", "tanh", "softmax"]


@pytest.fixture(autouse=True)
def _floating_point_faults_raise():
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        yield


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_stays_finite_at_a_thousand(name, dtype):
    layer = denseLayer(np.eye(3, dtype=dtype), 0, name)
    z = np.array([[-1000.0], [0.0], [1000.0]], dtype)
    for result in (layer.forwardPass(z), layer.activationDerDiag(z)):
        assert np.isfinite(result).all()
        assert result.dtype == dtype


@pytest.mark.parametrize("dtype", DTYPES)
def test_sigmoid_reaches_its_limits(dtype):
    result = denseLayer(np.eye(3, dtype=dtype), 0, "sigmoid").forwardPass(np.array([[-1000.0], [0.0], [1000.0]], dtype))
    np.testing.assert_array_equal(result, [[0], [0.5], [1]])


@pytest.mark.parametrize("z", [-30.0, -5.0, 20.0])
def test_the_slope_of_sigmoid_keeps_its_digits_on_both_sides(z):
    # The slope is even, and exp(-|z|) / (1 + exp(-|z|))^2 loses no digits.
    e = math.exp(-abs(z))
    slope = denseLayer([[1.0]], 0, "sigmoid").activationDerDiag([[z]])
    np.testing.assert_allclose(slope, [e / (1 + e) ** 2], rtol=1e-15)


@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax_of_equal_scores_is_uniform_however_large_they_are(dtype):
    layer = denseLayer(np.eye(4, dtype=dtype), 0, "softmax")
    for z in (-1000, 0, 1000):
        np.testing.assert_array_equal(layer.forwardPass(np.full((4, 1), z, dtype)), np.full((4, 1), 0.25))


def test_softmax_works_column_by_column():
    result = denseLayer(np.eye(2), 0, "softmax").forwardPass([[1000.0, 0.0], [0.0, math.log(3)]])
    np.testing.assert_allclose(result, [[1, 0.25], [0, 0.75]], rtol=1e-15)


@pytest.mark.parametrize("dtype", DTYPES)
def test_training_softmax_with_cel_survives_hopeless_scores(dtype):
    net = nNet([denseLayer(1000 * np.eye(2, dtype=dtype), 0, "softmax")])
    # Right as can be, and wrong as can be: -log softmax is 0, and 1000 - 0.
    assert net.backprop([([[1.0], [0.0]], [[1.0], [0.0]])], "cel", 0.0) == 0
    assert net.backprop([([[1.0], [0.0]], [[0.0], [1.0]])], "cel", 0.1) == 1000
    np.testing.assert_allclose(net.layersList[0].bias, [[-0.1], [0.1]], rtol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("a", [0.0, 1.0])
def test_cel_is_finite_for_certain_probabilities(a, dtype):
    cel = registry.get("loss", "cel")
    probabilities, targets = np.array([[a], [1 - a]], dtype), np.array([[1.0], [0.0]], dtype)
    assert np.isfinite(cel.value(probabilities, targets)).all()
    assert np.isfinite(cel.gradient(probabilities, targets)).all()


# cel is for outputs that sum to 1; several sigmoids are legal, with a warning.
@pytest.mark.filterwarnings("ignore:the loss 'cel' takes")
@pytest.mark.parametrize("dtype", DTYPES)
def test_cel_behind_sigmoid_survives_hopeless_scores(dtype):
    net = nNet([denseLayer(np.array([[-1000.0], [1000.0]], dtype), 0, "sigmoid")])
    net.backprop([([[1.0]], [[1.0], [0.0]])], "cel", 0.1)
    assert np.isfinite(net.layersList[0].linear).all()


def test_cel_is_minus_the_logarithm_of_the_right_ones_probability():
    cel = registry.get("loss", "cel")
    a, y = np.array([[0.2, 0.5], [0.8, 0.5]]), np.array([[1.0, 0.5], [0.0, 0.5]])
    np.testing.assert_allclose(cel.value(a, y), [-math.log(0.2), math.log(2)], rtol=1e-15)
    np.testing.assert_allclose(cel.gradient(a, y), [[-5, -1], [0, -1]], rtol=1e-15)


def test_mse_is_the_mean_over_the_components():
    mse = registry.get("loss", "mse")
    a, y = np.array([[1.0, 0.0], [3.0, 0.0]]), np.zeros((2, 2))
    np.testing.assert_array_equal(mse.value(a, y), [5, 0])
    np.testing.assert_array_equal(mse.gradient(a, y), [[1, 0], [3, 0]])


def test_relu_is_flat_at_its_kink():
    np.testing.assert_array_equal(denseLayer(np.eye(1), 0, "relu").activationDerDiag([[0.0]]), [0])
