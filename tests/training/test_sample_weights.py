"""Weights of samples and of classes."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from nnframe import ArgumentError, ArgumentTypeError, DataError, ShapeError, nNet, pairs

rng = np.random.default_rng(0)
N = 12
CLASSES = np.array([0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2])
DATA = pairs(rng.normal(size=(N, 3)), np.eye(3)[CLASSES])
ENGINES = ["reference", "numpy"]


def trained(data=DATA, batch_size=N, **settings):
    net = nNet.from_sizes([3, 5, 3], ["tanh", "softmax"], seed=1)
    history = net.nEpochs(2, data, "cel", 0.5, batch_size, **settings)
    return net, history


def assert_same(one, other):
    for mine, yours in zip(one.layersList, other.layersList, strict=True):
        np.testing.assert_allclose(mine.linear, yours.linear, rtol=1e-12)
        np.testing.assert_allclose(mine.bias, yours.bias, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("loss", ["cel", "mse"])
def test_a_weight_of_2_is_the_sample_twice(engine, loss):
    weights = np.ones(N)
    weights[3] = 2
    twice = pairs(np.vstack([DATA.X, DATA.X[3:4]]), np.vstack([DATA.Y, DATA.Y[3:4]]))
    nets = [nNet.from_sizes([3, 5, 3], ["tanh", "softmax"], seed=1) for _ in range(2)]
    # The mean divides by 12 samples or by 13.
    one = nets[0].nEpochs(2, DATA, loss, 0.5, N, sample_weights=weights, engine=engine).loss
    other = nets[1].nEpochs(2, twice, loss, 0.5 * 13 / 12, 13, engine=engine).loss
    assert_same(*nets)
    assert np.array(one) * 12 == pytest.approx(np.array(other) * 13)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("batch_size", [1, 4])
def test_a_batch_of_weight_0_changes_nothing(engine, batch_size):
    weights = rng.uniform(0.5, 1, N)
    weights[-batch_size:] = 0
    net, _ = trained(batch_size=batch_size, sample_weights=weights, engine=engine)
    expected, _ = trained(DATA[:-batch_size], batch_size, sample_weights=weights[:-batch_size], engine=engine)
    assert_same(net, expected)


@given(factor=st.floats(0.1, 10))
def test_the_same_weight_for_all_samples_scales_the_learning_rate(factor):
    one = nNet.from_sizes([3, 5, 3], ["tanh", "softmax"], seed=1)
    other = copy.deepcopy(one)
    one.nEpochs(2, DATA, "cel", 0.1, 4, sample_weights=np.full(N, factor))
    other.nEpochs(2, DATA, "cel", 0.1 * factor, 4)
    for mine, yours in zip(one.layersList, other.layersList, strict=True):
        np.testing.assert_allclose(mine.linear, yours.linear, rtol=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_weights_follow_their_samples_in_every_order(engine):
    weights = rng.uniform(size=N)
    whole, history = trained(batch_size=N, sample_weights=weights, engine=engine)
    shuffled, other = trained(batch_size=N, sample_weights=weights, engine=engine, shuffle=True, seed=5)
    # In one batch, the order makes no difference but rounding.
    assert_same(whole, shuffled)
    assert history.loss == pytest.approx(other.loss)


def test_weights_of_classes_are_weights_of_their_samples():
    one, _ = trained(class_weights={0: 0.5, 2: 3.0})
    other, _ = trained(sample_weights=np.array([0.5, 1.0, 3.0])[CLASSES])
    assert_same(one, other)


def test_balanced_weights_are_scikit_learns():
    expected = compute_class_weight("balanced", classes=np.arange(3), y=CLASSES)
    one, _ = trained(class_weights="balanced")
    other, _ = trained(class_weights=dict(enumerate(expected)))
    assert_same(one, other)


def test_weights_of_samples_and_classes_multiply():
    each = rng.uniform(size=N)
    one, _ = trained(sample_weights=each, class_weights={1: 4})
    other, _ = trained(sample_weights=each * np.array([1, 4, 1])[CLASSES])
    assert_same(one, other)


def test_a_single_component_has_two_classes():
    data = pairs(DATA.X, (CLASSES > 0).astype(float).reshape(-1, 1))
    nets = [nNet.from_sizes([3, 5, 1], ["tanh", "sigmoid"], seed=1) for _ in range(2)]
    nets[0].nEpochs(1, data, "mse", 0.5, N, class_weights={0: 3})
    nets[1].nEpochs(1, data, "mse", 0.5, N, sample_weights=np.where(CLASSES > 0, 1, 3))
    assert_same(*nets)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        (
            {"sample_weights": [1, 2]},
            ShapeError,
            r"sample_weights has shape \(2,\); expected one for each of the 12 samples",
        ),
        (
            {"sample_weights": [1] * 11 + [-1]},
            ArgumentError,
            r"sample_weights\[11\] is -1; expected finite numbers, 0 or",
        ),
        ({"sample_weights": [np.nan] * 12}, ArgumentError, r"sample_weights\[0\] is nan"),
        ({"sample_weights": [0] * 12}, DataError, "are 0 for every sample"),
        ({"sample_weights": ["heavy"] * 12}, ArgumentTypeError, "sample_weights has dtype"),
        ({"class_weights": {3: 1}}, ArgumentError, "class_weights has the class 3; expected whole numbers from 0 to 2"),
        ({"class_weights": {"a": 1}}, ArgumentError, "class_weights has the class 'a'"),
        ({"class_weights": {1: -2}}, ArgumentError, r"class_weights\[1\] is -2"),
        ({"class_weights": "fair"}, ArgumentError, "class_weights is 'fair'; expected 'balanced'"),
        ({"class_weights": [1, 2, 3]}, ArgumentTypeError, r"class_weights is \[1, 2, 3\]; expected a dict"),
    ],
)
def test_unusable_weights_are_refused(settings, error, message):
    with pytest.raises(error, match=message):
        trained(**settings)
