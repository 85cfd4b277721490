"""MLPClassifier and MLPRegressor against scikit-learn's, number by number."""

import copy
import inspect
import pickle

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.neural_network as theirs
from nnframe_sklearn import MLPClassifier, MLPRegressor
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine, make_multilabel_classification
from sklearn.preprocessing import scale

from nnframe import Activation

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X_IRIS, Y_IRIS = load_iris(return_X_y=True)
X_IRIS = scale(X_IRIS)
X_CANCER, Y_CANCER = load_breast_cancer(return_X_y=True)
X_CANCER, Y_CANCER = scale(X_CANCER)[:400], np.array(["benign", "malign"])[Y_CANCER[:400]]
X_LABELS, Y_LABELS = make_multilabel_classification(n_samples=200, n_classes=3, random_state=0)
X_DIABETES, Y_DIABETES = load_diabetes(return_X_y=True)
X_DIABETES, Y_DIABETES = scale(X_DIABETES)[:400], scale(Y_DIABETES)[:400]
BOTH = np.column_stack([Y_DIABETES, X_DIABETES[:, 0] ** 2])

CLASSIFICATIONS = [(X_IRIS, Y_IRIS), (X_CANCER, Y_CANCER), (scale(X_LABELS), Y_LABELS)]
REGRESSIONS = [(X_DIABETES, Y_DIABETES), (X_DIABETES, BOTH)]
CASES = [
    *(("MLPClassifier", *data) for data in CLASSIFICATIONS),
    *(("MLPRegressor", *data) for data in REGRESSIONS),
]
IDS = ["three classes", "two classes", "labels", "one number", "two numbers"]
SOLVERS = {
    "adam": {},
    "a smaller last batch": {"batch_size": 64, "alpha": 1.0},
    "adam in batches": {"batch_size": 50, "activation": "tanh", "hidden_layer_sizes": (8, 5)},
    "sgd": {"solver": "sgd", "learning_rate_init": 0.05, "activation": "logistic"},
    "sgd with invscaling": {"solver": "sgd", "learning_rate": "invscaling", "momentum": 0.0, "learning_rate_init": 0.1},
    "sgd with adaptive": {
        "solver": "sgd",
        "learning_rate": "adaptive",
        "nesterovs_momentum": False,
        "learning_rate_init": 0.5,
        "n_iter_no_change": 2,
        "tol": 0.01,
    },
    "lbfgs": {"solver": "lbfgs", "activation": "tanh", "max_iter": 15, "alpha": 0.1},
    "early stopping": {"early_stopping": True, "validation_fraction": 0.2, "batch_size": 20},
}


def both(name, **arguments):
    arguments = {"max_iter": 30, "random_state": 3, "hidden_layer_sizes": (12,)} | arguments
    ours = {"MLPClassifier": MLPClassifier, "MLPRegressor": MLPRegressor}[name]
    return ours(**arguments), getattr(theirs, name)(**arguments)


def skip_where_scikit_learn_is_inconsistent(solver, y):
    if solver == "lbfgs" and y is BOTH:
        pytest.skip("scikit-learn's loss is the mean over the outputs, and its gradient that of their sum")


def assert_same(ours, other, rtol=1e-6):
    for mine, wanted in zip(ours.coefs_ + ours.intercepts_, other.coefs_ + other.intercepts_, strict=True):
        assert mine.shape == wanted.shape
        assert mine.dtype == wanted.dtype
        np.testing.assert_allclose(mine, wanted, rtol=rtol, atol=rtol)
    assert ours.n_iter_ == other.n_iter_
    assert (ours.t_, ours.n_layers_, ours.n_outputs_) == (other.t_, other.n_layers_, other.n_outputs_)
    assert ours.out_activation_ == other.out_activation_
    np.testing.assert_allclose(ours.loss_, other.loss_, rtol=rtol)


@pytest.mark.parametrize("arguments", SOLVERS.values(), ids=SOLVERS)
@pytest.mark.parametrize(("name", "X", "y"), CASES, ids=IDS)
def test_weights_and_losses_are_scikit_learns(name, X, y, arguments):
    if arguments.get("early_stopping") and y is Y_IRIS:
        pytest.skip("scikit-learn does not keep the proportions of more than two classes in what it holds out")
    skip_where_scikit_learn_is_inconsistent(arguments.get("solver"), y)
    ours, other = both(name, **arguments)
    ours.fit(X, y)
    try:
        other.fit(X, y)
    except TypeError:
        pytest.skip("this scikit-learn can't hold out rows with names of classes")
    assert_same(ours, other)
    if ours.solver != "lbfgs":
        np.testing.assert_allclose(ours.loss_curve_, other.loss_curve_, rtol=1e-6)
        assert ours.best_validation_score_ == pytest.approx(other.best_validation_score_)
        assert ours.best_loss_ == pytest.approx(other.best_loss_)
    if name == "MLPClassifier":
        np.testing.assert_array_equal(ours.predict(X), other.predict(X))
        np.testing.assert_allclose(ours.predict_proba(X), other.predict_proba(X), rtol=1e-5, atol=1e-9)
        np.testing.assert_array_equal(ours.classes_, other.classes_)
    else:
        np.testing.assert_allclose(ours.predict(X), other.predict(X), rtol=1e-5, atol=1e-6)


def test_inputs_that_saturate_the_net_stop_training_where_scikit_learn_stops():
    X, y = load_wine(return_X_y=True)
    for seed in range(3):
        ours, other = both("MLPClassifier", max_iter=200, hidden_layer_sizes=(100,), random_state=seed)
        ours.fit(X, y)
        other.fit(X, y)
        assert ours.n_iter_ == other.n_iter_
        np.testing.assert_allclose(ours.loss_curve_[:10], other.loss_curve_[:10], rtol=1e-6)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize(("name", "X", "y"), CASES, ids=IDS)
def test_weights_of_samples_act_as_in_scikit_learn(name, X, y, solver):
    if "sample_weight" not in inspect.signature(theirs.MLPClassifier.fit).parameters:
        pytest.skip("this scikit-learn's MLP takes no weights")
    skip_where_scikit_learn_is_inconsistent(solver, y)
    ours, other = both(name, solver=solver, batch_size=len(X), alpha=0.01, activation="tanh", max_iter=10)
    weight = np.random.default_rng(0).uniform(0, 3, len(X))
    assert_same(ours.fit(X, y, weight), other.fit(X, y, weight))


def test_counts_are_learned_as_in_scikit_learn():
    y = np.random.default_rng(0).poisson(np.exp(X_DIABETES[:, 2]))
    try:
        ours, other = both("MLPRegressor", loss="poisson")
    except TypeError:
        pytest.skip("this scikit-learn's MLP has no such loss")
    assert_same(ours.fit(X_DIABETES, y), other.fit(X_DIABETES, y))
    assert ours.predict(X_DIABETES).min() > 0


@pytest.mark.parametrize(("name", "X", "y"), CASES, ids=IDS)
def test_partial_fit_goes_on_as_in_scikit_learn_after_a_pickle_too(name, X, y):
    ours, other = both(name)
    first = {"classes": np.arange(3) if y is Y_LABELS else np.unique(y)} if name == "MLPClassifier" else {}
    for start in range(0, 120, 40):
        part = slice(start, start + 40)
        ours.partial_fit(X[part], y[part], **first)
        other.partial_fit(X[part], y[part], **first)
        ours = pickle.loads(pickle.dumps(ours))
    assert_same(ours, other)


def test_sparse_rows_give_what_dense_rows_give():
    X = np.where(X_CANCER > 0.5, X_CANCER, 0)
    for solver in ("adam", "lbfgs"):
        dense, sparse = (MLPClassifier(solver=solver, max_iter=5, random_state=0) for _ in range(2))
        dense.fit(X, Y_CANCER)
        sparse.fit(sp.csc_array(X), Y_CANCER)
        np.testing.assert_allclose(sparse.coefs_[0], dense.coefs_[0], rtol=1e-6)
        np.testing.assert_array_equal(sparse.predict(sp.csr_array(X)), dense.predict(X))


def test_a_warm_start_and_float32_are_scikit_learns():
    ours, other = both("MLPClassifier", warm_start=True, max_iter=5)
    X = X_IRIS.astype(np.float32)
    for _ in range(2):
        ours.fit(X, Y_IRIS)
        other.fit(X, Y_IRIS)
    assert_same(ours, other, rtol=1e-4)
    assert ours.coefs_[0].dtype == np.float32


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))])
def test_weights_of_a_copy_are_its_own_and_live(copied):
    fitted = MLPClassifier(max_iter=3, random_state=0).fit(X_IRIS, Y_IRIS)
    copy_ = copied(fitted)
    before = fitted.predict_proba(X_IRIS)
    np.testing.assert_array_equal(copy_.predict_proba(X_IRIS), before)
    copy_.coefs_[0][:] = 0
    assert not np.allclose(copy_.predict_proba(X_IRIS), before)
    np.testing.assert_array_equal(fitted.predict_proba(X_IRIS), before)


@pytest.mark.parametrize(
    "arguments",
    [
        {"activation": "gelu"},
        {"activation": "leaky_relu(alpha=0.2)"},
        {"activation": Activation("twice", lambda z: 2 * z)},
        {"solver": "nadam"},
        {"solver": "rmsprop(learning_rate=0.01)"},
        {"learning_rate": "cosine"},
        {"loss": "bce"},
        {"loss": "focal"},
        {"loss": "mse"},
    ],
    ids=str,
)
def test_plugins_stand_where_scikit_learn_has_a_list(arguments):
    arguments = {"max_iter": 100, "learning_rate_init": 0.01, "random_state": 0} | arguments
    fitted = MLPClassifier(**arguments).fit(X_CANCER, Y_CANCER)
    assert fitted.score(X_CANCER, Y_CANCER) > 0.95


def test_a_regression_takes_another_loss():
    fitted = MLPRegressor("quantile(levels=0.9)", max_iter=300, learning_rate_init=0.01, random_state=0)
    share = (fitted.fit(X_DIABETES, Y_DIABETES).predict(X_DIABETES) > Y_DIABETES).mean()
    assert 0.8 < share < 0.97
