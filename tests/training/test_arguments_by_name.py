"""Losses that ask for the inputs of the net, or the weights of the samples, by the names of their arguments."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnframe import DerivativeError, Loss, nNet, pairs
from nnframe.formula.differences import column_differences

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 3))
Y = RNG.normal(size=(30, 2))
WEIGHTS = RNG.uniform(0.2, 3, 30)
SETTINGS = [{"batch_size": 1}, {"batch_size": 7, "shuffle": True, "seed": 0}, {"validation": 0.3, "seed": 1}]


def by_input(a, y, x):
    return ((a - y) ** 2).mean(axis=0) * np.exp(x[1])


def weighed(a, y, sample_weight):
    return sample_weight * ((a - y) ** 2).mean(axis=0)


def new_net(dtype=np.float64):
    return nNet.from_sizes([3, 5, 2], ["tanh", None], seed=1, dtype=dtype)


def weights_of(net):
    return np.concatenate([part.ravel() for layer in net.layersList for part in (layer.linear, layer.bias)])


@pytest.mark.parametrize("engine", ["reference", "numpy"])
@pytest.mark.parametrize("settings", SETTINGS)
def test_a_factor_of_an_input_is_a_sample_weight(engine, settings):
    net, other = new_net(), new_net()
    history = net.nEpochs(2, pairs(X, Y), Loss("by_input", by_input), 0.01, engine=engine, **settings)
    factors = np.exp(X[:, 1])
    expected = other.nEpochs(2, pairs(X, Y), "mse", 0.01, engine=engine, sample_weights=factors, **settings)
    np.testing.assert_allclose(weights_of(net), weights_of(other), rtol=1e-10)
    np.testing.assert_allclose(history.loss, expected.loss)


@pytest.mark.parametrize("engine", ["reference", "numpy"])
@pytest.mark.parametrize("settings", SETTINGS)
def test_a_loss_that_takes_the_weights_applies_them_alone(engine, settings):
    net, other = new_net(), new_net()
    history = net.nEpochs(
        2, pairs(X, Y), Loss("weighed", weighed), 0.01, engine=engine, sample_weights=WEIGHTS, **settings
    )
    expected = other.nEpochs(2, pairs(X, Y), "mse", 0.01, engine=engine, sample_weights=WEIGHTS, **settings)
    np.testing.assert_allclose(weights_of(net), weights_of(other), rtol=1e-10)
    np.testing.assert_allclose(history.loss, expected.loss)


def test_without_weights_they_are_ones():
    net, other = new_net(), new_net()
    net.nEpochs(2, pairs(X, Y), Loss("weighed", weighed), 0.01, metrics=["mae"])
    other.nEpochs(2, pairs(X, Y), "mse", 0.01)
    np.testing.assert_allclose(weights_of(net), weights_of(other), rtol=1e-10)


def test_a_trainer_hands_over_inputs_and_weights():
    loss = Loss("both", lambda a, y, x, sample_weight: sample_weight * by_input(a, y, x))
    net, other = new_net(), new_net()
    net.nEpochs(1, pairs(X, Y), loss, 0.01, batch_size=10, sample_weights=WEIGHTS)
    trainer = other.trainer(loss, 0.01)
    for part in (slice(0, 10), slice(10, 20), slice(20, 30)):
        trainer.step(X[part].T, Y[part].T, WEIGHTS[part])
    np.testing.assert_allclose(weights_of(other), weights_of(net), rtol=1e-12)


def test_a_single_pair_will_do():
    net, other = new_net(), new_net()
    net.backprop([(X[:1].T, Y[:1].T)], Loss("by_input", by_input), 0.01)
    other.backprop([(X[:1].T, Y[:1].T)], "mse", 0.01 * np.exp(X[0, 1]))
    np.testing.assert_allclose(weights_of(net), weights_of(other), rtol=1e-10)


def test_evaluate_hands_over_the_inputs():
    net = new_net()
    expected = by_input(net.forwardPass(X.T, False), Y.T, X.T).mean()
    assert net.evaluate(pairs(X, Y), Loss("by_input", by_input), ["mae"])["loss"] == pytest.approx(expected)


def test_a_gradient_by_hand_may_ask_for_less():
    def gradient(a, y, sample_weight):
        return sample_weight * 2 * (a - y) / len(a)

    both = Loss("both", lambda a, y, x, sample_weight: weighed(a, y, sample_weight) + x[0] ** 2, gradient)
    net, other = new_net(), new_net()
    net.nEpochs(2, pairs(X, Y), both, 0.01, sample_weights=WEIGHTS)
    other.nEpochs(2, pairs(X, Y), Loss("weighed", weighed), 0.01, sample_weights=WEIGHTS)
    np.testing.assert_allclose(weights_of(net), weights_of(other), rtol=1e-10)


def test_targets_may_be_compared_with_as_many_inputs():
    loss = Loss("drift", lambda a, y, x: ((a - x) ** 2).sum(axis=0) + ((y - x) ** 2).sum(axis=0))
    net, other = (nNet.from_sizes([3, 3], [None], seed=0) for _ in range(2))
    net.nEpochs(1, pairs(X, X), loss, 0.01)
    other.nEpochs(1, pairs(X, X), Loss("sse", lambda a, y: ((a - y) ** 2).sum(axis=0)), 0.01)
    np.testing.assert_allclose(weights_of(net), weights_of(other), rtol=1e-10)


def test_a_parameter_of_that_name_is_a_parameter():
    loss = Loss("scaled", lambda a, y, x: x * ((a - y) ** 2).sum(axis=0), params={"x": 2.0})
    assert loss.asks == ()
    a = np.ones((2, 3))
    np.testing.assert_allclose(loss.slope(a, 0 * a, x=2.0), 4)


def test_the_number_of_inputs_can_not_be_recorded_as_that_of_the_targets():
    loss = Loss("mean", lambda a, y, x: (a - y).sum(axis=0) ** 2 * np.abs(x).sum(axis=0) / len(x))
    with pytest.raises(DerivativeError, match="what is derived isn't right"):
        loss.slope(np.ones((2, 1)), np.ones((2, 1)), x=np.ones((3, 1)))


def test_means_over_the_inputs_can_be_recorded():
    loss = Loss("mean", lambda a, y, x: ((a - y) ** 2).sum(axis=0) * x.mean(axis=0))
    x = np.array([[1.0], [2.0], [6.0]])
    np.testing.assert_allclose(loss.slope(np.ones((2, 1)), np.zeros((2, 1)), x=x), 6)


# Random formulas of two outputs for each target, the targets, inputs and weights.
LEAVES = ("m", "s", "y", "x[0]", "x[2]", "np.abs(x).mean(axis=0)", "sample_weight", "0.7")
UNARY = ("np.tanh({})", "np.exp(0.1 * {})", "({}) ** 2", "np.log1p(({}) ** 2)", "np.logaddexp({}, 0.5)", "-({})")
BINARY = ("({}) + ({})", "({}) - ({})", "({}) * ({})", "({}) / (2 + np.tanh({}))", "np.logaddexp({}, {})")
FORMULAS = st.recursive(
    st.sampled_from(LEAVES),
    lambda parts: st.one_of(
        st.builds(lambda form, part: form.format(part), st.sampled_from(UNARY), parts),
        st.builds(lambda form, one, two: form.format(one, two), st.sampled_from(BINARY), parts, parts),
    ),
    max_leaves=6,
)


@given(FORMULAS, st.integers(1, 3))
def test_a_random_formula_has_the_slope_that_differences_have(text, n):
    namespace = {"np": np}
    exec(f"def value(a, y, x, sample_weight):\n    m, s = a\n    return ({text} + 0.1 * m * s).sum(axis=0)", namespace)
    loss = Loss("random", namespace["value"], outputs=2, point=lambda a: a[0])
    rng = np.random.default_rng(3)
    a, y = rng.normal(size=(2, n, 6)), rng.normal(size=(n, 6))
    by_name = {"x": rng.normal(size=(4, 6)), "sample_weight": rng.uniform(0.5, 2, size=6)}
    got = loss.slope(a, y, **by_name)
    flat = column_differences(lambda flat: loss.value(flat.reshape(a.shape), y, **by_name), a.reshape(2 * n, 6))
    np.testing.assert_allclose(got, flat.reshape(a.shape), rtol=1e-4, atol=1e-5)
    single = {name: array.astype(np.float32) for name, array in by_name.items()}
    in_float32 = loss.slope(a.astype(np.float32), y.astype(np.float32), **single)
    assert in_float32.dtype == np.float32
    np.testing.assert_allclose(in_float32, got, rtol=1e-2, atol=1e-2 * (1 + np.abs(got).max()))


def test_a_row_may_be_multiplied_by_a_quotient_of_itself():
    loss = Loss("repeated", lambda a, y, x: x[0] * (x[0] / (2 + x[1])) + (a * a).sum(axis=0))
    np.testing.assert_allclose(loss.slope(np.ones((2, 1)), np.ones((2, 1)), x=np.ones((2, 1))), 2)
