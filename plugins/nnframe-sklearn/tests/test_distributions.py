"""Losses with several outputs for each target: quantiles, means and scales, in the units of y."""

import copy
import pickle

import numpy as np
import pytest
from nnframe_sklearn import MLPRegressor, NNClassifier, NNRegressor, load, save, to_sklearn
from scipy import stats
from sklearn.metrics import mean_pinball_loss
from sklearn.model_selection import GridSearchCV, cross_val_score

import nnframe

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (1500, 2))
SCALE = 10 + 30 * (X[:, 0] > 0)
Y = 500 + 100 * X[:, 0] + SCALE * RNG.normal(size=1500)
NEW = RNG.uniform(-1, 1, (3000, 2))
NEW_SCALE = 10 + 30 * (NEW[:, 0] > 0)
NEW_Y = 500 + 100 * NEW[:, 0] + NEW_SCALE * RNG.normal(size=3000)
QUANTILES = "quantile(levels=(0.1, 0.5, 0.9), crossing=False)"


@pytest.fixture(scope="module")
def quantiles():
    return NNRegressor(loss=QUANTILES, random_state=0).fit(X, Y)


@pytest.fixture(scope="module")
def gaussian():
    return NNRegressor(loss="gaussian_nll", random_state=0).fit(X, Y)


def test_predict_is_the_median_and_the_mean(quantiles, gaussian):
    for net in (quantiles, gaussian):
        assert net.predict(NEW).shape == (3000,)
        assert np.sqrt(np.mean((net.predict(NEW) - 500 - 100 * NEW[:, 0]) ** 2)) < 6
        assert net.score(NEW, NEW_Y) > 0.75


@pytest.mark.parametrize("levels", [[0.1, 0.9], [0.5], [0.1, 0.5, 0.9]])
def test_a_quantile_has_its_share_of_new_rows_below_it(quantiles, levels):
    found = quantiles.predict_quantiles(NEW, levels)
    assert found.shape == (3000, len(levels))
    np.testing.assert_allclose((NEW_Y[:, None] < found).mean(axis=0), levels, atol=0.04)


def test_quantiles_do_not_cross(quantiles):
    far = RNG.normal(size=(2000, 2)) * 20
    assert (np.diff(quantiles.predict_quantiles(far), axis=1) >= 0).all()


def test_quantiles_are_better_than_those_without_inputs(quantiles):
    found = quantiles.predict_quantiles(NEW, [0.1, 0.9])
    for column, level in enumerate((0.1, 0.9)):
        constant = np.full(3000, np.quantile(Y, level))
        assert mean_pinball_loss(NEW_Y, found[:, column], alpha=level) < 0.6 * mean_pinball_loss(
            NEW_Y, constant, alpha=level
        )


def test_predict_dist_has_mean_and_scale_in_the_units_of_y(gaussian):
    mean, scale = gaussian.predict_dist(NEW)
    np.testing.assert_array_equal(mean, gaussian.predict(NEW))
    assert np.median(scale[NEW[:, 0] < -0.2]) == pytest.approx(10, rel=0.25)
    assert np.median(scale[NEW[:, 0] > 0.2]) == pytest.approx(40, rel=0.25)
    # Better than one scale for all, by the likelihood that scipy computes.
    likelihood = stats.norm(mean, scale).logpdf(NEW_Y).mean()
    assert likelihood > stats.norm(mean, np.std(NEW_Y - mean)).logpdf(NEW_Y).mean() + 0.1


def test_quantiles_of_a_gaussian_are_scipys(gaussian):
    mean, scale = gaussian.predict_dist(NEW)
    levels = [0.01, 0.5, 0.975]
    expected = stats.norm(mean[:, None], scale[:, None]).ppf(levels)
    np.testing.assert_allclose(gaussian.predict_quantiles(NEW, levels), expected, rtol=1e-9)


def test_a_mixture_learns_two_branches():
    branches = 500 + np.where(RNG.random(1500) < 0.5, -80, 80) + 5 * RNG.normal(size=1500)
    net = NNRegressor(loss="mixture_nll(components=2)", random_state=0).fit(X, branches)
    low, high = net.predict_quantiles(NEW, [0.25, 0.75]).T
    np.testing.assert_allclose(np.median(low), 420, atol=8)
    np.testing.assert_allclose(np.median(high), 580, atol=8)
    mean, scale = net.predict_dist(NEW)
    np.testing.assert_allclose(np.median(mean), 500, atol=15)
    np.testing.assert_allclose(np.median(scale), 80, rtol=0.1)


def test_several_targets_have_their_own_quantiles_and_scales():
    both = np.column_stack([Y, -Y / 100])
    net = NNRegressor(loss="gaussian_nll", random_state=0).fit(X, both)
    mean, scale = net.predict_dist(NEW)
    assert mean.shape == scale.shape == net.predict(NEW).shape == (3000, 2)
    assert net.predict_quantiles(NEW, [0.1, 0.5, 0.9]).shape == (3000, 2, 3)
    np.testing.assert_allclose(np.median(scale, axis=0), [20, 0.2], rtol=0.6)
    np.testing.assert_allclose(mean[:, 1], -mean[:, 0] / 100, atol=0.25)


def test_without_scaling_predictions_are_in_units_too():
    net = NNRegressor(loss="gaussian_nll", scale=None, random_state=0).fit(X, (Y - 500) / 100)
    np.testing.assert_allclose(net.predict(NEW), NEW[:, 0], atol=0.2)


def test_counts_are_predicted_by_their_mean():
    counts = np.random.default_rng(1).poisson(np.exp(1 + X[:, 0]))
    net = NNRegressor(loss="poisson_nll", random_state=0).fit(X, counts)
    np.testing.assert_allclose(net.predict(NEW), np.exp(1 + NEW[:, 0]), rtol=0.3)
    mean, scale = net.predict_dist(NEW)
    np.testing.assert_allclose(scale, np.sqrt(mean))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_drop_in_class_has_quantiles_too():
    net = MLPRegressor(QUANTILES, max_iter=100, learning_rate_init=0.01, random_state=0).fit(X, (Y - 500) / 100)
    assert net.coefs_[-1].shape == (100, 3)
    assert net.n_outputs_ == 1
    found = net.predict_quantiles(NEW, [0.1, 0.9])
    np.testing.assert_allclose(((NEW_Y - 500)[:, None] / 100 < found).mean(axis=0), [0.1, 0.9], atol=0.06)
    np.testing.assert_allclose(net.predict(NEW), net.predict_quantiles(NEW, [0.5])[:, 0])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_drop_in_class_stops_early_on_the_score_of_its_predictions():
    net = MLPRegressor("gaussian_nll", early_stopping=True, max_iter=20, random_state=0).fit(X, (Y - 500) / 100)
    assert len(net.validation_scores_) == net.n_iter_


@pytest.mark.parametrize("coverage", [0.5, 0.9])
def test_prediction_intervals_hold_their_share_of_new_rows(coverage):
    for loss in ("auto", "gaussian_nll"):
        net = NNRegressor(loss=loss, early_stopping=True, validation_fraction=0.3, random_state=0).fit(X, Y)
        lower, upper = net.prediction_interval(NEW, coverage)
        assert np.mean((lower <= NEW_Y) & (upper >= NEW_Y)) == pytest.approx(coverage, abs=0.05)


def test_partial_fit_learns_a_distribution():
    net = NNRegressor(loss="gaussian_nll", random_state=0)
    for _ in range(20):
        net.partial_fit(X, Y)
    mean, scale = net.predict_dist(NEW)
    assert mean.shape == scale.shape == (3000,)
    assert np.sqrt(np.mean((mean - 500 - 100 * NEW[:, 0]) ** 2)) < 15


def test_pickles_copies_and_files_answer_the_same(gaussian, tmp_path):
    save(gaussian, tmp_path / "m.nnf")
    for again in (pickle.loads(pickle.dumps(gaussian)), copy.deepcopy(gaussian), load(tmp_path / "m.nnf")):
        for got, expected in zip(again.predict_dist(NEW), gaussian.predict_dist(NEW), strict=True):
            np.testing.assert_array_equal(got, expected)
        np.testing.assert_array_equal(again.predict_quantiles(NEW), gaussian.predict_quantiles(NEW))


def test_searches_take_losses_with_several_outputs():
    search = GridSearchCV(NNRegressor(epochs=5, random_state=0), {"loss": ["auto", "gaussian_nll", QUANTILES]}, cv=2)
    search.fit(X, Y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert np.isfinite(cross_val_score(NNRegressor(loss=QUANTILES, epochs=5), X, Y, cv=2)).all()


def test_what_a_loss_does_not_say_is_refused(quantiles):
    with pytest.raises(nnframe.ArgumentError, match=r"the loss 'quantile\(.*has no mean and scale"):
        quantiles.predict_dist(NEW)
    with pytest.raises(nnframe.ArgumentError, match=r"levels has 0\.95; expected numbers from 0\.1 to 0\.9"):
        quantiles.predict_quantiles(NEW, [0.95])
    with pytest.raises(nnframe.ArgumentError, match=r"the loss 'mse'.*has no quantiles"):
        NNRegressor(epochs=1).fit(X, Y).predict_quantiles(NEW)


def test_a_classifier_refuses_such_a_loss():
    with pytest.raises(ValueError, match="loss is 'gaussian_nll', which has several outputs for each number"):
        NNClassifier(loss="gaussian_nll").fit(X, Y > 500)


def test_scikit_learns_mlp_can_not_have_the_net(gaussian):
    with pytest.raises(ValueError, match="loss is 'gaussian_nll', which reads the predictions from the outputs"):
        to_sklearn(gaussian)


def test_a_loss_may_use_the_inputs_and_the_weights_of_samples():
    def weighed(a, y, x, sample_weight):
        return sample_weight * ((a - y) ** 2).sum(axis=0) * (x[0] > 0)

    loss = nnframe.Loss("weighed", weighed)
    net = NNRegressor(loss=loss, random_state=0).fit(X, Y, sample_weight=np.where(X[:, 1] > 0, 1, 1e-3))
    kept = (NEW[:, 0] > 0.1) & (NEW[:, 1] > 0.1)
    np.testing.assert_allclose(np.median(net.predict(NEW)[kept] - 500 - 100 * NEW[kept, 0]), 0, atol=15)
