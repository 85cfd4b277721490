"""What the author of huber promises."""

import numpy as np
import pytest
from nnframe_huber import huber

import nnframe.testing
from nnframe import nNet, registry


@pytest.fixture(autouse=True)
def _without_others(monkeypatch):
    # nnframe-zoo has a loss of the same name, and two in one environment are a conflict.
    monkeypatch.setenv("NNFRAME_DISABLE_PLUGINS", "nnframe-zoo")


def test_huber_is_found_by_name():
    assert registry.get("loss", "huber") is huber


def test_small_errors_count_half_their_square():
    np.testing.assert_allclose(huber.value(np.array([[0.5]]), np.array([[0.0]]), delta=1.0), [0.125])


def test_large_errors_count_linearly():
    np.testing.assert_allclose(huber.value(np.array([[-5.0]]), np.array([[0.0]]), delta=2.0), [8.0])


def test_components_are_averaged_and_columns_are_not():
    a, y = np.array([[0.5, 3.0], [0.0, 0.0]]), np.zeros((2, 2))
    np.testing.assert_allclose(huber.value(a, y, delta=1.0), [0.0625, 1.25])


@nnframe.testing.parametrize_plugin_checks("nnframe-huber")
def test_it_keeps_the_contract(check):
    check()


def test_an_outlier_pulls_less_than_with_mse():
    data = [([[1.0]], [[y]]) for y in (1.0, 1.0, 1.0, 101.0)]
    weights = {}
    for loss in ("huber", "mse"):
        net = nNet.from_sizes([1, 1], [None])
        net.nEpochs(2000, data, loss, learning_rate=0.05, batch_size=4)
        weights[loss] = net.forwardPass([[1.0]], False).item()
    assert weights["mse"] == pytest.approx(26.0)
    assert weights["huber"] == pytest.approx(1 + 1 / 3, abs=1e-3)
