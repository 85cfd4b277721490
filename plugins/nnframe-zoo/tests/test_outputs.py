"""Losses with several outputs for each target, against values by hand and what they lead a net to."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from nnframe import ArgumentError, load, nNet, pairs, registry
from nnframe.registry.answers import distribution_of, point_of, quantiles_of
from nnframe.registry.binding import bind_objective


def found(spec):
    return registry.get("loss", f"nnframe-zoo/{spec}")


def value_of(spec, a, y):
    columns = np.array(a, float).reshape(-1, 1)
    return bind_objective(found(spec), None).value(columns, columns, np.array(y, float).reshape(-1, 1)).item()


@pytest.mark.parametrize(
    ("spec", "a", "y", "expected"),
    [
        ("quantile(levels=0.9)", (1.0, 1.0), (3.0, -1.0), (0.9 * 2 + 0.1 * 2) / 2),
        ("quantile(levels=0.9)", (1.0,), (11.0,), 9.0),
        ("quantile(levels=(0.25, 0.75))", (1.0, 4.0), (3.0,), (0.25 * 2 + 0.25 * 1) / 2),
        # softplus(0) = log 2
        ("quantile(levels=(0.25, 0.75), crossing=false)", (1.0, 0.0), (1 + math.log(2),), 0.25 * math.log(2) / 2),
        # Variance 4, two away from the mean.
        ("gaussian_nll(eps=1e-300)", (1.0, math.log(2)), (3.0,), (math.log(4) + 1) / 2),
        ("gaussian_nll(eps=1e-300, full=true)", (0.0, 0.0), (0.0,), math.log(2 * math.pi) / 2),
        # Equal components are one.
        (
            "mixture_nll(components=2, eps=1e-300)",
            (0, 5, 1, 1, math.log(2), math.log(2)),
            (3.0,),
            (math.log(4) + 1) / 2,
        ),
        # Half of it at -1, half at 1: exp(-1/2) everywhere at y = 0.
        ("mixture_nll(components=2, eps=1e-300)", (0, 0, -1, 1, 0, 0), (0.0,), 0.5),
    ],
)
def test_a_loss_is_its_formula(spec, a, y, expected):
    assert value_of(spec, a, y) == pytest.approx(expected, rel=1e-12)


def test_the_outputs_of_several_targets_are_next_to_each_other():
    # First the means of both targets, then the logarithms of both scales.
    a = np.array([[1.0], [5.0], [math.log(2)], [math.log(3)]])
    mean, scale = distribution_of(found("gaussian_nll(eps=1e-300)"), a)
    np.testing.assert_allclose(mean, [[1.0], [5.0]])
    np.testing.assert_allclose(scale, [[2.0], [3.0]])


def test_gaussian_quantiles_are_those_of_the_normal_distribution():
    a = np.array([[1.0], [math.log(2)]])
    levels = [0.025, 0.5, 0.9]
    got = quantiles_of(found("gaussian_nll(eps=1e-300)"), a, levels)
    np.testing.assert_allclose(got[:, 0, 0], [NormalDist(1, 2).inv_cdf(level) for level in levels])


def test_a_mixture_has_the_mean_and_scale_of_its_components():
    # 3/4 of N(0, 1) and 1/4 of N(4, 2^2): mean 1, second moment 3/4 + 1/4 (4 + 16) = 23/4.
    a = np.array([[math.log(3)], [0.0], [0.0], [4.0], [0.0], [math.log(2)]])
    loss = found("mixture_nll(components=2, eps=1e-300)")
    mean, scale = distribution_of(loss, a)
    assert mean.item() == pytest.approx(1) == point_of(loss, a).item()
    assert scale.item() == pytest.approx(math.sqrt(23 / 4 - 1))


def test_the_share_of_a_mixture_below_its_quantile_is_the_level():
    a = np.random.default_rng(0).normal(size=(9 * 2, 50)) * 2
    loss, levels = found("mixture_nll"), [0.01, 0.3, 0.5, 0.999]
    logits, means, log_scales = a.reshape(3, 3, 2, 50)
    shares = np.exp(logits) / np.exp(logits).sum(axis=0)
    cdf = np.vectorize(lambda y, m, s: NormalDist(m, s).cdf(y))
    for level, quantile in zip(levels, quantiles_of(loss, a, levels), strict=True):
        below = (shares * cdf(quantile, means, np.sqrt(np.exp(2 * log_scales) + 1e-6))).sum(axis=0)
        np.testing.assert_allclose(below, level, rtol=1e-9)


def test_quantiles_without_crossing_rise_for_any_outputs():
    a = np.random.default_rng(0).normal(size=(5 * 3, 1000)) * 10
    loss = found("quantile(levels=(0.1, 0.3, 0.5, 0.7, 0.9), crossing=false)")
    got = quantiles_of(loss, a, [0.1, 0.2, 0.3, 0.5, 0.6, 0.9])
    assert (np.diff(got, axis=0) >= 0).all()


def test_quantiles_between_two_levels_are_interpolated():
    a = np.array([[1.0], [3.0], [7.0]])
    loss = found("quantile(levels=(0.2, 0.5, 0.9))")
    assert quantiles_of(loss, a, [0.2, 0.35, 0.5, 0.7, 0.9])[:, 0, 0] == pytest.approx([1, 2, 3, 5, 7])


@pytest.mark.parametrize(("levels", "expected"), [("0.9", 1), ("(0.1, 0.9)", 2), ("(0.25, 0.5, 0.9)", 3)])
def test_the_point_of_quantiles_is_the_median_or_nearest_to_it(levels, expected):
    loss = found(f"quantile(levels={levels})")
    assert point_of(loss, np.array([[1.0], [3.0], [7.0]])[: loss.n_outputs]).item() == pytest.approx(expected)


def test_quantiles_outside_of_the_levels_are_refused():
    with pytest.raises(ArgumentError, match=r"levels has 0\.95; expected numbers from 0\.1 to 0\.9"):
        quantiles_of(found("quantile"), np.zeros((3, 1)), [0.5, 0.95])


def test_levels_that_do_not_rise_are_refused():
    with pytest.raises(
        ArgumentError, match=r"levels is \(0\.9, 0\.1\); expected each number to be above the one before"
    ):
        found("quantile(levels=(0.9, 0.1))")


def test_the_point_of_counts_is_their_mean():
    a = np.log([[4.0, 9.0]])
    mean, scale = distribution_of(found("poisson_nll"), a)
    np.testing.assert_allclose(point_of(found("poisson_nll"), a), [[4, 9]])
    np.testing.assert_allclose(mean, [[4, 9]])
    np.testing.assert_allclose(scale, [[2, 3]])


RNG = np.random.default_rng(5)
X = RNG.uniform(-1, 1, (2000, 1))
SCALE = 0.2 + 0.6 * (X > 0)
Y = 3 * X + SCALE * RNG.normal(size=X.shape)
SETTINGS = {"optimizer": "adam(learning_rate=0.01)", "batch_size": 50, "shuffle": True, "seed": 0}
AT = np.array([[-0.5], [0.5]])


def trained(loss, n_outputs, n=60, targets=Y):
    net = nNet.from_sizes([1, 16, n_outputs], ["tanh", None])
    net.nEpochs(n, pairs(X, targets), loss, **SETTINGS)
    return net


def test_gaussian_nll_learns_the_mean_and_the_scale():
    mean, scale = trained("gaussian_nll", 2).predict_dist(AT)
    np.testing.assert_allclose(mean, 3 * AT, atol=0.3)
    np.testing.assert_allclose(scale, [[0.2], [0.8]], rtol=0.35)


def test_quantiles_cover_the_share_of_their_levels():
    net = trained("quantile(levels=(0.1, 0.5, 0.9), crossing=false)", 3)
    low, high = net.predict_quantiles(X, [0.1, 0.9])
    assert np.mean((low < Y) & (high > Y)) == pytest.approx(0.8, abs=0.03)
    np.testing.assert_allclose(net.predict(AT), 3 * AT, atol=0.3)


def test_mixture_nll_finds_both_branches():
    # Half of the targets are near 2, half near -2.
    branches = np.where(RNG.random(X.shape) < 0.5, -2.0, 2.0) + 0.1 * RNG.normal(size=X.shape)
    net = trained("mixture_nll(components=2)", 6, targets=branches)
    low, high = net.predict_quantiles(AT, [0.25, 0.75])
    np.testing.assert_allclose(low, -2, atol=0.2)
    np.testing.assert_allclose(high, 2, atol=0.2)
    np.testing.assert_allclose(net.predict(AT), 0, atol=0.4)


def test_a_file_keeps_the_loss_with_all_parameters(tmp_path):
    net = trained("quantile(levels=(0.1, 0.5, 0.9), crossing=False)", 3, n=1)
    net.save(tmp_path / "m.nnf")
    again = load(tmp_path / "m.nnf")
    np.testing.assert_array_equal(again.predict_quantiles(X, [0.1, 0.7]), net.predict_quantiles(X, [0.1, 0.7]))
    assert again.trained_for == "nnframe-zoo/quantile(levels=(0.1, 0.5, 0.9), crossing=False)"
