"""The products are numpy's, in every share of a batch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nnframe_numba import blas
from nnframe_numba.matrix_products import add_gradient, backward, linear, store_gradient
from nnframe_numba.shares import FEWEST_SAMPLES, share_of_rows, share_of_samples
from threadpoolctl import threadpool_info, threadpool_limits

sizes = st.one_of(st.integers(1, 40), st.sampled_from([64, 65, 255, 256, 300]))
dtypes = st.sampled_from([np.float32, np.float64])


@pytest.fixture(autouse=True, scope="module")
def registered():
    blas.register()


def problem(n_samples, n_in, n_out, dtype):
    rng = np.random.default_rng(0)
    shapes = (n_samples, n_in), (n_samples, n_out), (n_out, n_in), (n_out,)
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def assert_close(mine, exact, dtype):
    exact = np.asarray(exact)
    np.testing.assert_allclose(mine, exact, rtol=0, atol=1e3 * np.finfo(dtype).eps * max(1, np.abs(exact).max()))


@settings(deadline=None)
@given(sizes, sizes, sizes, dtypes)
def test_linear_is_the_product_with_the_weights_and_the_bias(n_samples, n_in, n_out, dtype):
    x, _, W, b = problem(n_samples, n_in, n_out, dtype)
    z = np.full((n_samples, n_out), np.nan, dtype)
    linear(x, W, b, z)
    assert_close(z, x.astype(float) @ W.astype(float).T + b, dtype)


@settings(deadline=None)
@given(sizes, sizes, sizes, dtypes)
def test_backward_is_the_product_with_the_transposed_weights(n_samples, n_in, n_out, dtype):
    x, d, W, _ = problem(n_samples, n_in, n_out, dtype)
    before = np.full_like(x, np.nan)
    backward(d, W, before)
    assert_close(before, d.astype(float) @ W.astype(float), dtype)


@settings(deadline=None)
@given(sizes, sizes, sizes, dtypes, st.integers(1, 5), st.integers(1, 5))
def test_all_threads_together_add_the_gradient(n_samples, n_in, n_out, dtype, n_threads, n_shares):
    x, d, W, b = problem(n_samples, n_in, n_out, dtype)
    exact = W + d.astype(float).T @ x, b + d.astype(float).sum(axis=0)
    for thread in range(n_threads):
        add_gradient(d, x, W, b, thread, n_threads, n_shares)
    assert_close(W, exact[0], dtype)
    assert_close(b, exact[1], dtype)


@settings(deadline=None)
@given(sizes, sizes, sizes, dtypes, st.integers(1, 5), st.integers(1, 5))
def test_all_threads_together_replace_the_gradient(n_samples, n_in, n_out, dtype, n_threads, n_shares):
    x, d, W, b = problem(n_samples, n_in, n_out, dtype)
    W[...] = b[...] = np.nan
    for thread in range(n_threads):
        store_gradient(d, x, W, b, thread, n_threads, n_shares)
    assert_close(W, d.astype(float).T @ x, dtype)
    assert_close(b, d.astype(float).sum(axis=0), dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_that_are_not_finite_stay_in_their_row_and_column(dtype):
    x, _, W, b = problem(20, 30, 11, dtype)
    x[3, 4], W[7, 2] = np.inf, np.nan
    z = np.empty((20, 11), dtype)
    linear(x, W, b, z)
    expected = np.ones((20, 11), bool)
    expected[3], expected[:, 7] = False, False
    np.testing.assert_array_equal(np.isfinite(z), expected)


@settings(deadline=None)
@given(st.integers(1, 9), st.integers(0, 200))
def test_the_shares_of_a_batch_have_every_sample_once_and_few_are_small(n_shares, count):
    shares = [share_of_samples(share, n_shares, count) for share in range(n_shares)]
    assert [i for first, last in shares for i in range(first, last)] == list(range(count))
    if count >= FEWEST_SAMPLES:
        assert all(last - first >= FEWEST_SAMPLES for first, last in shares if last > first)


@settings(deadline=None)
@given(st.integers(1, 9), st.integers(1, 200))
def test_the_shares_of_rows_have_every_row_once(n_shares, n_rows):
    shares = [share_of_rows(share, n_shares, n_rows) for share in range(n_shares)]
    assert [i for first, last in shares for i in range(first, last)] == list(range(n_rows))


def blas_threads():
    return [info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"]


def test_blas_runs_on_one_thread_until_the_last_run_ends_and_gets_back_what_was_set():
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        first, second = blas.one_thread(), blas.one_thread()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert set(blas_threads()) == {1}
        second.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
        assert blas_threads() == before
