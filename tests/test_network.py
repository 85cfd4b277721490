"""Nets beyond the seed: building, repr, errors."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from nnframe import (
    Activation,
    ArgumentError,
    ArgumentTypeError,
    DataError,
    Loss,
    NNFrameError,
    PluginError,
    ShapeError,
    UnknownNameError,
    denseLayer,
    nNet,
    pairs,
)


@pytest.fixture
def net():
    return nNet.from_sizes([2, 3, 1], ["tanh", "sigmoid"])


XOR = [([[0], [0]], [[0]]), ([[0], [1]], [[1]]), ([[1], [0]], [[1]]), ([[1], [1]], [[0]])]


def weights_of(net):
    return [array.copy() for layer in net.layersList for array in (layer.linear, layer.bias)]


def test_from_sizes_makes_a_layer_between_each_two_sizes():
    net = nNet.from_sizes([4, 3, 2])
    assert [layer.linear.shape for layer in net.layersList] == [(3, 4), (2, 3)]
    assert all(not layer.bias.any() for layer in net.layersList)


def test_two_activations_are_for_the_hidden_layers_and_the_last():
    net = nNet.from_sizes([4, 3, 3, 3, 2], ["relu", "softmax"])
    assert [layer.activation for layer in net.layersList] == ["relu", "relu", "relu", "softmax"]


def test_activations_may_be_given_for_each_layer():
    net = nNet.from_sizes([4, 3, 3, 2], ["relu", None, "softmax"])
    assert [layer.activation for layer in net.layersList] == ["relu", None, "softmax"]


def test_a_net_without_hidden_layers_takes_the_last_of_two_activations():
    assert nNet.from_sizes([4, 2], ["relu", "softmax"]).layersList[0].activation == "softmax"


def test_the_same_seed_gives_the_same_weights():
    nets = nNet.from_sizes([4, 3, 2], seed=7), nNet.from_sizes([4, 3, 2], seed=7)
    for one, other in zip(*map(weights_of, nets), strict=True):
        np.testing.assert_array_equal(one, other)


def test_another_seed_draws_other_weights():
    one, other = nNet.from_sizes([4, 3, 2], seed=7), nNet.from_sizes([4, 3, 2], seed=8)
    assert not np.array_equal(one.layersList[0].linear, other.layersList[0].linear)


def test_float32_weights_are_the_float64_ones_rounded():
    wide, narrow = nNet.from_sizes([4, 3]), nNet.from_sizes([4, 3], dtype="float32")
    assert narrow.dtype == np.float32
    np.testing.assert_array_equal(narrow.layersList[0].linear, wide.layersList[0].linear.astype(np.float32))


def test_weights_that_feed_relu_have_hes_variance():
    linear = nNet.from_sizes([400, 1000], ["relu"]).layersList[0].linear
    assert linear.var() == pytest.approx(2 / 400, rel=0.02)
    assert np.abs(linear).max() > 3 * np.sqrt(2 / 400)  # normal, not uniform


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "softmax", None])
def test_other_weights_have_glorots_variance(activation):
    linear = nNet.from_sizes([400, 1000], [activation]).layersList[0].linear
    assert linear.var() == pytest.approx(2 / 1400, rel=0.02)
    assert np.abs(linear).max() <= np.sqrt(6 / 1400)


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (([3],), ArgumentError, "at least two"),
        ((3,), ArgumentTypeError, "sizes is 3"),
        (([3, 0],), ArgumentError, r"sizes\[1\] is 0"),
        (([3, 2.5],), ArgumentTypeError, r"sizes\[1\] is 2.5"),
        (([3, True],), ArgumentTypeError, r"sizes\[1\] is True"),
        (([3, 2, 1], "relu"), ArgumentTypeError, "activations is 'relu'"),
        (([3, 2, 1], ["relu"]), ArgumentError, "activations has length 1, expected 2"),
        (([3, 2, 1], ["relu", "softmix"]), UnknownNameError, "did you mean 'softmax'"),
        (([3, 2], [None], 0, int), ArgumentTypeError, "dtype is int64"),
        (([3, 2], [None], 0, "nonsense"), ArgumentTypeError, "dtype is 'nonsense'"),
        (([3, 2], [None], -1), ArgumentError, "seed is -1"),
        (([3, 2], [None], "x"), ArgumentTypeError, "seed is 'x'"),
    ],
)
def test_from_sizes_names_the_argument_that_is_wrong(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        nNet.from_sizes(*arguments)


def test_repr_shows_layers_shapes_activations_and_parameter_counts():
    net = nNet([denseLayer(np.ones((32, 64)), 0, "relu"), denseLayer(np.ones((10, 32)))])
    assert repr(net).splitlines() == [
        "nNet of 2 layers, 2410 parameters, float64",
        "  1. 64 -> 32  relu    2080 parameters",
        "  2. 32 -> 10  linear   330 parameters",
    ]


@pytest.mark.parametrize(
    ("layers", "error", "sentence"),
    [
        ([], ArgumentError, "layersList is empty"),
        (denseLayer([[1]]), ArgumentTypeError, "put a single one in brackets"),
        ([denseLayer([[1]]), "relu"], ArgumentTypeError, r"layersList\[1\] is of type str"),
        (
            [denseLayer(np.ones((2, 2))), denseLayer(np.ones((4, 3)))],
            ShapeError,
            r"layersList\[1\].linear has shape \(4, 3\); expected \(4, 2\)",
        ),
        (
            [denseLayer([[1]]), denseLayer(np.ones((1, 1), "float32"))],
            ArgumentTypeError,
            "computes in float32",
        ),
    ],
)
def test_layers_that_do_not_fit_each_other_are_refused(layers, error, sentence):
    with pytest.raises(error, match=sentence):
        nNet(layers)


def test_a_layer_that_is_added_later_is_checked_before_training(net):
    net.layersList.append(denseLayer(np.ones((1, 5))))
    with pytest.raises(ShapeError, match=r"layersList\[2\]"):
        net.backprop(XOR, "mse", 0.1)


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"data": []}, DataError, "data is empty"),
        ({"data": pairs(np.ones((0, 2)), np.ones((0, 1)))}, DataError, "data is empty"),
        ({"data": iter(XOR)}, DataError, "use list"),
        ({"data": None}, DataError, "data is of type NoneType"),
        ({"data": "text"}, DataError, "data is of type str"),
        ({"data": [1, 2]}, DataError, r"data\[0\] is not a pair"),
        ({"data": [*XOR, ([[0], [0]], [0])]}, ShapeError, r"data\[4\]\[1\] has shape \(1,\)"),
        ({"data": [([[0], [0], [0]], [[0]])]}, ShapeError, r"data\[0\]\[0\] has shape \(3, 1\); expected .*\(2, 1\)"),
        ({"data": [(np.ones((2, 3)), np.ones((1, 2)))]}, DataError, "the same number of columns"),
        ({"data": pairs(np.ones((4, 3)), np.ones((4, 1)))}, DataError, r"inputs of \(2, 1\)"),
        ({"loss": "msee"}, UnknownNameError, "no loss 'msee'"),
        ({"loss": None}, ArgumentTypeError, "loss is None"),
        ({"learning_rate": -0.1}, ArgumentError, "learning_rate is -0.1"),
        ({"learning_rate": float("nan")}, ArgumentError, "learning_rate is nan"),
        ({"learning_rate": "fast"}, ArgumentTypeError, "learning_rate is 'fast'"),
        ({"batch_size": 0}, ArgumentError, "batch_size is 0"),
        ({"batch_size": 1.5}, ArgumentTypeError, "batch_size is 1.5"),
        ({"n": -1}, ArgumentError, "n is -1"),
        ({"n": "3"}, ArgumentTypeError, "n is '3'"),
    ],
)
def test_wrong_arguments_are_named_and_nothing_is_trained(net, changes, error, sentence):
    before = weights_of(net)
    arguments = {"n": 2, "data": XOR, "loss": "mse", "learning_rate": 0.1, "batch_size": 1} | changes
    with pytest.raises(error, match=sentence) as caught:
        net.nEpochs(**arguments)
    assert isinstance(caught.value, NNFrameError)
    for now, then in zip(weights_of(net), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_zero_epochs_return_an_empty_history(net):
    assert net.nEpochs(0, XOR, "mse", 0.1).loss == []


def test_forward_pass_refuses_a_flat_array(net):
    with pytest.raises(ShapeError, match=r"v\.reshape\(-1, 1\)"):
        net.forwardPass(np.ones(2))


def test_forward_pass_goes_through_the_layers_one_by_one(net):
    v = np.array([[1.0, -2.0], [0.5, 3.0]])
    middle = net.layersList[0].forwardPass(v)
    last = net.layersList[1].forwardPass(middle)
    for step, expected in zip(net.forwardPass(v), [v, middle, last], strict=True):
        np.testing.assert_array_equal(step, expected)
    np.testing.assert_array_equal(net.forwardPass(v, False), last)


def test_forward_pass_leaves_its_input_alone_and_returns_a_new_array_every_time():
    net = nNet.from_sizes([2, 2, 2], ["relu", None])
    v = np.array([[-1.0], [2.0]])
    steps, again = net.forwardPass(v), net.forwardPass(v, False)
    np.testing.assert_array_equal(v, [[-1], [2]])
    assert not any(np.shares_memory(again, step) for step in steps)
    assert not np.shares_memory(steps[1], steps[2])


def test_forward_pass_reports_a_changed_list_of_layers_that_does_not_fit(net):
    net.layersList.insert(1, denseLayer(np.ones((4, 4))))
    with pytest.raises(ShapeError, match=r"v has shape \(3, 1\); expected a column of shape \(4, 1\)"):
        net.forwardPass(np.ones((2, 1)))


def test_several_threads_can_use_a_net_at_once():
    net = nNet.from_sizes([30, 200, 200, 10], ["sigmoid", "softmax"])
    inputs = [np.random.default_rng(i).normal(size=(30, 50)) for i in range(8)]
    expected = [net.forwardPass(v, False) for v in inputs]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            for result, exact in zip(pool.map(lambda v: net.forwardPass(v, False), inputs), expected, strict=True):
                # Some kernels of a BLAS with several threads round differently from call to call.
                np.testing.assert_allclose(result, exact, rtol=1e-13)


def test_pairs_of_matrices_are_as_many_samples_as_columns(net):
    again, X, Y = copy.deepcopy(net), np.array([[0, 0, 1, 1], [0, 1, 0, 1]]), np.array([[0, 1, 1, 0]])
    net.nEpochs(3, XOR, "mse", 0.5, batch_size=2)
    again.nEpochs(3, [(X[:, :3], Y[:, :3]), (X[:, 3:], Y[:, 3:])], "mse", 0.5, batch_size=2)
    for one, other in zip(weights_of(net), weights_of(again), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_list_and_pairs_train_the_same(net):
    again = copy.deepcopy(net)
    net.nEpochs(3, XOR, "mse", 0.5)
    again.nEpochs(3, pairs([[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]), "mse", 0.5)
    for one, other in zip(weights_of(net), weights_of(again), strict=True):
        np.testing.assert_array_equal(one, other)


def test_xor_is_learned():
    net = nNet.from_sizes([2, 8, 1], ["tanh", "sigmoid"])
    history = net.nEpochs(2000, XOR, "mse", 0.5)
    assert history.loss[-1] < 0.01 < history.loss[0]
    assert [round(net.forwardPass(x, False).item()) for x, _ in XOR] == [0, 1, 1, 0]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_copy_trains_like_the_original_and_independently_of_it(net, copied):
    again = copied(net)
    before = weights_of(net)
    again.nEpochs(2, XOR, "mse", 0.5)
    for now, then in zip(weights_of(net), before, strict=True):
        np.testing.assert_array_equal(now, then)
    net.nEpochs(2, XOR, "mse", 0.5)
    for one, other in zip(weights_of(net), weights_of(again), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_layer_used_twice_gets_both_gradients():
    # f(x) = w (w x) with w = 2: at x = 1, y = 0 the error is 4, and dL/dw = 2 * 4 * 2 w = 32.
    shared = denseLayer([[2.0]])
    nNet([shared, shared]).backprop([([[1.0]], [[0.0]])], "mse", 0.01)
    assert shared.linear.item() == pytest.approx(2 - 0.32)


FORMULAS = {
    "forward": np.tanh,
    "derivative": lambda z: 1 - np.tanh(z) ** 2,
    "value": lambda a, y: ((a - y) ** 2).sum(axis=0),
    "gradient": lambda a, y: 2 * (a - y),
}


def net_and_loss(forward, derivative, value, gradient):
    net = nNet.from_sizes([2, 3, 1], [Activation("flaky", forward, derivative), "sigmoid"])
    return net, Loss("flaky", value, gradient)


def failing_after(calls, function):
    """Return the function, made to raise once it has been called so many times."""
    left = [None] * calls

    def flaky(*arrays):
        if not left:
            raise ZeroDivisionError("the plugin's own fault")
        left.pop()
        return function(*arrays)

    return flaky


@pytest.mark.parametrize("part", FORMULAS)
def test_a_plugin_that_raises_mid_epoch_leaves_the_weights_of_the_last_whole_batch(part):
    expected, loss = net_and_loss(**FORMULAS)
    expected.backprop(XOR[:2], loss, 0.5)
    net, loss = net_and_loss(**FORMULAS | {part: failing_after(2, FORMULAS[part])})
    with pytest.raises(PluginError, match=f"'flaky', {part}: raised ZeroDivisionError") as caught:
        net.backprop(XOR, loss, 0.5)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    for now, then in zip(weights_of(net), weights_of(expected), strict=True):
        np.testing.assert_array_equal(now, then)


def test_predict_takes_and_returns_rows():
    net = nNet.from_sizes([3, 4, 2], ["tanh", "softmax"])
    X = np.arange(12.0).reshape(4, 3)
    np.testing.assert_array_equal(net.predict(X), net.forwardPass(X.T, False).T)


@pytest.mark.parametrize("return_all_steps", [True, False])
def test_a_net_without_layers_is_reported(return_all_steps):
    net = nNet([denseLayer([[1]])])
    net.layersList.clear()
    with pytest.raises(ArgumentError, match="layersList is empty; expected at least one denseLayer"):
        net.forwardPass([[1]], return_all_steps)


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh", "softmax", None])
def test_no_rows_have_no_outputs(activation):
    assert nNet.from_sizes([3, 2], [activation]).predict(np.zeros((0, 3))).shape == (0, 2)


@pytest.mark.parametrize("shape", [(3,), (4, 2)])
def test_predict_refuses_anything_but_rows_of_inputs(shape):
    with pytest.raises(ShapeError, match=r"X has shape .*expected"):
        nNet.from_sizes([3, 4, 2], ["tanh", "softmax"]).predict(np.zeros(shape))
