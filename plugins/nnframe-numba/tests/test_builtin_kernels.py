"""The softmax of rows is numpy's, for rows that fit into a vector and for longer ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nnframe_numba.builtin_kernels import softmax_activate

RNG = np.random.default_rng(0)
TOLERANCES = {np.float32: 1e-6, np.float64: 1e-14}


def softmax(z):
    powers = np.exp(z.astype(np.float64) - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 20), st.sampled_from([np.float32, np.float64]), st.booleans())
def test_softmax_is_numpys_and_stays_in_its_array(n_rows, n_columns, dtype, in_place):
    # What follows has to stay.
    numbers = np.full(n_rows * n_columns + 64, 9, dtype)
    a = numbers[: n_rows * n_columns].reshape(n_rows, n_columns)
    a[...] = RNG.normal(0, 10, size=a.shape)
    z = a if in_place else a.copy()
    expected = softmax(z)
    softmax_activate(z, a)
    np.testing.assert_allclose(a, expected, rtol=0, atol=TOLERANCES[dtype])
    assert (numbers[a.size :] == 9).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_row_is_the_same_to_the_bit_whatever_rows_stand_beside_it(dtype):
    z = RNG.normal(size=(37, 10)).astype(dtype)
    whole, part = np.empty_like(z), np.empty_like(z[:5])
    softmax_activate(z, whole)
    for first in (0, 3, 16, 32):
        softmax_activate(z[first : first + 5], part)
        np.testing.assert_array_equal(part, whole[first : first + 5])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_of_large_numbers_is_exact_and_nan_stays_in_its_row(dtype):
    z = np.array([[0, 1e30, 0], [np.nan, 0, 1], [0, np.nan, 1], [-np.inf, 0, 0], [-200, -200, -1000]], dtype)
    a = np.empty_like(z)
    softmax_activate(z, a)
    nan = np.nan
    expected = np.array([[0, 1, 0], [nan, nan, nan], [nan, nan, nan], [0, 0.5, 0.5], [0.5, 0.5, 0]], dtype)
    np.testing.assert_allclose(a, expected, rtol=1e-6, atol=0)
