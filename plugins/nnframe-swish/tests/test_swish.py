"""What the author of swish promises."""

import math

import numpy as np
import pytest
from nnframe_swish import swish

from nnframe import denseLayer, registry


def test_swish_is_found_by_name():
    assert registry.get("activation", "swish") is swish


@pytest.mark.parametrize("z", [-3.0, 0.0, 0.5, 4.0])
def test_forward_is_the_formula(z):
    layer = denseLayer([[1.0]], activation="swish(beta=2)")
    assert layer.forwardPass([[z]]).item() == pytest.approx(z / (1 + math.exp(-2 * z)))


def test_derivative_is_the_slope_of_forward():
    z = np.linspace(-6, 6, 50).reshape(-1, 1)
    h = 1e-6
    slope = (swish.forward(z + h, beta=1.5) - swish.forward(z - h, beta=1.5)) / (2 * h)
    np.testing.assert_allclose(swish.derivative(z, beta=1.5), slope, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_numbers_stay_finite_and_keep_their_type(dtype):
    z = np.array([[-1e4], [1e4]], dtype=dtype)
    for result in (swish.forward(z, beta=1.0), swish.derivative(z, beta=1.0)):
        assert np.isfinite(result).all()
        assert result.dtype == dtype
