import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import sklearn.neural_network as theirs
from nnframe_sklearn import MLPClassifier, MLPRegressor, NNClassifier, NNRegressor, from_sklearn, load, save, to_sklearn
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, make_multilabel_classification

import nnframe
from nnframe import Activation

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

NAMES = np.array(["setosa", "versicolor", "virginica"])
IRIS = load_iris().data, NAMES[load_iris().target]
CANCER = load_breast_cancer(return_X_y=True)
LABELS = make_multilabel_classification(n_samples=100, n_classes=4, random_state=0)
DIABETES = load_diabetes(return_X_y=True)
TWO_NUMBERS = DIABETES[0], np.column_stack([DIABETES[1], DIABETES[0][:, 1]])
CLASSIFICATIONS = {"three classes": IRIS, "two classes": CANCER, "labels": LABELS}
REGRESSIONS = {"one number": DIABETES, "two numbers": TWO_NUMBERS}
CASES = [
    pytest.param(kind, data, id=f"{kind}-{name}")
    for family in ("MLP", "NN")
    for kind, cases in ((f"{family}Classifier", CLASSIFICATIONS), (f"{family}Regressor", REGRESSIONS))
    for name, data in cases.items()
]
OURS = {each.__name__: each for each in (MLPClassifier, MLPRegressor, NNClassifier, NNRegressor)}


def fitted(kind, data, **arguments):
    epochs = {"epochs": 10} if kind.startswith("NN") else {"max_iter": 10}
    return OURS[kind](**{"activation": "tanh", "random_state": 0, **epochs, **arguments}).fit(*data)


def answers(estimator, X):
    return estimator.predict_proba(X) if hasattr(estimator, "predict_proba") else estimator.predict(X)


@pytest.mark.parametrize(("kind", "data"), [case for case in CASES if case.values[0].startswith("MLP")])
def test_scikit_learns_mlp_becomes_ours(kind, data):
    other = getattr(theirs, kind)(max_iter=10, random_state=0, alpha=0.1).fit(*data)
    ours = from_sklearn(other)
    np.testing.assert_allclose(answers(ours, data[0]), answers(other, data[0]), rtol=1e-10, atol=1e-14)
    np.testing.assert_array_equal(ours.predict(data[0]) > "" if data is IRIS else True, True)
    assert ours.alpha == 0.1
    assert ours.loss_curve_ == other.loss_curve_
    assert ours.partial_fit(*data).t_ == other.t_ + len(data[0])


@pytest.mark.parametrize(("kind", "data"), CASES)
def test_ours_become_scikit_learns_mlp(kind, data):
    ours = fitted(kind, data)
    other = to_sklearn(ours)
    np.testing.assert_allclose(answers(other, data[0]), answers(ours, data[0]), rtol=1e-9, atol=1e-10)
    np.testing.assert_array_equal(other.predict(data[0]).shape, ours.predict(data[0]).shape)
    if hasattr(ours, "classes_"):
        np.testing.assert_array_equal(other.predict(data[0]), ours.predict(data[0]))


def test_a_net_that_scikit_learn_does_not_have_is_refused():
    with pytest.raises(ValueError, match="'gelu', which scikit-learn's MLP has not"):
        to_sklearn(fitted("NNClassifier", IRIS, activation="gelu"))
    with pytest.raises(ValueError, match="no hidden layer"):
        to_sklearn(fitted("NNClassifier", IRIS, layers=()))
    with pytest.raises(TypeError, match="estimator is of type NNClassifier"):
        from_sklearn(NNClassifier())


@pytest.mark.parametrize(("kind", "data"), CASES)
def test_a_model_file_brings_everything_back(kind, data, tmp_path):
    ours = fitted(kind, data)
    save(ours, tmp_path / "model.nnf")
    loaded = load(tmp_path / "model.nnf")
    assert type(loaded) is type(ours)
    assert loaded.get_params() == ours.get_params()
    np.testing.assert_array_equal(answers(loaded, data[0]), answers(ours, data[0]))
    np.testing.assert_array_equal(loaded.predict(data[0]), ours.predict(data[0]))
    assert loaded.n_iter_ == ours.n_iter_
    assert nnframe.load(tmp_path / "model.nnf").layersList[0].n_in == data[0].shape[1]


def test_feature_names_class_weights_and_names_of_plugins_are_kept(tmp_path):
    table = pd.DataFrame(IRIS[0], columns=list("abcd"))
    ours = fitted(
        "NNClassifier",
        (table, IRIS[1]),
        activation=["leaky_relu(alpha=0.1)", "gelu"],
        layers=(5, 4),
        class_weight={"setosa": 2.0},
        callbacks=["early_stopping(patience=3)"],
    )
    save(ours, tmp_path / "model.nnf")
    loaded = load(tmp_path / "model.nnf")
    assert loaded.get_params() == ours.get_params()
    np.testing.assert_array_equal(loaded.predict(table), ours.predict(table))
    with pytest.raises(ValueError, match="feature names"):
        loaded.predict(table[list("abdc")])


def test_a_file_with_a_net_alone_is_refused(tmp_path):
    nnframe.nNet.from_sizes([2, 1]).save(tmp_path / "net.nnf")
    with pytest.raises(nnframe.ModelFileError, match="no estimator"):
        load(tmp_path / "net.nnf")


def test_what_has_no_name_is_refused_before_anything_is_written(tmp_path):
    ours = fitted("NNClassifier", IRIS, activation=Activation("twice", lambda z: 2 * z))
    with pytest.raises(nnframe.ArgumentError, match="activation is or holds"):
        save(ours, tmp_path / "model.nnf")
    assert not (tmp_path / "model.nnf").exists()


@pytest.mark.parametrize("make_sparse", [False, True])
def test_a_loaded_estimator_learns_on_with_the_scale_so_far(make_sparse, tmp_path):
    rng = np.random.default_rng(0)
    X, y = 5 + rng.normal(size=(60, 3)), rng.normal(size=60)
    X = scipy.sparse.csr_matrix(X) if make_sparse else X
    net = NNRegressor(epochs=2, optimizer="sgd(learning_rate=0.01)", random_state=0).fit(X, y)
    save(net, tmp_path / "m.nnf")
    again = load(tmp_path / "m.nnf")
    for each in (net, again):
        each.partial_fit(X[:20], y[:20])
    np.testing.assert_array_equal(again.predict(X), net.predict(X))
