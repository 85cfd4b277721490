"""The faster ways of the built-in plugins come to what the plain ones do, whatever the size and order in memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnframe.builtins.activations import relu
from nnframe.builtins.shortcuts import (
    LARGE,
    MOST_MULTIPLICATIONS,
    MOST_ZEROS,
    column_sums,
    lies_within,
    spread_sums,
    zeros_beside,
)

ORDERS = st.sampled_from("CF")
SIZES = st.integers(1, 40)


def matrix(n, count, order="C"):
    return np.asarray(np.random.default_rng(n).normal(size=(n, count)), order=order)


@given(SIZES, SIZES)
def test_column_sums_are_the_sums_of_the_columns(n, count):
    np.testing.assert_allclose(column_sums(matrix(n, count)), matrix(n, count).sum(axis=0), atol=1e-12)


@given(SIZES, SIZES, ORDERS, ORDERS)
def test_spread_sums_go_with_a_partner_as_sums_do(n, count, order, other):
    summed, partner = matrix(n, count, order), matrix(n, count, other)
    result = partner * spread_sums(summed, partner)
    np.testing.assert_allclose(result, partner * summed.sum(axis=0), atol=1e-12)


def test_sums_of_a_large_matrix_are_not_spread():
    large = np.ones((MOST_MULTIPLICATIONS, 2))
    assert spread_sums(large, large).shape == (2,)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("count", [1, 64, MOST_ZEROS])
def test_zeros_beside_a_matrix_are_compared_with_all_of_it(count, order):
    numbers = matrix(3, count, order)
    np.testing.assert_array_equal(np.maximum(numbers, zeros_beside(numbers)), np.where(numbers > 0, numbers, 0))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("count", [LARGE // 32 - 1, LARGE // 32, MOST_ZEROS])
def test_relu_in_place_is_relu_for_small_and_large_matrices(count, order):
    z, grad = matrix(32, count, order), matrix(32, count)
    a, dz = z.copy(order="K"), grad.copy()
    relu.forward_inplace(a)
    relu.backward_inplace(dz, a)
    np.testing.assert_array_equal(a, relu.forward(z))
    np.testing.assert_array_equal(dz, grad * relu.derivative(z))


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([1.9, -1.9], True),
        ([2.0, 0], False),
        ([0, -2.0], False),
        ([0, np.nan], False),
        ([0, np.inf], False),
        ([], True),
    ],
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_numbers_are_found_to_lie_within_a_bound(numbers, expected, order):
    matrix = np.array([numbers, numbers], order=order)
    assert lies_within(matrix, 2.0) is expected
