"""Estimators in files of skops."""

import sys

import numpy as np
import pytest
from nnframe_sklearn import MLPClassifier, MLPRegressor, NNClassifier, NNRegressor, load, save
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import nnframe
from nnframe import MissingDependencyError, ModelFileError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3))
LABELS = np.where(X[:, 0] > 0, "yes", "no")
NUMBERS = X[:, 0] + 2
ESTIMATORS = [
    NNClassifier(epochs=3, random_state=0).fit(X, LABELS),
    NNRegressor(loss="gaussian_nll", epochs=3, random_state=0).fit(X, NUMBERS),
    MLPClassifier(solver="lbfgs", random_state=0).fit(X, LABELS),
    MLPRegressor(solver="lbfgs", max_iter=1000, random_state=0).fit(X, NUMBERS),
]
skops_io = pytest.importorskip("skops.io", reason="needs skops")


def name_of(estimator):
    return f"{type(estimator).__module__}.{type(estimator).__name__}"


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=name_of)
def test_a_file_of_skops_predicts_the_same(estimator, tmp_path):
    save(estimator, tmp_path / "m.skops")
    again = load(tmp_path / "m.skops")
    assert type(again) is type(estimator)
    assert again.get_params() == estimator.get_params()
    np.testing.assert_array_equal(again.predict(X), estimator.predict(X))


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=name_of)
def test_skops_has_to_trust_the_estimator_alone(estimator):
    content = skops_io.dumps(make_pipeline(StandardScaler().fit(X), estimator))
    assert skops_io.get_untrusted_types(data=content) == [name_of(estimator)]
    pipeline = skops_io.loads(content, trusted=[name_of(estimator)])
    np.testing.assert_array_equal(pipeline[-1].predict(X), estimator.predict(X))


def test_an_estimator_that_is_not_fitted_is_held_too():
    content = skops_io.dumps(NNClassifier(layers=(3, 4)))
    again = skops_io.loads(content, trusted=[name_of(NNClassifier())])
    assert again.get_params() == NNClassifier(layers=(3, 4)).get_params()


def test_training_can_go_on(tmp_path):
    save(ESTIMATORS[0], tmp_path / "m.skops")
    load(tmp_path / "m.skops").partial_fit(X, LABELS)


def test_an_activation_without_a_name_is_refused(tmp_path):
    net = NNClassifier(activation=nnframe.Activation("sine", np.sin), epochs=1).fit(X, LABELS)
    with pytest.raises(nnframe.ArgumentError, match="register a plugin"):
        save(net, tmp_path / "m.skops")


def test_other_types_in_the_file_are_refused(tmp_path):
    class Mine(LinearRegression):
        pass

    Mine.__module__ = "somewhere"
    skops_io.dump(Mine(), tmp_path / "m.skops")
    with pytest.raises(ModelFileError, match=r"holds somewhere\..*Mine.*if you trust it"):
        load(tmp_path / "m.skops")


def test_without_skops_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "skops.io", None)
    for call in (lambda: save(ESTIMATORS[0], tmp_path / "m.skops"), lambda: load(tmp_path / "m.skops")):
        with pytest.raises(MissingDependencyError, match=r"pip install nnframe-sklearn\[skops\]"):
            call()
