"""NNClassifier and NNRegressor, beyond what scikit-learn checks of every estimator."""

import copy
import io
import pickle
import tracemalloc

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
import sklearn
from nnframe_sklearn import NNClassifier, NNRegressor, dense_rows
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, make_multilabel_classification
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nnframe import Activation

FAST = "adam(learning_rate=0.01)"


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


def quick(**arguments):
    return NNClassifier(**{"layers": (8,), "epochs": 30, "optimizer": FAST, "random_state": 0, **arguments})


def quick_regressor(**arguments):
    return NNRegressor(**{"layers": (8,), "epochs": 30, "optimizer": FAST, "random_state": 0, **arguments})


class TestSampleWeight:
    def test_a_weight_of_two_is_the_sample_twice(self, iris):
        X, y = iris[0][::3], iris[1][::3]
        weight = np.random.default_rng(0).integers(0, 4, len(X))
        weighted = quick(batch_size=10_000).fit(X, y, sample_weight=weight)
        repeated = quick(batch_size=10_000).fit(X.repeat(weight, axis=0), y.repeat(weight))
        np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), rtol=1e-6)

    def test_only_the_ratio_of_weights_counts(self, diabetes):
        X, y = diabetes
        weight = np.random.default_rng(0).uniform(1, 2, len(X))
        one = quick_regressor(l2=1e-4).fit(X, y, sample_weight=weight).predict(X)
        thousand = quick_regressor(l2=1e-4).fit(X, y, sample_weight=1000 * weight).predict(X)
        np.testing.assert_allclose(one, thousand, rtol=1e-6)

    def test_balanced_classes_are_the_weights_that_balance_them(self, iris):
        X, y = iris[0][:120], iris[1][:120]
        weight = np.array([120 / 3 / 50, 120 / 3 / 50, 120 / 3 / 20])[y]
        balanced = quick(class_weight="balanced").fit(X, y).predict_proba(X)
        np.testing.assert_allclose(balanced, quick().fit(X, y, sample_weight=weight).predict_proba(X), rtol=1e-6)

    def test_a_class_weight_of_an_unknown_class_is_refused(self, iris):
        with pytest.raises(ValueError, match="class_weight has the class 'rose'"):
            quick(class_weight={"rose": 2}).fit(*iris)


class TestLabels:
    @pytest.mark.parametrize(
        "names", [np.array(["c", "a", "b"], object), np.array([7, -1, 3]), np.array([True, False])]
    )
    def test_predictions_are_labels_of_the_kind_that_was_given(self, iris, names):
        y = names[iris[1] % len(names)]
        fitted = quick().fit(iris[0], y)
        assert fitted.classes_.tolist() == sorted(names.tolist())
        assert set(fitted.predict(iris[0])) <= set(names)

    def test_of_a_single_class_everything_is_that_class(self, iris):
        fitted = quick().fit(iris[0], ["only"] * len(iris[0]))
        assert set(fitted.predict(iris[0])) == {"only"}
        np.testing.assert_array_equal(fitted.predict_proba(iris[0]), np.ones((len(iris[0]), 1)))

    def test_several_labels_a_sample(self):
        X, y = make_multilabel_classification(n_samples=200, n_classes=4, random_state=0)
        fitted = quick(layers=(32,), epochs=100).fit(X, y)
        assert fitted.predict(X).shape == fitted.predict_proba(X).shape == y.shape
        assert (fitted.predict(X) == y).mean() > 0.85
        np.testing.assert_array_equal(
            quick(layers=(32,), epochs=100).fit(X, sp.csr_array(y)).predict(X), fitted.predict(X)
        )

    def test_hinge_decides_by_sign_and_has_no_probabilities(self):
        X, y = load_breast_cancer(return_X_y=True)
        fitted = quick(loss="hinge").fit(X, y)
        assert not hasattr(fitted, "predict_proba")
        np.testing.assert_array_equal(fitted.predict(X), (fitted.decision_function(X) > 0).astype(int))
        assert fitted.score(X, y) > 0.95

    @pytest.mark.parametrize("loss", ["cel", "mse", "nll", "focal", "bce"])
    def test_any_loss_of_probabilities_trains_two_classes(self, loss):
        X, y = load_breast_cancer(return_X_y=True)
        fitted = quick(loss=loss).fit(X, y)
        np.testing.assert_allclose(fitted.predict_proba(X).sum(axis=1), 1, rtol=1e-6)
        assert fitted.score(X, y) > 0.93

    def test_several_outputs_and_the_shape_of_y_are_kept(self, diabetes):
        X, y = diabetes
        both = np.column_stack([y, 1000 - y])
        fitted = quick_regressor(epochs=100).fit(X, both)
        assert fitted.predict(X).shape == both.shape
        assert fitted.score(X, both) > 0.4
        assert quick_regressor().fit(X, y).predict(X).shape == y.shape
        assert quick_regressor().fit(X, y[:, None]).predict(X).shape == (len(y), 1)


class TestInput:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_the_dtype_is_kept(self, diabetes, dtype):
        X, y = diabetes
        fitted = quick_regressor().fit(X.astype(dtype), y)
        assert fitted.net_.dtype == dtype
        assert fitted.predict(X.astype(dtype)).dtype == dtype

    def test_sparse_rows_give_what_dense_ones_give_without_a_mean(self, iris):
        X, y = iris
        scaled = X / X.std(axis=0)
        sparse = quick().fit(sp.csr_matrix(X), y)
        np.testing.assert_allclose(
            sparse.predict_proba(sp.csc_array(X)), quick(scale=None).fit(scaled, y).predict_proba(scaled), rtol=1e-6
        )
        np.testing.assert_allclose(sparse.predict_proba(X), sparse.predict_proba(sp.csr_matrix(X)), rtol=1e-6)

    def test_large_sparse_rows_train_from_a_file_in_little_memory(self, monkeypatch):
        monkeypatch.setattr(dense_rows, "MOST_BYTES", 2**20)
        X = sp.random_array((4000, 2000), density=0.01, format="csr", rng=np.random.default_rng(0))
        y = np.asarray(X[:, [0]].toarray()[:, 0] > 0).astype(int)
        tracemalloc.start()
        fitted = quick(epochs=2, batch_size=50).fit(X, y)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        # The dense rows alone take 64 MB.
        assert peak < 40e6
        monkeypatch.setattr(dense_rows, "MOST_BYTES", 2**30)
        in_memory = quick(epochs=2, batch_size=50).fit(X, y)
        np.testing.assert_array_equal(fitted.predict_proba(X[:100]), in_memory.predict_proba(X[:100]))

    @pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
    def test_data_frames_have_feature_names(self, iris, frame):
        table = frame(dict(zip("abcd", iris[0].T, strict=True)))
        if not hasattr(StandardScaler().fit(table), "feature_names_in_"):
            pytest.skip("this scikit-learn doesn't find the names of such a frame")
        fitted = quick().fit(table, iris[1])
        assert fitted.feature_names_in_.tolist() == list("abcd")
        np.testing.assert_array_equal(fitted.predict(table), quick().fit(*iris).predict(iris[0]))
        with pytest.raises(ValueError, match="feature names"):
            fitted.predict(frame(dict(zip("abdc", iris[0].T, strict=True))))

    def test_memory_mapped_rows_are_read(self, iris, tmp_path):
        np.save(tmp_path / "X.npy", iris[0])
        mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
        np.testing.assert_array_equal(quick().fit(mapped, iris[1]).predict(mapped), quick().fit(*iris).predict(iris[0]))

    def test_inputs_and_targets_of_any_size_train(self, diabetes):
        X, y = diabetes
        plain = quick_regressor().fit(X, y).predict(X)
        large = quick_regressor().fit(1e6 * X + 1e3, 1e9 * y - 1e10).predict(1e6 * X + 1e3)
        np.testing.assert_allclose((large + 1e10) / 1e9, plain, rtol=1e-4)


class TestTraining:
    def test_early_stopping_holds_out_the_same_share_of_each_class(self, iris, monkeypatch):
        fitted = quick(early_stopping=True, validation_fraction=0.2, epochs=3)
        seen = []
        train = fitted._train
        monkeypatch.setattr(fitted, "_train", lambda rows, held, *rest: seen.append(held) or train(rows, held, *rest))
        fitted.fit(*iris)
        assert seen[0].Y.sum(axis=0).tolist() == [10, 10, 10]
        assert len(fitted.validation_loss_curve_) == fitted.n_iter_ == 3

    def test_validation_data_is_watched(self, iris):
        X, y = iris
        fitted = quick(epochs=5, metrics=["accuracy"]).fit(X[::2], y[::2], X_val=X[1::2], y_val=y[1::2])
        assert len(fitted.validation_loss_curve_) == 5
        assert fitted.history_.metrics["accuracy"][-1] == fitted.score(X[1::2], y[1::2])

    def test_a_warm_start_goes_on(self, iris):
        fitted = quick(warm_start=True, epochs=5).fit(*iris)
        before = fitted.loss_curve_[0], fitted.net_
        fitted.fit(*iris)
        assert fitted.loss_curve_[0] < before[0]
        assert fitted.net_ is before[1]

    def test_partial_fit_keeps_the_state_of_the_optimizer_through_a_pickle(self, diabetes):
        X, y = diabetes
        whole, stored = quick_regressor(), quick_regressor()
        for start in range(0, 400, 100):
            part = slice(start, start + 100)
            whole.partial_fit(X[part], y[part])
            stored.partial_fit(X[part], y[part])
            stored = pickle.loads(pickle.dumps(stored))
        np.testing.assert_array_equal(whole.predict(X), stored.predict(X))

    def test_partial_fit_learns_a_stream(self, iris):
        X, y = iris
        fitted, rng = quick(), np.random.default_rng(0)
        for _ in range(100):
            rows = rng.integers(0, len(X), 30)
            fitted.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
        assert fitted.score(X, y) > 0.9

    def test_an_activation_for_each_layer(self, iris):
        fitted = quick(layers=(8, 6), activation=["gelu", Activation("twice", lambda z: 2 * z)]).fit(*iris)
        assert [str(layer.activation) for layer in fitted.net_.layersList] == ["gelu", "<Activation twice>", "softmax"]

    def test_dropout_clipping_penalties_schedule_and_engine_reach_the_run(self, iris):
        fitted = quick(
            dropout=0.1, clip_norm=1.0, clip_value=1.0, l1=1e-4, schedule="cosine", engine="reference", epochs=2
        )
        assert fitted.fit(*iris).n_iter_ == 2

    def test_a_callback_is_called_after_each_epoch(self, iris):
        losses = []
        fitted = quick(epochs=3, callbacks=[lambda run: losses.append(run.history.loss[-1])]).fit(*iris)
        assert losses == fitted.loss_curve_

    def test_a_layer_with_the_rate_0_keeps_its_weights(self, iris):
        frozen = quick(layer_rates=[0, 1], warm_start=True, epochs=1).fit(*iris)
        first, last = (layer.linear.copy() for layer in frozen.net_.layersList)
        frozen.fit(*iris).partial_fit(*iris)
        np.testing.assert_array_equal(frozen.net_.layersList[0].linear, first)
        assert (frozen.net_.layersList[1].linear != last).all()

    def test_rates_for_another_number_of_layers_are_refused(self, iris):
        with pytest.raises(ValueError, match="layer_rates"):
            quick(layer_rates=[1]).fit(*iris)

    @pytest.mark.parametrize("name", ["epochs", "batch_size"])
    @pytest.mark.parametrize("value", [0, -1, 1.5, "many"])
    def test_epochs_and_batch_size_are_whole_numbers_above_0(self, iris, name, value):
        with pytest.raises((ValueError, TypeError), match=f"{name} is .*expected a whole number of at least 1"):
            quick(**{name: value}).fit(*iris)


class TestIntervals:
    @pytest.mark.parametrize("coverage", [0.5, 0.9])
    def test_new_targets_are_in_the_interval_as_often_as_asked_for(self, coverage):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(3000, 2))
        y = np.column_stack([X[:, 0] + rng.standard_t(3, 3000), 100 * X[:, 1] * rng.normal(size=3000)])
        fitted = quick_regressor().fit(X[:1000], y[:1000], X_val=X[1000:2000], y_val=y[1000:2000])
        lower, upper = fitted.prediction_interval(X[2000:], coverage)
        inside = ((lower <= y[2000:]) & (y[2000:] <= upper)).mean(axis=0)
        np.testing.assert_allclose(inside, coverage, atol=0.05)

    def test_without_held_out_rows_there_is_none(self, diabetes):
        with pytest.raises(ValueError, match="no rows were held out"):
            quick_regressor(epochs=1).fit(*diabetes).prediction_interval(diabetes[0])

    def test_too_few_held_out_rows_give_infinite_intervals(self, diabetes):
        X, y = diabetes
        fitted = quick_regressor(epochs=1).fit(X, y, X_val=X[:5], y_val=y[:5])
        assert np.isinf(fitted.prediction_interval(X, 0.95)[1]).all()
        assert np.isfinite(fitted.prediction_interval(X, 0.8)[1]).all()


def through_joblib(estimator):
    file = io.BytesIO()
    joblib.dump(estimator, file)
    file.seek(0)
    return joblib.load(file)


class TestCopies:
    @pytest.mark.parametrize("copied", [copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e)), through_joblib])
    def test_copies_predict_the_same(self, iris, copied):
        fitted = quick().fit(*iris)
        np.testing.assert_array_equal(copied(fitted).predict_proba(iris[0]), fitted.predict_proba(iris[0]))

    def test_a_clone_is_not_fitted_and_has_the_parameters(self, iris):
        fitted = quick(activation="silu").fit(*iris)
        made = clone(fitted)
        assert not hasattr(made, "net_")
        assert made.activation == "silu"

    @pytest.mark.skipif(sklearn.__version__.startswith("1.6."), reason="its pipelines route no weights to scores")
    def test_weights_are_routed(self, iris):
        weight = np.ones(len(iris[0]))
        with sklearn.config_context(enable_metadata_routing=True):
            scaler = StandardScaler().set_fit_request(sample_weight=False)
            pipeline = make_pipeline(
                scaler, quick().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
            )
            scores = cross_validate(pipeline, *iris, params={"sample_weight": weight}, error_score="raise")
        assert scores["test_score"].mean() > 0.8

    def test_a_pipeline_puts_names_on_what_it_passes_on(self, iris):
        pipeline = make_pipeline(StandardScaler(), quick()).set_output(transform="pandas")
        table = pd.DataFrame(iris[0], columns=list("abcd"))
        assert pipeline.fit(table, iris[1])[-1].feature_names_in_.tolist() == list("abcd")
