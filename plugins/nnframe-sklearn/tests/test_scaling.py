"""Scales of columns, against scikit-learn's StandardScaler."""

import numpy as np
import pytest
import scipy.sparse as sp
from nnframe_sklearn.scaling import Scaling
from sklearn.preprocessing import StandardScaler

PARTS = (slice(0, 100), slice(100, 101), slice(101, 300))


def columns(dtype):
    """Return columns of very different sizes, some of them far from 0 for their spread, and a constant one."""
    X = np.random.default_rng(0).normal(size=(300, 7)) * 10.0 ** np.arange(-3, 4) + 10.0 ** np.arange(7)
    X[:, 3] = 7.7
    return X.astype(dtype)


def weights_of(rows, weighted):
    return np.random.default_rng(1).uniform(0, 2, rows.shape[0]) if weighted else None


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_mean_and_scale_are_those_of_a_standard_scaler_after_each_part(dtype, weighted):
    X = columns(dtype)
    weights = weights_of(X, weighted)
    mine, theirs = Scaling(), StandardScaler()
    for part in PARTS:
        some = None if weights is None else weights[part]
        mine.learn(X[part], some)
        # It would add up float32 with weights in float32.
        theirs.partial_fit(X[part].astype(np.float64), sample_weight=some)
        np.testing.assert_allclose(mine.mean, theirs.mean_, rtol=1e-12)
        np.testing.assert_allclose(mine.scale, theirs.scale_, rtol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_scale_of_sparse_columns_is_that_of_a_standard_scaler(weighted):
    X = sp.random(300, 6, 0.3, format="csr", random_state=0)
    weights = weights_of(X, weighted)
    mine, theirs = Scaling(keeps_zeros=True), StandardScaler(with_mean=False)
    for part in PARTS:
        some = None if weights is None else weights[part]
        mine.learn(X[part], some)
        theirs.partial_fit(X[part], sample_weight=some)
        np.testing.assert_allclose(mine.scale, theirs.scale_, rtol=1e-12)
    assert mine.mean is None


def test_a_column_whose_squares_overflow_is_not_scaled():
    made = Scaling()
    made.learn(np.array([[1e300, 1.0], [-1e300, 3.0]]))
    np.testing.assert_array_equal(made.scale, [1, 1])


def test_what_was_learned_comes_back_from_its_numbers_and_goes_on():
    X = columns(np.float64)
    whole = Scaling()
    whole.learn(X[:100])
    stored = Scaling.of(whole.numbers)
    for each in (whole, stored):
        each.learn(X[100:])
    np.testing.assert_array_equal(stored.apply(X, np.float64), whole.apply(X, np.float64))
