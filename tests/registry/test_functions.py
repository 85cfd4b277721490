"""A plain function where it says all there is to say: an activation, a loss, a metric, a callback."""

import numpy as np
import pytest

from nnframe import ArgumentTypeError, denseLayer, nNet, pairs, registry

DATA = pairs(np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([[1.0], [1.0], [0.0]]))


def bump(z):
    return np.exp(-z * z)


def largest_error(a, y):
    return float(np.abs(a - y).max())


def make_net(activation="tanh"):
    return nNet.from_sizes([2, 3, 1], [activation, None], seed=0)


def test_an_activation_is_a_function_and_its_derivative_is_derived():
    layer = denseLayer([[1.0]], 0, bump)
    assert layer.forwardPass([[1.0]]).item() == pytest.approx(np.exp(-1))
    # d/dz exp(-z^2) = -2 z exp(-z^2)
    assert layer.activationDerDiag([[1.0]]).item() == pytest.approx(-2 * np.exp(-1))


def test_a_ufunc_of_numpy_is_an_activation():
    assert make_net(np.arctan).forwardPass([[1.0], [2.0]], False).shape == (1, 1)


def test_a_net_learns_with_a_function():
    history = make_net(bump).nEpochs(50, DATA, "mse", 0.1)
    assert history.loss[-1] < history.loss[0]


def test_a_loss_is_a_function_and_its_gradient_is_derived():
    net = nNet([denseLayer([[3.0]])])
    # L = (3 x + 0 - y)^4 with x = 1 and y = 2: dL/dw = 4 (3 - 2)^3, so w becomes 3 - 0.1 * 4.
    net.backprop([([[1.0]], [[2.0]])], lambda a, y: ((a - y) ** 4).sum(axis=0), 0.1)
    assert net.layersList[0].linear.item() == pytest.approx(2.6)


def test_a_metric_is_a_function_and_reported_under_its_name():
    history = make_net().nEpochs(2, DATA, "mse", 0.1, metrics=[largest_error])
    assert list(history.metrics) == ["largest_error"]
    assert len(history.metrics["largest_error"]) == 2


def test_a_callback_is_a_function_that_is_called_after_each_epoch():
    seen = []
    make_net().nEpochs(3, DATA, "mse", 0.1, callbacks=[lambda run: seen.append(run.epoch)])
    assert seen == [1, 2, 3]


@pytest.mark.parametrize(("kind", "what"), [("optimizer", bump), ("schedule", bump)])
def test_a_kind_that_needs_more_than_a_function_says_so(kind, what):
    with pytest.raises(
        ArgumentTypeError, match=rf"{kind} is <function .*; expected a name such as '\w+', or an object"
    ):
        registry.get(kind, what)


def test_a_class_is_not_a_function():
    with pytest.raises(ArgumentTypeError, match="a function or an object"):
        registry.get("metric", dict)
