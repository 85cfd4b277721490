"""exp and tanh in float32 are as exact as those of the C library, to a unit or so in the last place."""

import numpy as np
import pytest
from nnframe_numba import float32_math
from nnframe_numba.jit import kernel
from nnframe_numba.simd import load_some, store_some, width

# Every 4099th of all numbers there are, both signs, infinities included; and those where the functions change, densely.
BITS = np.arange(0, 2**32, 4099, dtype=np.uint64).astype(np.uint32).view(np.float32)
DENSE = np.linspace(-104, 90, 1_000_001, dtype=np.float32)
NEAR_0 = np.linspace(-1, 1, 1_000_001, dtype=np.float32)
NUMBERS = np.concatenate([BITS[~np.isnan(BITS)], DENSE, NEAR_0])


# Kernels may be reordered, as the loops are that call the two.
@kernel
def fill_exp(x, y):
    for i in range(x.size):
        y[i] = float32_math.exp(x[i])


@kernel
def fill_exp_by_vectors(x, y):
    lanes = width(x)
    for i in range(0, x.size, lanes):
        numbers = load_some(x, i, x.size - i)
        store_some(y, i, float32_math.exp(numbers), x.size - i)


@kernel
def fill_tanh(x, y):
    for i in range(x.size):
        y[i] = float32_math.tanh(x[i])


FUNCTIONS = [(fill_exp, np.exp), (fill_exp_by_vectors, np.exp), (fill_tanh, np.tanh)]


def values(fill, x):
    x = np.asarray(x)
    y = np.empty_like(x)
    fill(x, y)
    return y


@pytest.mark.parametrize(
    ("fill", "function"), [(fill_exp, np.exp), (fill_exp_by_vectors, np.exp), (fill_tanh, np.tanh)]
)
def test_it_is_within_two_units_in_the_last_place_of_float64(fill, function):
    mine = values(fill, NUMBERS)
    with np.errstate(over="ignore", under="ignore"):
        exact = function(NUMBERS.astype(np.float64))
        rounded = exact.astype(np.float32)
    finite = np.isfinite(rounded)
    np.testing.assert_array_equal(mine[~finite], rounded[~finite])
    units = np.abs(mine[finite] - exact[finite]) / np.spacing(np.abs(rounded[finite]))
    assert units.max() < 2


@pytest.mark.parametrize("fill", [fill_exp, fill_exp_by_vectors])
def test_exp_has_its_limits(fill):
    x = np.array([0, -0.0, np.inf, -np.inf, np.nan, 89, -104], np.float32)
    np.testing.assert_array_equal(values(fill, x), np.array([1, 1, np.inf, 0, np.nan, np.inf, 0], np.float32))


def test_tanh_has_its_limits_and_keeps_the_sign_of_0():
    x = np.array([0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -30], np.float32)
    y = values(fill_tanh, x)
    np.testing.assert_array_equal(y, np.array([0, 0, 1, -1, np.nan, 1e-45, -1], np.float32))
    assert not np.signbit(y[0])
    assert np.signbit(y[1])


def test_tanh_is_odd():
    np.testing.assert_array_equal(values(fill_tanh, -NEAR_0), -values(fill_tanh, NEAR_0))


@pytest.mark.parametrize(
    ("fill", "function"), [(fill_exp, np.exp), (fill_exp_by_vectors, np.exp), (fill_tanh, np.tanh)]
)
def test_float64_is_as_exact_as_float64_can_be(fill, function):
    x = np.linspace(-20, 20, 1001)
    np.testing.assert_allclose(values(fill, x), function(x), rtol=1e-15)
