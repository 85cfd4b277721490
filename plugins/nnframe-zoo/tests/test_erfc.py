"""erfc against the standard library's, which takes one number at a time."""

import math

import numpy as np
import pytest
from nnframe_zoo._erfc import erfc

# All three ranges and their borders, both signs, down to the smallest normal result.
POINTS = np.concatenate([np.linspace(-7, 26, 3301), [-0.46875, 0.46875, -4.0, 4.0, 1e-9, -1e-300, 0.0]]).reshape(1, -1)


def test_erfc_is_exact_to_a_few_units_in_the_last_place():
    wanted = np.vectorize(math.erfc)(POINTS)
    np.testing.assert_allclose(erfc(POINTS), wanted, rtol=1e-15)


def test_erfc_in_float32_is_exact_to_a_few_units_in_the_last_place():
    points = POINTS[POINTS < 9].astype(np.float32)
    result = erfc(points)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, np.vectorize(math.erfc)(points.astype(np.float64)), rtol=1e-6)


def test_1_less_erfc_is_erf():
    np.testing.assert_allclose(1 - erfc(POINTS), np.vectorize(math.erf)(POINTS), rtol=0, atol=3e-16)


@pytest.mark.parametrize(("x", "limit"), [(30.0, 0.0), (1e4, 0.0), (math.inf, 0.0), (-1e4, 2.0), (-math.inf, 2.0)])
def test_erfc_reaches_its_limits(x, limit):
    assert erfc(np.array([[x]])).item() == limit
