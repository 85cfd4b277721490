"""The products are numpy's, for sizes that fill tiles, panels and blocks, and for those that don't."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nnframe_numba.barrier import new_barrier
from nnframe_numba.matrix_products import KC, MC, backward, gradient, linear, new_workspace
from nnframe_numba.micro_kernel import MR, NARROW_MR
from nnframe_numba.simd import VECTOR_BYTES

from nnframe.engines.fast.memory import Memory

sizes = st.one_of(st.integers(1, 40), st.sampled_from([MR, NARROW_MR + 1, MC, MC + 1, KC - 1, KC, KC + 5]))
dtypes = st.sampled_from([np.float32, np.float64])


def problem(n_samples, n_in, n_out, dtype):
    rng = np.random.default_rng(0)
    x, d, W, b = (
        rng.normal(size=shape).astype(dtype)
        for shape in ((n_samples, n_in), (n_samples, n_out), (n_out, n_in), (n_out,))
    )
    return x, d, W, b, new_workspace(Memory(), np.dtype(dtype), max(n_in, n_out))


def assert_close(mine, exact, dtype):
    exact = np.asarray(exact)
    np.testing.assert_allclose(mine, exact, rtol=0, atol=1e3 * np.finfo(dtype).eps * max(1, np.abs(exact).max()))


@settings(deadline=None)
@given(sizes, sizes, sizes, dtypes)
def test_linear_is_the_product_with_the_weights_and_the_bias(n_samples, n_in, n_out, dtype):
    x, _, W, b, memory = problem(n_samples, n_in, n_out, dtype)
    z = np.full((n_samples, n_out), np.nan, dtype)
    linear(x, W, b, z, memory)
    assert_close(z, x.astype(float) @ W.astype(float).T + b, dtype)


@pytest.mark.parametrize("n_out", [1, 10, 16, 17, 33])
def test_nothing_is_written_behind_the_last_row(n_out):
    x, _, W, b, memory = problem(7, 5, n_out, np.float32)
    numbers = np.full(7 * n_out + 64, 9, np.float32)
    linear(x, W, b, numbers[: 7 * n_out].reshape(7, n_out), memory)
    assert (numbers[7 * n_out :] == 9).all()


@settings(deadline=None)
@given(sizes, sizes, sizes, dtypes)
def test_backward_is_the_product_with_the_transposed_weights(n_samples, n_in, n_out, dtype):
    x, d, W, _, memory = problem(n_samples, n_in, n_out, dtype)
    before = np.full_like(x, np.nan)
    backward(d, W, before, memory)
    assert_close(before, d.astype(float) @ W.astype(float), dtype)


@settings(deadline=None)
@given(sizes, sizes, sizes, dtypes, st.integers(1, 5))
def test_all_parts_of_a_descent_add_what_the_samples_say(n_samples, n_in, n_out, dtype, n_threads):
    x, d, W, b, memory = problem(n_samples, n_in, n_out, dtype)
    exact = W + d.astype(float).T @ x, b + d.astype(float).sum(axis=0)
    barrier = new_barrier(1)
    for part in range(n_threads):
        gradient(d, x, W, b, False, 0, part, n_threads, barrier, memory)
    assert_close(W, exact[0], dtype)
    assert_close(b, exact[1], dtype)


@settings(deadline=None)
@given(sizes, sizes, sizes, dtypes, st.integers(1, 5))
def test_all_parts_of_a_gradient_forget_what_was_there(n_samples, n_in, n_out, dtype, n_threads):
    x, d, W, b, memory = problem(n_samples, n_in, n_out, dtype)
    W[...] = b[...] = np.nan
    barrier = new_barrier(1)
    for part in range(n_threads):
        gradient(d, x, W, b, True, 0, part, n_threads, barrier, memory)
    assert_close(W, d.astype(float).T @ x, dtype)
    assert_close(b, d.astype(float).sum(axis=0), dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_row_of_the_result_is_the_same_to_the_bit_whatever_rows_stand_beside_it(dtype):
    x, _, W, b, memory = problem(2 * MC, KC + 7, 19, dtype)
    whole, alone = np.empty((len(x), 19), dtype), np.empty((1, 19), dtype)
    linear(x, W, b, whole, memory)
    for i in (0, 5, MC, 2 * MC - 1):
        linear(x[i : i + 1], W, b, alone, memory)
        np.testing.assert_array_equal(alone[0], whole[i])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_not_finite_stays_in_its_row_and_column(dtype):
    x, _, W, b, memory = problem(20, 30, 11, dtype)
    x[3, 4], W[7, 2] = np.inf, np.nan
    z = np.empty((20, 11), dtype)
    linear(x, W, b, z, memory)
    expected = np.ones((20, 11), bool)
    expected[3], expected[:, 7] = False, False
    np.testing.assert_array_equal(np.isfinite(z), expected)


def test_a_block_has_room_for_whole_squares_of_the_smallest_numbers():
    assert MC % (VECTOR_BYTES // np.dtype(np.float32).itemsize) == 0
