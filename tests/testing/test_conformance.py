"""The public API, row by row, with values worked out by hand."""

import inspect
import math

import numpy as np
import pytest

from nnframe import denseLayer, nNet, pairs

W = np.array([[1.0, -2.0], [3.0, 4.0], [0.0, 1.0]])
B = np.array([[0.5], [-1.0], [2.0]])
V = np.array([[2.0], [1.0]])
Z = np.array([[0.5], [9.0], [3.0]])
# An optimizer may stand in for the learning rate.
RATE_OR_OPTIMIZER = {"learning_rate": None, "batch_size": 1}


@pytest.mark.parametrize(
    ("function", "names", "defaults"),
    [
        (denseLayer, ["linear", "bias", "activation"], {"bias": 0, "activation": None}),
        (denseLayer.linearPass, ["self", "v", "addBias"], {"addBias": True}),
        (denseLayer.forwardPass, ["self", "v"], {}),
        (denseLayer.activationDerDiag, ["self", "v"], {}),
        (nNet, ["layersList"], {}),
        (nNet.forwardPass, ["self", "v", "return_all_steps"], {"return_all_steps": True}),
        (nNet.backprop, ["self", "data", "loss", "learning_rate", "batch_size"], RATE_OR_OPTIMIZER),
        (nNet.nEpochs, ["self", "n", "data", "loss", "learning_rate", "batch_size"], RATE_OR_OPTIMIZER),
    ],
)
def test_arguments_have_their_names_order_and_defaults(function, names, defaults):
    # What is new may only be given by keyword.
    parameters = [p for p in inspect.signature(function).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert [p.name for p in parameters] == names
    assert {p.name: p.default for p in parameters if p.default is not p.empty} == defaults


def test_a_layer_has_linear_bias_and_activation():
    layer = denseLayer(W, B, "relu")
    np.testing.assert_array_equal(layer.linear, W)
    np.testing.assert_array_equal(layer.bias, B)
    assert layer.activation == "relu"


def test_a_bias_of_zero_becomes_a_zero_column():
    np.testing.assert_array_equal(denseLayer(W).bias, [[0.0], [0.0], [0.0]])


def test_no_activation_is_none():
    assert denseLayer(W).activation is None


def test_linear_pass_adds_the_bias():
    np.testing.assert_array_equal(denseLayer(W, B).linearPass(V), Z)


def test_linear_pass_without_bias_is_the_product_alone():
    np.testing.assert_array_equal(denseLayer(W, B).linearPass(V, addBias=False), [[0.0], [10.0], [1.0]])
    np.testing.assert_array_equal(denseLayer(W, B).linearPass(V, False), [[0.0], [10.0], [1.0]])


@pytest.mark.parametrize(
    ("activation", "function"),
    [
        (None, lambda z: z),
        ("relu", lambda z: max(z, 0.0)),
        ("sigmoid", lambda z: 1 / (1 + math.exp(-z))),
        ("tanh", math.tanh),
    ],
)
def test_forward_pass_applies_the_activation_to_each_component(activation, function):
    result = denseLayer(-W, B, activation).forwardPass(V)
    expected = [[function(z)] for z in (0.5, -11.0, 1.0)]
    np.testing.assert_allclose(result, expected, rtol=1e-14)


def test_forward_pass_with_softmax_gives_probabilities():
    e = [math.exp(z) for z in (0.5, 9.0, 3.0)]
    result = denseLayer(W, B, "softmax").forwardPass(V)
    np.testing.assert_allclose(result, [[x / sum(e)] for x in e], rtol=1e-14)


@pytest.mark.parametrize("name", ["relu", "RELU", "reLU", "ReLu"])
def test_the_case_of_an_activation_name_does_not_matter(name):
    assert denseLayer([[1.0]], 0, name).forwardPass([[-3.0]]).item() == 0


@pytest.mark.parametrize(
    ("activation", "derivative"),
    [
        (None, lambda z: 1.0),
        ("relu", lambda z: float(z > 0)),
        ("sigmoid", lambda z: math.exp(-z) / (1 + math.exp(-z)) ** 2),
        ("tanh", lambda z: 1 / math.cosh(z) ** 2),
        ("softmax", lambda z: 1.0),
    ],
)
def test_activation_der_diag_of_a_column_is_one_dimensional(activation, derivative):
    z = [-1.5, 0.25, 3.0]
    diagonal = denseLayer(W, B, activation).activationDerDiag(np.array([z]).T)
    assert diagonal.shape == (3,)
    np.testing.assert_allclose(diagonal, [derivative(each) for each in z], rtol=1e-13)


def test_activation_der_diag_of_a_matrix_has_its_shape():
    z = np.array([[-1.0, 2.0], [3.0, -4.0], [5.0, 6.0]])
    np.testing.assert_array_equal(denseLayer(W, B, "relu").activationDerDiag(z), [[0, 1], [1, 0], [1, 1]])


def test_a_net_has_its_layers_in_a_list():
    first, second = denseLayer(W, B), denseLayer(W.T)
    assert nNet([first, second]).layersList == [first, second]


def test_forward_pass_of_a_net_returns_the_input_and_each_output():
    steps = nNet([denseLayer(W, B, "relu"), denseLayer([[1.0, 1.0, -1.0]], 1)]).forwardPass(V)
    assert len(steps) == 3
    np.testing.assert_array_equal(steps[0], V)
    np.testing.assert_array_equal(steps[1], Z)
    np.testing.assert_array_equal(steps[2], [[7.5]])


def test_forward_pass_of_a_net_returns_the_last_output_alone_when_asked():
    net = nNet([denseLayer(W, B, "relu"), denseLayer([[1.0, 1.0, -1.0]], 1)])
    np.testing.assert_array_equal(net.forwardPass(V, return_all_steps=False), [[7.5]])


def test_a_matrix_is_taken_as_columns_side_by_side():
    layer, matrix = denseLayer(W, B, "tanh"), np.array([[2.0, 0.0, -1.0], [1.0, 0.5, 0.0]])
    columns = [layer.forwardPass(matrix[:, [i]]) for i in range(3)]
    np.testing.assert_allclose(layer.forwardPass(matrix), np.hstack(columns), rtol=1e-15)


def test_backprop_updates_after_each_sample_in_the_order_given():
    # w = 0: the first error is 0 - 2, so w becomes 0 + 0.1 * 2 * 2 * 1 = 0.4; the second is 0.4 * 3 - 0 = 1.2,
    # so w becomes 0.4 - 0.1 * 2 * 1.2 * 3 = -0.32. The bias goes 0.4, then 0.4 - 0.1 * 2 * (1.2 + 0.4) and so on.
    net = nNet([denseLayer([[0.0]])])
    net.backprop([([[1.0]], [[2.0]]), ([[3.0]], [[0.0]])], "mse", 0.1)
    w1, b1 = 0.4, 0.4
    error = w1 * 3 + b1
    assert net.layersList[0].linear.item() == pytest.approx(w1 - 0.1 * 2 * error * 3)
    assert net.layersList[0].bias.item() == pytest.approx(b1 - 0.1 * 2 * error)


def test_a_batch_takes_the_mean_gradient():
    # At w = b = 0 the errors are -2 and 0, the gradients of w 2 * -2 * 1 and 0.
    net = nNet([denseLayer([[0.0]])])
    net.backprop([([[1.0]], [[2.0]]), ([[3.0]], [[0.0]])], "mse", 0.1, batch_size=2)
    assert net.layersList[0].linear.item() == pytest.approx(0.1 * 4 / 2)
    assert net.layersList[0].bias.item() == pytest.approx(0.1 * 4 / 2)


def test_a_last_smaller_batch_counts_fully():
    data = [([[1.0]], [[1.0]])] * 3
    net = nNet([denseLayer([[0.0]])])
    net.backprop(data, "mse", 0.25, batch_size=2)
    # Gradient 2 (w + b - 1): w = b = 0.5 after the first batch, where the error is 0 and stays so.
    assert net.layersList[0].linear.item() == pytest.approx(0.5)
    single = nNet([denseLayer([[0.0]])])
    single.backprop(data[:1], "mse", 0.1, batch_size=2)
    assert single.layersList[0].linear.item() == pytest.approx(0.2)


def test_n_epochs_is_backprop_n_times():
    data = [([[1.0], [2.0]], [[1.0]]), ([[0.5], [-1.0]], [[0.0]])]
    once, thrice = (nNet([denseLayer([[0.1, 0.2]], 0, "sigmoid")]) for _ in range(2))
    losses = [once.backprop(data, "mse", 0.3) for _ in range(3)]
    history = thrice.nEpochs(3, data, "mse", 0.3)
    assert history.loss == losses
    np.testing.assert_array_equal(once.layersList[0].linear, thrice.layersList[0].linear)


def test_the_history_has_the_mean_loss_of_each_epoch():
    # With a learning rate of 0 nothing moves: errors 2 and 0, squares 4 and 0, mean 2.
    history = nNet([denseLayer([[0.0]])]).nEpochs(2, [([[1.0]], [[2.0]]), ([[3.0]], [[0.0]])], "mse", 0.0)
    assert history.loss == [2.0, 2.0]


def test_least_squares_through_two_points_finds_the_line():
    net = nNet([denseLayer([[0.0]])])
    net.nEpochs(500, [([[0.0]], [[1.0]]), ([[1.0]], [[2.0]])], "mse", 0.2)
    assert net.layersList[0].linear.item() == pytest.approx(1, abs=1e-9)
    assert net.layersList[0].bias.item() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_float_types_stay_as_they_are(dtype):
    net = nNet([denseLayer(W.astype(dtype), B.astype(dtype), "tanh"), denseLayer(np.ones((1, 3), dtype), 0, "sigmoid")])
    net.backprop([(V.astype(dtype), np.ones((1, 1), dtype))], "mse", np.float64(0.1))
    assert {step.dtype for step in net.forwardPass(V.astype(dtype))} == {np.dtype(dtype)}
    assert {layer.linear.dtype for layer in net.layersList} == {np.dtype(dtype)}
    assert {layer.bias.dtype for layer in net.layersList} == {np.dtype(dtype)}


def test_integers_become_float64():
    layer = denseLayer([[1, 2]], 3)
    assert layer.linear.dtype == layer.bias.dtype == np.float64
    assert layer.forwardPass(np.array([[1], [1]])).dtype == np.float64


@pytest.mark.filterwarnings("ignore:the loss .cel. takes")
def test_nothing_that_was_passed_in_is_modified():
    W0, B0, x, y = W.copy(), B.copy(), V.copy(), np.ones((3, 1))
    net = nNet([denseLayer(W0, B0, "sigmoid")])
    net.backprop([(x, y)], "cel", 0.5)
    net.layersList[0].activationDerDiag(y)
    for now, before in ((W0, W), (B0, B), (x, V), (y, np.ones((3, 1)))):
        np.testing.assert_array_equal(now, before)


def test_training_updates_the_live_arrays_in_place():
    net = nNet([denseLayer(W, B, "tanh")])
    linear, bias = net.layersList[0].linear, net.layersList[0].bias
    net.backprop([(V, np.ones((3, 1)))], "mse", 0.5)
    assert net.layersList[0].linear is linear
    assert net.layersList[0].bias is bias
    assert not np.array_equal(linear, W)
    assert not np.array_equal(bias, B)


def test_pairs_is_a_sequence_of_columns_over_rows():
    data = pairs(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0], [6.0]]))
    x, y = data[1]
    assert len(data) == 2
    np.testing.assert_array_equal(x, [[3.0], [4.0]])
    np.testing.assert_array_equal(y, [[6.0]])
