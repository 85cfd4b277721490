"""Estimators with optimizer="lbfgs"."""

import numpy as np
import pytest
import scipy.sparse as sp
from nnframe_sklearn import NNClassifier, NNRegressor
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

# Enough iterations for the optimizer itself to say when it has converged.
LBFGS = {"optimizer": "lbfgs", "epochs": 500, "patience": None}


def test_without_hidden_layers_it_is_logistic_regression():
    X, y = load_iris(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    l2 = 0.01
    net = NNClassifier(layers=(), optimizer="lbfgs(tolerance=1e-9, min_gain=0)", epochs=500, patience=None, l2=l2)
    net.fit(X, y)
    theirs = LogisticRegression(C=1 / (len(X) * l2), tol=1e-10, max_iter=5000).fit(X, y)
    np.testing.assert_allclose(net.predict_proba(X), theirs.predict_proba(X), atol=1e-5)
    assert "the largest gradient is" in net.history_.stopped


@pytest.mark.parametrize(
    ("estimator", "load", "least"),
    [
        (NNClassifier(**LBFGS), load_breast_cancer, 0.93),
        (NNRegressor(layers=(8,), **LBFGS, l2=0.03), load_diabetes, 0.4),
    ],
)
def test_it_generalizes(estimator, load, least):
    X, y = load(return_X_y=True)
    assert cross_val_score(estimator, X, y, cv=3).mean() > least


def test_it_is_the_same_for_any_batch_size_and_for_sparse_rows():
    X, y = load_iris(return_X_y=True)
    first = NNClassifier(optimizer="lbfgs", epochs=5, random_state=0, scale=None)
    expected = first.fit(X, y).predict_proba(X)
    for settings, rows in (({"batch_size": 7}, X), ({"shuffle": False}, X), ({}, sp.csr_array(X))):
        again = clone(first).set_params(**settings).fit(rows, y)
        np.testing.assert_allclose(again.predict_proba(X), expected, rtol=1e-10)


def test_partial_fit_says_that_it_sees_one_batch_at_a_time():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match="'lbfgs' needs the whole data for each step, and a trainer sees a batch"):
        NNClassifier(optimizer="lbfgs").partial_fit(X, y, classes=[0, 1, 2])


@pytest.mark.parametrize("seed", range(3))
def test_after_as_many_iterations_the_loss_is_scikit_learns(seed):
    X, y = load_breast_cancer(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    theirs = MLPClassifier((20,), solver="lbfgs", alpha=1.0, max_iter=40, tol=0, random_state=seed)
    with pytest.warns(ConvergenceWarning):
        theirs.fit(X, y)
    net = NNClassifier((20,), optimizer="lbfgs", l2=1 / len(X), epochs=40, patience=None, random_state=seed, scale=None)
    net.fit(X, y)
    penalty = sum(float((layer.linear**2).sum()) for layer in net.net_.layersList) / 2 / len(X)
    # They begin with other random weights, and there are several minima.
    assert net.history_.loss[-1] + penalty < 1.05 * theirs.loss_
