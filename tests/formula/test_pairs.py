"""A loss of log a behind an activation of exponentials: one formula, derived where nobody declares a fused form."""

import numpy as np
import pytest

from nnframe import Activation, Loss, denseLayer, floored, nNet
from nnframe.formula.pairs import derived_pair
from nnframe.registry.binding import bind_objective


def softmax(z, temperature=1.0):
    e = np.exp((z - z.max(axis=0, keepdims=True)) / temperature)
    return e / e.sum(axis=0, keepdims=True)


def sigmoid(z):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def naive_sigmoid(z):
    return 1 / (1 + np.exp(-z))


def cross_entropy(a, y):
    return -(y * np.log(floored(a))).sum(axis=0)


def binary_cross_entropy(a, y):
    return -(y * np.log(floored(a)) + (1 - y) * np.log(floored(1 - a))).mean(axis=0)


def focal(a, y):
    return -(y * (1 - a) ** 2 * np.log(floored(a))).sum(axis=0)


def pair(forward, value, y_domain="probability", **params):
    loss = Loss("mine", value, a_domain="probability", y_domain=y_domain)
    return loss.with_activation(Activation("its", forward, params=params))


def test_softmax_and_cross_entropy_have_the_gradient_that_everybody_writes_by_hand():
    found = pair(softmax, cross_entropy)
    assert found.gradient.source.text.endswith("return y.sum(axis=0, keepdims=True) * a - y\n")


def test_a_certain_and_wrong_answer_has_its_loss_and_its_slope():
    z, y = np.array([[0.0], [1000.0]]), np.array([[1.0], [0.0]])
    found = pair(softmax, cross_entropy)
    assert found.value(z, y).tolist() == [1000.0]
    assert found.gradient(z, softmax(z), y).tolist() == [[-1.0], [1.0]]


@pytest.mark.parametrize("forward", [sigmoid, naive_sigmoid])
@pytest.mark.parametrize(("z", "y", "value", "slope"), [(800.0, 0.0, 800.0, 1.0), (-800.0, 1.0, 800.0, -1.0)])
@pytest.mark.filterwarnings("ignore:overflow")
def test_sigmoid_and_binary_cross_entropy_stay_exact_where_the_sigmoid_has_rounded(forward, z, y, value, slope):
    found = pair(forward, binary_cross_entropy)
    at, target = np.array([[z]]), np.array([[y]])
    assert found.value(at, target).item() == value
    assert found.gradient(at, forward(at), target).item() == slope


def test_a_nearly_certain_right_answer_still_has_a_slope():
    found = pair(sigmoid, binary_cross_entropy)
    z = np.array([[50.0]])
    assert found.gradient(z, sigmoid(z), np.ones((1, 1))).item() == pytest.approx(-np.exp(-50), rel=1e-12)
    assert pair(softmax, focal).value(np.array([[50.0], [0.0]]), np.array([[1.0], [0.0]])).item() == pytest.approx(
        np.exp(-150), rel=1e-10
    )


@pytest.mark.parametrize("forward", [softmax, sigmoid, naive_sigmoid])
@pytest.mark.parametrize("value", [cross_entropy, binary_cross_entropy, focal])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_pair_is_the_chain_rule_where_that_loses_no_digits(forward, value, dtype):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(4, 6)).astype(dtype)
    y = rng.dirichlet(np.ones(4), size=6).T.astype(dtype)
    activation, loss = Activation("its", forward), Loss("mine", value, a_domain="probability")
    a, found = forward(z), loss.with_activation(activation)
    chain = activation.backward_pass(loss.slope(a, y), z, a)
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(found.gradient(z, a, y), chain, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(found.value(z, y), value(a, y), rtol=tolerance, atol=tolerance)
    assert found.gradient(z, a, y).dtype == found.value(z, y).dtype == dtype


def test_a_temperature_reaches_the_pair():
    found = pair(softmax, cross_entropy, temperature=2.0)
    z, y = np.array([[1.0], [3.0]]), np.array([[0.0], [1.0]])
    a = softmax(z, 2.0)
    np.testing.assert_allclose(found.gradient(z, a, y), (a - y) / 2, rtol=1e-14)


@pytest.mark.parametrize("forward", [np.tanh, lambda z: z, lambda z: np.cumsum(z, axis=0)])
def test_there_is_no_pair_where_the_chain_rule_does_as_well(forward):
    assert pair(forward, cross_entropy) is None


def test_an_explicit_bound_is_the_authors_word_and_stays():
    assert pair(softmax, lambda a, y: -(y * np.log(np.maximum(a, 1e-3))).sum(axis=0)) is None


def test_a_net_trains_with_the_pair():
    loss = Loss("mine", cross_entropy, a_domain="probability", y_domain="probability")
    objective = bind_objective(loss, Activation("its", softmax))
    assert objective.fused is not None
    net = nNet([denseLayer([[0.0], [1000.0]], 0, Activation("its", softmax))])
    assert net.backprop([([[1.0]], [[1.0], [0.0]])], loss, 0.5) == 1000
    assert net.layersList[0].linear.ravel().tolist() == [0.5, 999.5]


FORWARDS = (
    "np.exp(z) / np.exp(z).sum(axis=0)",
    "np.exp(z - np.log(np.exp(z).sum(axis=0)))",
    "np.exp(-np.logaddexp(0, -z))",
    "np.where(z > 0, 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(z)))",
    "1 - np.exp(-np.exp(z))",
    "(np.exp(z) / np.exp(z).sum(axis=0)) ** 0.5",
    "0.9 * np.exp(z) / np.exp(z).sum(axis=0) + 0.1 / len(z)",
)
VALUES = (
    "-(y * np.log(a)).sum(axis=0)",
    "-(y * np.log(a) + (1 - y) * np.log1p(-a)).mean(axis=0)",
    "((np.log(a) - np.log(y + 0.1)) ** 2).sum(axis=0)",
    "(a * np.log2(a) - a * np.log(y + 0.1)).sum(axis=0)",
    "-np.log((a * y).sum(axis=0))",
    "np.abs(np.log(a / (y + 0.1))).mean(axis=0)",
)


@pytest.mark.parametrize("forward", FORWARDS)
@pytest.mark.parametrize("value", VALUES)
def test_any_pair_has_the_value_and_the_gradient_of_its_formulas(forward, value):
    forward = eval(f"lambda z: {forward}", {"np": np})
    value = eval(f"lambda a, y: {value}", {"np": np})
    activation = Activation("its", forward)
    objective = bind_objective(Loss("mine", value, a_domain="probability", y_domain="distribution"), activation)
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(4, 9)), rng.dirichlet(np.ones(4), size=9).T
    a = forward(z)
    np.testing.assert_allclose(objective.value(z, a, y), value(a, y), rtol=1e-12, atol=1e-14)
    got = objective.gradient(z, a, y)
    for i in range(4):
        above, below = z.astype(np.longdouble), z.astype(np.longdouble)
        above[i] += 1e-6
        below[i] -= 1e-6
        expected = (value(forward(above), y) - value(forward(below), y)) / 2e-6
        np.testing.assert_allclose(got[i], expected.astype(float), rtol=1e-6, atol=1e-8)


def test_parameters_of_the_loss_may_be_arguments_of_the_pair():
    def value(a, y, gamma):
        return -(y * (1 - a) ** gamma * np.log(floored(a))).sum(axis=0)

    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(4, 8)), rng.dirichlet(np.ones(4), size=8).T
    general = derived_pair(softmax, {}, value, {"gamma": 2.0}, y, symbols=["gamma"])
    for gamma in (2.0, 0.5, 3.5):
        fixed = derived_pair(softmax, {}, value, {"gamma": gamma}, y)
        np.testing.assert_allclose(general.value(z, y, gamma), fixed.value(z, y), rtol=1e-12)
        expected = fixed.gradient(z, softmax(z), y)
        np.testing.assert_allclose(general.gradient(z, softmax(z), y, gamma), expected, rtol=1e-10, atol=1e-13)
