"""The built-in metrics agree with scikit-learn and with counts by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from nnframe import ArgumentError, Metric, PluginError, denseLayer, nNet, pairs, registry

rng = np.random.default_rng(0)
CLASSES = rng.integers(0, 4, 60)
TARGETS = np.eye(4)[CLASSES].T
# Right in about half of the samples.
OUTPUTS = rng.dirichlet(np.ones(4), 60).T + 0.4 * TARGETS
FOUND = OUTPUTS.argmax(axis=0)


def value_of(spec, a, y):
    metric = registry.get("metric", spec)
    return metric.value(np.asarray(a, float), np.asarray(y, float), **metric.settings)


def test_accuracy_is_scikit_learns():
    assert value_of("accuracy", OUTPUTS, TARGETS) == pytest.approx(sklearn_metrics.accuracy_score(CLASSES, FOUND))


def test_accuracy_of_one_component_counts_from_one_half():
    assert value_of("accuracy", [[0.2, 0.7, 0.5, 0.9]], [[0, 1, 1, 0]]) == 0.5


def test_accuracy_counts_from_0_where_targets_go_below_it():
    assert value_of("accuracy", [[-0.2, 0.3, -0.5, 0.9]], [[-1, 1, 1, -1]]) == 0.5


@pytest.mark.parametrize("k", [1, 2, 3])
def test_top_k_is_scikit_learns(k):
    expected = sklearn_metrics.top_k_accuracy_score(CLASSES, OUTPUTS.T, k=k)
    assert value_of(f"top_k(k={k})", OUTPUTS, TARGETS) == pytest.approx(expected)


def test_top_k_is_1_where_there_are_no_more_than_k_classes():
    assert value_of("top_k", OUTPUTS, TARGETS) == 1


def test_f1_is_the_mean_over_scikit_learns_classes():
    expected = sklearn_metrics.f1_score(CLASSES, FOUND, average="macro")
    assert value_of("f1", OUTPUTS, TARGETS) == pytest.approx(expected)


def test_f1_of_one_component_is_that_of_the_positive_class():
    a, y = rng.uniform(size=50), rng.integers(0, 2, 50)
    assert value_of("f1", [a], [y]) == pytest.approx(sklearn_metrics.f1_score(y, a > 0.5))


def test_f1_without_a_positive_is_0():
    assert value_of("f1", [[0.1, 0.2]], [[0, 0]]) == 0


def test_mae_is_scikit_learns():
    a, y = rng.normal(size=(2, 3, 20))
    assert value_of("mae", a, y) == pytest.approx(sklearn_metrics.mean_absolute_error(y.T, a.T))


def test_r2_is_scikit_learns():
    y = rng.normal(size=(3, 20))
    a = y + 0.3 * rng.normal(size=(3, 20))
    assert value_of("r2", a, y) == pytest.approx(sklearn_metrics.r2_score(y.T, a.T))


def test_r2_of_targets_that_are_all_alike_is_scikit_learns():
    y = np.vstack([np.full(7, 2.0), np.full(7, 3.0), np.arange(7.0)])
    a = y + np.array([[0.0], [0.1], [0.2]])
    assert value_of("r2", a, y) == pytest.approx(sklearn_metrics.r2_score(y.T, a.T))


def test_r2_of_equal_targets_whose_mean_is_rounded_is_0():
    y = np.full((1, 7), 0.7)
    assert y.mean() != 0.7
    assert value_of("r2", y + 0.1, y) == 0


@given(shift=st.floats(-100, 100), scale=st.floats(0.01, 100))
def test_r2_does_not_depend_on_the_unit_of_the_targets(shift, scale):
    y = np.array([[1.0, 2.0, 4.0, 7.0]])
    a = np.array([[1.5, 2.0, 3.0, 6.0]])
    assert value_of("r2", a * scale + shift, y * scale + shift) == pytest.approx(value_of("r2", a, y), rel=1e-6)


def test_a_net_is_evaluated_by_loss_and_metrics():
    net = nNet([denseLayer([[2.0]])])
    data = [([[1.0]], [[2.0]]), ([[2.0]], [[5.0]]), ([[3.0, 0.0]], [[6.0, 1.0]])]
    # Outputs 2, 4, 6, 0 for targets 2, 5, 6, 1.
    assert net.evaluate(data, "mse", ["mae"]) == {"loss": 0.5, "mae": 0.5}


def test_more_samples_than_are_taken_at_once_are_all_counted():
    X, Y = rng.normal(size=(3000, 2)), rng.normal(size=(3000, 1))
    net = nNet([denseLayer([[0.5, -1.0]])])
    found = net.evaluate(pairs(X, Y), "mse", ["mae"])
    errors = X @ [0.5, -1.0] - Y[:, 0]
    assert found["loss"] == pytest.approx(np.mean(errors**2))
    assert found["mae"] == pytest.approx(np.mean(np.abs(errors)))


def test_a_metric_of_ones_own_is_taken_by_object_and_by_name():
    largest = Metric("largest", lambda a, y: np.abs(a - y).max(), better="lower")
    net, data = nNet([denseLayer([[1.0]])]), [([[1.0]], [[4.0]])]
    assert net.evaluate(data, metrics=[largest]) == {"largest": 3}
    with registry.temporarily(largest):
        assert net.evaluate(data, metrics=["Largest"]) == {"Largest": 3}


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        (["mae", Metric("mae", lambda a, y: 0.0)], "metrics has 'mae', which is there twice"),
        ([Metric("loss", lambda a, y: 0.0)], "metrics has 'loss', which is the name of the loss"),
        (["top_k(k=0)"], "top_k: parameter k is 0; expected at least 1"),
    ],
)
def test_metrics_that_can_not_be_meant_are_refused(metrics, message):
    with pytest.raises(ArgumentError, match=message):
        nNet([denseLayer([[1.0]])]).evaluate([([[1.0]], [[4.0]])], metrics=metrics)


def test_a_metric_can_not_write_into_what_the_next_one_sees():
    def careless(a, y):
        a[...] = 0

    with pytest.raises(PluginError, match="metric 'careless', value: raised ValueError"):
        nNet([denseLayer([[1.0]])]).evaluate([([[1.0]], [[4.0]])], metrics=[Metric("careless", careless), "mae"])


def test_a_metric_that_raises_is_blamed():
    broken = Metric("broken", lambda a, y: 1 / 0)
    with pytest.raises(PluginError, match="metric 'broken', value: raised ZeroDivisionError"):
        nNet([denseLayer([[1.0]])]).evaluate([([[1.0]], [[4.0]])], metrics=[broken])


def test_a_metric_that_returns_no_number_is_blamed():
    broken = Metric("broken", lambda a, y: a)
    with pytest.raises(PluginError, match=r"metric 'broken', value: returned array.*expected a number"):
        nNet([denseLayer([[1.0]])]).evaluate([([[1.0]], [[4.0]])], metrics=[broken])


def test_a_metric_must_say_which_way_is_better():
    with pytest.raises(ArgumentError, match="better of metric 'odd' is 'more'; expected 'higher' or 'lower'"):
        Metric("odd", lambda a, y: 0.0, better="more")


@pytest.mark.parametrize("spec", ["accuracy", "f1", "top_k(k=1)", "mae", "r2"])
@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("where", ["outputs", "targets"])
def test_a_nan_makes_every_metric_nan(spec, n, where):
    a, y = rng.uniform(size=(n, 6)), np.eye(n)[:, rng.integers(n, size=6)]
    (a if where == "outputs" else y)[0, 2] = np.nan
    assert np.isnan(value_of(spec, a, y))


def test_a_metric_of_a_stranger_is_nan_for_outputs_that_are():
    share = Metric("share", lambda a, y: float((a > 0).mean()))
    net = nNet([denseLayer([[np.nan]])])
    assert np.isnan(net.evaluate([([[1.0]], [[1.0]])], metrics=[share])["share"])
