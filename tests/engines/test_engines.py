"""The numpy engine trains as the reference does in every combination, and engines are chosen explicitly.

What every engine promises is in the kit, nnframe/testing/engine_checks.py, which tests/testing/test_kit.py runs.
"""

import copy
from itertools import product

import numpy as np
import pytest

from nnframe import (
    Activation,
    Engine,
    EngineError,
    Loss,
    PluginError,
    UnknownNameError,
    denseLayer,
    nNet,
    pairs,
    registry,
)
from nnframe.engines.reference import reference
from nnframe.registry.engine_binding import bind_run
from nnframe.training.prepare import prepare
from nnframe.training.settings import Settings

ENGINES = ["numpy"]
ACTIVATIONS = [None, "relu", "sigmoid", "tanh", "softmax"]
N = 11

# Without in-place or fused forms, and with parameters: the way that most plugins take.
plain = Activation("plain", lambda z, k: np.tanh(k * z), lambda z, k: k / np.cosh(k * z) ** 2, params={"k": 0.7})
mixing = Activation(
    "mixing",
    lambda z: z - z.mean(axis=0),
    backward=lambda grad, z, a: grad - grad.mean(axis=0),
)
absolute = Loss("absolute", lambda a, y: np.abs(a - y).sum(axis=0), lambda a, y: np.sign(a - y))


def make_task(middle, last, dtype):
    rng = np.random.default_rng(0)
    net = nNet.from_sizes([4, 6, 5, 3], ["tanh", middle, last], seed=1, dtype=dtype)
    for layer in net.layersList:
        layer.bias = rng.normal(size=layer.bias.shape)
    return net, pairs(rng.normal(size=(N, 4)).astype(dtype), rng.dirichlet(np.ones(3), size=N).astype(dtype))


def weights_of(net):
    return [array.copy() for layer in net.layersList for array in (layer.linear, layer.bias)]


def assert_same_weights(one, other, tolerance):
    for mine, yours in zip(weights_of(one), weights_of(other), strict=True):
        np.testing.assert_allclose(mine, yours, rtol=tolerance, atol=tolerance)


# Outputs that need not sum to 1 are legal before cel, with a warning.
@pytest.mark.filterwarnings("ignore:the loss 'cel' takes")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch_size", [1, 4, N, 1000])
@pytest.mark.parametrize(
    ("last", "loss"),
    # cel is a loss of probabilities.
    [pair for pair in product(["softmax", "sigmoid", plain], ["mse", "cel", absolute]) if pair != (plain, "cel")],
    ids=str,
)
@pytest.mark.parametrize("middle", [*ACTIVATIONS, plain, mixing], ids=str)
@pytest.mark.parametrize("engine", ENGINES)
def test_weights_and_losses_equal_the_references(engine, middle, last, loss, batch_size, dtype):
    mine, data = make_task(middle, last, dtype)
    reference = copy.deepcopy(mine)
    history = mine.nEpochs(3, data, loss, 0.05, batch_size, engine=engine)
    expected = reference.nEpochs(3, data, loss, 0.05, batch_size, engine="reference")
    tolerance = 1e-4 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(history.loss, expected.loss, rtol=tolerance)
    assert_same_weights(mine, reference, tolerance)


@pytest.mark.parametrize("engine", ENGINES)
def test_all_losses_count_when_there_are_more_batches_than_are_evaluated_at_once(engine):
    rng = np.random.default_rng(0)
    data = pairs(rng.normal(size=(1000, 2)), rng.normal(size=(1000, 1)))
    losses = [
        nNet.from_sizes([2, 3, 1], ["tanh", None]).nEpochs(2, data, "mse", 0.01, 3, engine=each).loss
        for each in (engine, "reference")
    ]
    np.testing.assert_allclose(*losses, rtol=1e-12)


@pytest.mark.parametrize("part", ["forward_inplace", "backward_inplace"])
def test_an_in_place_form_that_fails_is_blamed(part):
    forms = {"forward_inplace": lambda z: None, "backward_inplace": lambda grad, a: None}
    activation = Activation("flaky", lambda z: z, np.ones_like, **forms | {part: lambda *arrays: 1 / 0})
    net, data = make_task(activation, "softmax", np.float64)
    with pytest.raises(PluginError, match=f"'flaky', {part}: raised ZeroDivisionError"):
        net.backprop(data, "cel", 0.1, engine="numpy")


@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "softmax"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_columns", [1, 40])
def test_the_in_place_forms_of_the_built_ins_equal_the_plain_ones(name, dtype, n_columns):
    activation = registry.get("activation", name)
    rng = np.random.default_rng(0)
    z, grad = (rng.normal(scale=scale, size=(5, n_columns)).astype(dtype) for scale in (20, 1))
    # Where all are smaller, softmax takes another way, as below.
    z[0, 0] = 70
    layer = denseLayer(np.eye(5, dtype=dtype), 0, name).for_engine().activation
    a = layer.forward(z)
    expected = layer.backward(grad, z, a)
    activation.forward_inplace(z)
    activation.backward_inplace(grad, z)
    np.testing.assert_array_equal(z, a)
    np.testing.assert_allclose(grad, expected, rtol=0, atol=8 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_columns", [1, 40])
@pytest.mark.parametrize("scale", [1, 12])
def test_softmax_in_place_is_as_exact_as_its_exponentials(dtype, n_columns, scale):
    z = np.random.default_rng(0).normal(scale=scale, size=(5, n_columns)).astype(dtype)
    assert np.abs(z).max() < 60
    assert n_columns > 1 or abs(z.max()) < 20
    exact = np.exp(z.astype(np.longdouble))
    exact /= exact.sum(axis=0)
    registry.get("activation", "softmax").forward_inplace(z)
    np.testing.assert_allclose(z, exact, rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("largest", [-1e4, -88.0, 0.0, 88.0, 1e4, 3e38])
@pytest.mark.parametrize("n_columns", [1, 2])
def test_softmax_in_place_never_overflows(largest, n_columns):
    z = np.array([[largest, 0], [largest, 0]], np.float32)[:, :n_columns].copy()
    with np.errstate(all="raise"):
        registry.get("activation", "softmax").forward_inplace(z)
    np.testing.assert_array_equal(z, np.full((2, n_columns), 0.5))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("n_columns", [1, 2])
def test_softmax_in_place_turns_a_column_with_an_infinite_number_into_nan(bad, n_columns):
    z = np.array([[bad, 0], [0, 0]], np.float32)[:, :n_columns].copy()
    with np.errstate(invalid="ignore"):
        registry.get("activation", "softmax").forward_inplace(z)
    np.testing.assert_array_equal(z, np.array([[np.nan, 0.5], [np.nan, 0.5]])[:, :n_columns])


def test_softmax_in_place_keeps_small_probabilities_of_columns_far_below_0():
    z = np.array([[-60.0], [-100.0]], np.float32)
    registry.get("activation", "softmax").forward_inplace(z)
    np.testing.assert_allclose(z[1, 0], np.exp(-40.0), rtol=1e-5)


# Choosing an engine


def run_nothing(task):
    return lambda epoch: 42.0 * N


def test_an_engine_can_be_an_object_or_a_registered_name():
    net, data = make_task("relu", "softmax", np.float64)
    mine = Engine("mine", run_nothing)
    assert net.backprop(data, "cel", 0.1, engine=mine) == 42
    with registry.temporarily(mine):
        assert net.nEpochs(2, data, "cel", 0.1, engine="Mine").loss == [42, 42]


def test_installing_an_engine_changes_nothing_by_itself():
    net, data = make_task("relu", "softmax", np.float64)
    with registry.temporarily(Engine("mine", run_nothing)):
        assert net.backprop(data, "cel", 0.1) != 42


def test_an_unknown_engine_in_the_environment_is_blamed_on_the_variable(monkeypatch):
    monkeypatch.setenv("NNFRAME_ENGINE", "steam")
    with pytest.raises(UnknownNameError, match="environment variable NNFRAME_ENGINE is 'steam': There is no engine"):
        nNet.from_sizes([1, 1], [None]).nEpochs(1, [([[0.0]], [[1.0]])], "mse", 0.1)


def test_the_environment_chooses_the_engine_by_default(monkeypatch):
    net, data = make_task("relu", "softmax", np.float64)
    monkeypatch.setenv("NNFRAME_ENGINE", "mine")
    with registry.temporarily(Engine("mine", run_nothing)):
        assert net.backprop(data, "cel", 0.1) == 42
        assert net.backprop(data, "cel", 0.1, engine="numpy") != 42
    with pytest.raises(UnknownNameError, match="There is no engine 'mine'"):
        net.backprop(data, "cel", 0.1)


def test_an_engine_may_refuse_and_nothing_is_trained():
    def prepare(task):
        raise EngineError("this engine has no tanh; take engine='numpy'")

    net, data = make_task("relu", "softmax", np.float64)
    before = weights_of(net)
    with pytest.raises(EngineError, match="no tanh"):
        net.backprop(data, "cel", 0.1, engine=Engine("mine", prepare))
    for now, then in zip(weights_of(net), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda task: 1 / 0, "engine 'mine', prepare: raised ZeroDivisionError"),
        (lambda task: lambda epoch: 1 / 0, "engine 'mine', epoch: raised ZeroDivisionError"),
        (
            lambda task: lambda epoch: "fast",
            "engine 'mine', epoch: returned 'fast', of type str; .* the sum of the losses",
        ),
    ],
)
def test_an_engine_that_fails_is_blamed(prepare, sentence):
    net, data = make_task("relu", "softmax", np.float64)
    with pytest.raises(PluginError, match=sentence):
        net.backprop(data, "cel", 0.1, engine=Engine("mine", prepare))


def test_an_engine_gets_its_parameters():
    engine = Engine("mine", lambda task, factor: lambda epoch: factor * N, params={"factor": 1.0})
    net, data = make_task("relu", "softmax", np.float64)
    with registry.temporarily(engine):
        assert net.backprop(data, "cel", 0.1, engine="mine(factor=3)") == 3


class Closing:
    """A run of an engine that is told about its end."""

    def __init__(self, task):
        self.run, self.endings = reference.prepare(task), []
        runs.append(self)

    def __call__(self, epoch):
        return self.run(epoch)

    def close(self, error):
        self.endings.append(error)


runs = []
closing = Engine("closing", Closing)


def test_an_engine_is_told_that_a_run_has_ended():
    net, data = make_task("relu", "softmax", np.float64)
    net.nEpochs(2, data, "cel", 0.1, engine=closing)
    assert runs.pop().endings == [None]


def test_an_engine_is_told_what_ended_a_run():
    def fail(run):
        raise ValueError

    net, data = make_task("relu", "softmax", np.float64)
    with pytest.raises(PluginError) as caught:
        net.nEpochs(2, data, "cel", 0.1, engine=closing, callbacks=[fail])
    assert runs.pop().endings == [caught.value]


def test_an_engine_that_cannot_combine_says_which_can():
    net, data = make_task("relu", "softmax", np.float64)
    run = prepare(net, data, Settings.of(loss="cel", learning_rate=0.1, engine=closing))
    with pytest.raises(EngineError, match=r"the engine closing can't combine .* use numpy"):
        bind_run(closing, run.task._replace(combine=lambda gradient, loss_sum: loss_sum))
