"""levenberg_marquardt: against least squares in closed form, differences, and scipy."""

import numpy as np
import pytest

from nnframe import ArgumentError, denseLayer, nNet, pairs
from nnframe.engines.fast.whole_data import WholeData
from nnframe.training.prepare import prepare
from nnframe.training.settings import Settings

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Y = np.stack([np.sin(X[:, 0]) + X[:, 1], X[:, 1] * X[:, 2]], axis=1)


def vector_of(net):
    return np.concatenate([array.ravel() for layer in net.layersList for array in (layer.linear, layer.bias)])


def test_a_line_is_fitted_in_two_iterations():
    net = nNet([denseLayer(np.zeros((2, 3)))])
    net.nEpochs(3, pairs(X, Y), "mse", optimizer="levenberg_marquardt")
    design = np.column_stack([X, np.ones(40)])
    expected = np.linalg.lstsq(design, Y, rcond=None)[0].T
    np.testing.assert_allclose(net.layersList[0].linear, expected[:, :3], atol=1e-6)


@pytest.mark.parametrize("l2", [0.0, 0.3])
def test_for_residuals_of_zero_the_matrix_is_the_hessian(l2):
    net = nNet.from_sizes([3, 4, 2], ["tanh", "sigmoid"])
    weights = RNG.uniform(0, 2, 40)
    settings = Settings.of(loss="mse", optimizer="lbfgs", l2=l2, sample_weights=weights)
    data = WholeData(prepare(net, pairs(X, net.predict(X)), settings).task, None)
    w, h = vector_of(net), 1e-5
    columns = [(data.evaluate(w + h * e)[2] - data.evaluate(w - h * e)[2]) / (2 * h) for e in np.eye(len(w))]
    np.testing.assert_allclose(data.gauss_newton(w), np.array(columns).T, atol=1e-8)


def test_a_shared_layer_counts_twice():
    shared = denseLayer(RNG.normal(size=(3, 3)), activation="tanh")
    net = nNet([shared, shared])
    data = WholeData(prepare(net, pairs(X, net.predict(X)), Settings.of(loss="mse", optimizer="lbfgs")).task, None)
    w, h = np.append(shared.linear.ravel(), shared.bias.ravel()), 1e-5
    columns = [(data.evaluate(w + h * e)[2] - data.evaluate(w - h * e)[2]) / (2 * h) for e in np.eye(12)]
    np.testing.assert_allclose(data.gauss_newton(w), np.array(columns).T, atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_few_iterations_beat_as_many_of_lbfgs(dtype):
    losses = {}
    for optimizer in ("levenberg_marquardt", "lbfgs"):
        net = nNet.from_sizes([3, 8, 2], ["tanh", None], dtype=dtype)
        losses[optimizer] = net.nEpochs(20, pairs(X, Y), "mse", optimizer=optimizer).loss
    assert losses["levenberg_marquardt"][-1] < 0.1 * losses["lbfgs"][-1]
    assert losses["levenberg_marquardt"] == sorted(losses["levenberg_marquardt"], reverse=True)


def test_it_reaches_the_minimum_that_scipy_finds():
    optimize = pytest.importorskip("scipy.optimize")
    x = np.linspace(-1, 1, 30).reshape(-1, 1)
    y = 0.8 * np.tanh(2 * x - 0.5) + 0.1 * np.cos(9 * x)
    net = nNet([denseLayer([[1.0]], activation="tanh"), denseLayer([[1.0]])])

    def residuals(w):
        return (w[2] * np.tanh(w[0] * x + w[1]) + w[3] - y)[:, 0]

    theirs = optimize.least_squares(residuals, [1.0, 0.0, 1.0, 0.0], method="lm", xtol=1e-15, ftol=1e-15)
    history = net.nEpochs(60, pairs(x, y), "mse", optimizer="levenberg_marquardt(tolerance=1e-9)")
    assert history.loss[-1] == pytest.approx(2 * theirs.cost / 30, rel=1e-9)
    assert history.stopped is not None


@pytest.mark.parametrize(
    ("net", "loss", "sentence"),
    [
        (nNet.from_sizes([3, 2], ["sigmoid"]), "bce", "the loss is 'bce'; expected 'mse'"),
        (nNet.from_sizes([3, 1000, 2]), "mse", "the net has 6,002 weights; expected at most 5,000"),
        (nNet.from_sizes([3, 2], ["prelu"]), "mse", "an activation has learned parameters"),
    ],
)
def test_what_it_is_not_for_is_refused(net, loss, sentence):
    before = vector_of(net)
    with pytest.raises(ArgumentError, match=sentence):
        net.nEpochs(1, pairs(X, 1.0 * (Y > 0)), loss, optimizer="levenberg_marquardt")
    np.testing.assert_array_equal(vector_of(net), before)
