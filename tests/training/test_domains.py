"""A last layer, a loss and targets that don't fit each other are refused before the first epoch."""

import copy
import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from nnframe import ArgumentError, nNet, one_hot, pairs

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 2))
LABELS = (X @ [1.0, -2.0] + rng.normal(size=60) > 0).astype(int)
ONE = pairs(X, LABELS[:, np.newaxis])
TWO = pairs(X, one_hot(LABELS))
SIGNS = pairs(X, one_hot(LABELS) * 2 - 1)


def net_of(last, n_out):
    return nNet.from_sizes([2, 4, n_out], ["tanh", last])


USES = {
    "nEpochs": lambda net, data, loss: net.nEpochs(1, data, loss, 0.1),
    "backprop": lambda net, data, loss: net.backprop(data, loss, 0.1),
    "backprop with one pair": lambda net, data, loss: net.backprop([data[0]], loss, 0.1),
    "evaluate": lambda net, data, loss: net.evaluate(data, loss),
    "a trainer": lambda net, data, loss: net.trainer(loss, 0.1).step(*data[0]),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize(
    ("last", "data", "message"),
    [
        ("sigmoid", ONE, "with one output: for two classes, use the loss 'bce' with one output, or two outputs with"),
        ("softmax", ONE, "has one output, which is always 1.*use the loss 'bce'"),
        ("relu", TWO, "the loss 'cel' takes probabilities.*'relu'.*use the activation 'softmax'"),
        (None, TWO, "the loss 'cel' takes probabilities.*no activation.*use the activation 'softmax'"),
        ("tanh", TWO, "the loss 'cel' takes probabilities.*'tanh'.*use the activation 'softmax'"),
        ("softmax", SIGNS, "has -1 in sample 0, and the loss 'cel' takes.*write the labels -1 and 1 as 0 and 1"),
    ],
    ids=["one sigmoid", "one softmax", "relu", "linear", "tanh", "signs"],
)
def test_what_does_not_fit_is_refused_with_the_right_pair_and_nothing_is_trained(use, last, data, message):
    net = net_of(last, data.Y.shape[1])
    before = copy.deepcopy(net)
    with pytest.raises(ArgumentError, match=message):
        use(net, data, "cel")
    for mine, old in zip(net.layersList, before.layersList, strict=True):
        np.testing.assert_array_equal(mine.linear, old.linear)


def test_validation_targets_are_checked_too():
    with pytest.raises(ArgumentError, match="a target of validation has -1 in sample 0"):
        net_of("softmax", 2).nEpochs(1, TWO, "cel", 0.1, validation=SIGNS)


def test_the_first_wrong_target_of_many_is_named():
    Y = np.tile([0.0, 1.0], (70_000, 1))
    Y[68_123, 1] = 1.5
    with pytest.raises(ArgumentError, match=r"a target of data has 1\.5 in sample 68123"):
        net_of("softmax", 2).nEpochs(1, pairs(np.zeros((70_000, 2)), Y), "cel", 0.1)


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_sigmoid_per_component_with_cel_is_legal_and_warns_of_bce(use):
    with pytest.warns(UserWarning, match="for several at once, the loss 'bce'"):
        use(net_of("sigmoid", 2), TWO, "cel")


@pytest.mark.parametrize(
    ("last", "data", "loss"),
    [("softmax", TWO, "cel"), ("sigmoid", ONE, "bce"), ("sigmoid", TWO, "bce"), ("softmax", TWO, "mse"),
     (None, SIGNS, "mse"), ("tanh", SIGNS, "mse")],
)  # fmt: skip
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_what_fits_trains_without_a_warning(use, last, data, loss):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        use(net_of(last, data.Y.shape[1]), data, loss)


def test_one_sigmoid_output_with_bce_is_logistic_regression():
    net = nNet.from_sizes([2, 1], ["sigmoid"])
    net.nEpochs(3000, ONE, "bce", 1.0, batch_size=60)
    model = LogisticRegression(C=np.inf, tol=1e-10).fit(X, LABELS)
    np.testing.assert_allclose(net.layersList[0].linear, model.coef_, rtol=1e-3)
    np.testing.assert_allclose(net.layersList[0].bias[:, 0], model.intercept_, rtol=1e-3, atol=1e-3)
