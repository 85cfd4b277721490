"""Gradients against finite differences, and against another library."""

import warnings
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from nnframe import denseLayer, nNet, pairs

ACTIVATIONS = [None, "relu", "sigmoid", "tanh", "softmax"]
LOSSES = ["mse", "cel"]
PROBABILITIES = ["sigmoid", "softmax"]
STEP = 1e-6


def gradient_of_one_step(net, x, y, loss):
    """Return dL/dw for each array of a net, read off the update of one step with the learning rate 1."""
    before = [array.copy() for layer in net.layersList for array in (layer.linear, layer.bias)]
    net.backprop([(x, y)], loss, 1.0, batch_size=x.shape[1])
    after = [array for layer in net.layersList for array in (layer.linear, layer.bias)]
    gradients = [old - new for old, new in zip(before, after, strict=True)]
    for old, new in zip(before, after, strict=True):
        new[...] = old
    return gradients


def gradient_by_central_differences(net, x, y, loss):
    """Return the same by moving each weight a little; the loss is read off a step with the learning rate 0."""

    def mean_loss():
        return net.backprop([(x, y)], loss, 0.0, batch_size=x.shape[1])

    gradients = []
    for array in (array for layer in net.layersList for array in (layer.linear, layer.bias)):
        gradient = np.empty_like(array)
        for at in np.ndindex(array.shape):
            kept = array[at]
            array[at] = kept + STEP
            above = mean_loss()
            array[at] = kept - STEP
            gradient[at] = (above - mean_loss()) / (2 * STEP)
            array[at] = kept
        gradients.append(gradient)
    return gradients


def make_net(sizes, activations, rng):
    """Return a net with random weights and biases."""
    return nNet([
        denseLayer(rng.normal(size=(n_out, n_in)), rng.normal(size=(n_out, 1)), activation)
        for n_in, n_out, activation in zip(sizes, sizes[1:], activations, strict=False)
    ])  # fmt: skip


# cel takes probabilities; outputs that need not sum to 1 are legal, with a warning.
@pytest.mark.filterwarnings("ignore:the loss 'cel' takes")
@pytest.mark.parametrize(("last", "loss"), [*((last, "mse") for last in ACTIVATIONS), *product(PROBABILITIES, ["cel"])])
@pytest.mark.parametrize("middle", ACTIVATIONS)
@pytest.mark.parametrize("seed", range(3))
def test_every_gradient_equals_the_central_difference(middle, last, loss, seed):
    rng = np.random.default_rng(seed)
    net = make_net([3, 4, 3, 2], ["tanh", middle, last], rng)
    # Targets that don't sum to 1: nothing may depend on that.
    x, y = rng.normal(size=(3, 5)), rng.uniform(0.1, 1, size=(2, 5))
    exact = gradient_of_one_step(net, x, y, loss)
    estimate = gradient_by_central_differences(net, x, y, loss)
    scale = max(np.abs(each).max() for each in estimate)
    for one, other in zip(exact, estimate, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6 * scale)


@settings(max_examples=50, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 5), min_size=2, max_size=4).filter(lambda sizes: sizes[-1] > 1),
    activation=st.sampled_from(["sigmoid", "tanh", "softmax"]),
    loss=st.sampled_from(LOSSES),
    n=st.integers(1, 6),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_gradient_of_a_batch_is_the_mean_over_its_columns(sizes, activation, loss, n, seed):
    rng = np.random.default_rng(seed)
    net = make_net(sizes, [activation] * (len(sizes) - 2) + ["softmax"], rng)
    x, y = rng.normal(size=(sizes[0], n)), rng.uniform(size=(sizes[-1], n))
    batch = gradient_of_one_step(net, x, y, loss)
    columns = [gradient_of_one_step(net, x[:, [i]], y[:, [i]], loss) for i in range(n)]
    for whole, parts in zip(batch, zip(*columns, strict=True), strict=True):
        np.testing.assert_allclose(whole, np.mean(parts, axis=0), rtol=1e-9, atol=1e-12)


def test_softmax_with_cel_has_the_gradient_a_minus_y_where_targets_sum_to_one():
    net = nNet([denseLayer(np.eye(3), 0, "softmax")])
    x, y = np.array([[1.0], [2.0], [3.0]]), np.array([[0.0], [1.0], [0.0]])
    a = np.exp(x) / np.exp(x).sum()
    _, bias_gradient = gradient_of_one_step(net, x, y, "cel")
    np.testing.assert_allclose(bias_gradient, a - y, rtol=1e-13)


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic"])
def test_an_epoch_equals_scikit_learns(activation):
    rng = np.random.default_rng(0)
    X, labels = rng.normal(size=(50, 7)), np.arange(50) % 3
    model = MLPClassifier(
        (6, 5), activation, solver="sgd", alpha=0, momentum=0, nesterovs_momentum=False, batch_size=8,
        learning_rate_init=0.3, shuffle=False, max_iter=1, n_iter_no_change=10, random_state=0,
    )  # fmt: skip
    model.partial_fit(X[:8], labels[:8], classes=[0, 1, 2])
    names = ["sigmoid" if activation == "logistic" else activation] * 2 + ["softmax"]
    net = nNet([
        denseLayer(W.T, b.reshape(-1, 1), name)
        for W, b, name in zip(model.coefs_, model.intercepts_, names, strict=True)
    ])  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.partial_fit(X, labels)
    net.backprop(pairs(X, np.eye(3)[labels]), "cel", 0.3, batch_size=8)
    for layer, W, b in zip(net.layersList, model.coefs_, model.intercepts_, strict=True):
        np.testing.assert_allclose(layer.linear, W.T, rtol=0, atol=1e-10)
        np.testing.assert_allclose(layer.bias[:, 0], b, rtol=0, atol=1e-10)
