"""What is special about the numpy engine: its shortcuts, its memory, its updates in one call."""

import _thread
import copy
import sys
import tracemalloc

import numpy as np
import pytest

from nnframe import Loss, PluginError, TrainingTask, nNet, pairs
from nnframe.arrays import copy_all, subtract_all
from nnframe.contracts.engine import Epoch
from nnframe.engines.fast import descent, rank_one
from nnframe.engines.fast.numpy_engine import prepare
from nnframe.training.prepare import bind_net
from nnframe.training.settings import Settings

MIB = 2**20


@pytest.fixture(params=["in one vector", "in the layers", "without some gradients"])
def _every_place(request, monkeypatch):
    """Let small nets be trained as they always are, and as large ones are."""
    if request.param != "in one vector":
        monkeypatch.setattr(descent, "FEW_PARAMETERS", 0)
    # Two of the three layers have as many weights.
    monkeypatch.setattr(rank_one, "FEWEST_WEIGHTS", 20 if request.param == "without some gradients" else 2**30)


def make_net(dtype=np.float64):
    return nNet.from_sizes([4, 6, 5, 3], ["tanh", "relu", "softmax"], seed=1, dtype=dtype)


def make_data(n=11):
    rng = np.random.default_rng(0)
    return pairs(rng.normal(size=(n, 4)), rng.dirichlet(np.ones(3), size=n))


def task_for(net, data, batch_size, loss="cel"):
    bound = bind_net(net, Settings.of(loss=loss, learning_rate=0.1))
    return TrainingTask(bound.layers, bound.objective, data, batch_size, bound.rule)


def weights_of(net):
    return [array for layer in net.layersList for array in (layer.linear, layer.bias)]


def assert_same_weights(one, other, tolerance=1e-12):
    for mine, yours in zip(weights_of(one), weights_of(other), strict=True):
        np.testing.assert_allclose(mine, yours, rtol=tolerance, atol=tolerance)


@pytest.mark.usefixtures("_every_place")
@pytest.mark.parametrize("batch_size", [1, 4, 11])
def test_weights_equal_the_references_wherever_they_are_stored(batch_size):
    mine, reference = make_net(), make_net()
    mine.nEpochs(3, make_data(), "cel", 0.05, batch_size, engine="numpy")
    reference.nEpochs(3, make_data(), "cel", 0.05, batch_size, engine="reference")
    assert_same_weights(mine, reference)


@pytest.mark.usefixtures("_every_place")
def test_training_changes_the_arrays_that_a_user_holds():
    net = make_net()
    held = weights_of(net)
    before = [array.copy() for array in held]
    net.backprop(make_data(), "cel", 0.05, engine="numpy")
    for array, now, then in zip(held, weights_of(net), before, strict=True):
        assert array is now
        assert not np.array_equal(array, then)


@pytest.mark.usefixtures("_every_place")
def test_an_epoch_starts_from_weights_that_changed_after_the_last():
    mine, data = make_net(), make_data()
    other = copy.deepcopy(mine)
    run = prepare(task_for(mine, data, 4))
    epoch = Epoch(np.full(3, 0.05), None)
    run(epoch)
    mine.layersList[0].linear[...] = 0.5
    run(epoch)
    other.backprop(data, "cel", 0.05, 4, engine="reference")
    other.layersList[0].linear[...] = 0.5
    other.backprop(data, "cel", 0.05, 4, engine="reference")
    assert_same_weights(mine, other)


@pytest.mark.usefixtures("_every_place")
@pytest.mark.parametrize("stop", [lambda: 1 / 0, _thread.interrupt_main], ids=["failure", "interrupt"])
def test_however_an_epoch_ends_the_weights_are_those_of_the_last_whole_batch(stop):
    calls = []

    def gradient(a, y):
        calls.append(len(calls))
        if len(calls) == 3:
            stop()
        return 2 * (a - y)

    loss = Loss("mine", lambda a, y: ((a - y) ** 2).sum(axis=0), gradient)
    net, expected = make_net(), make_net()
    with pytest.raises((PluginError, KeyboardInterrupt)):
        net.backprop(make_data(), loss, 0.1, 4, engine="numpy")
    expected.backprop(make_data()[:8], loss, 0.1, 4, engine="numpy")
    assert_same_weights(net, expected, 0)


@pytest.mark.parametrize("update", [subtract_all, copy_all])
def test_no_python_code_runs_in_the_middle_of_an_update(update):
    # An interrupt is raised between two instructions of Python, so where there are none it has to wait.
    arrays, others = ([np.ones(3) for _ in range(4)] for _ in range(2))
    called = []
    sys.setprofile(lambda frame, event, argument: called.append(frame.f_code.co_name) if event == "call" else None)
    try:
        update(arrays, others)
    finally:
        sys.setprofile(None)
    assert called == [update.__name__]


def test_an_epoch_in_two_parts_equals_the_whole():
    whole, parts = make_net(), make_net()
    rates = np.array([0.1, 0.05, 0.02])
    prepare(task_for(whole, make_data(), 4))(Epoch(rates, None))
    run = prepare(task_for(parts, make_data(), 4))
    run(Epoch(rates[:1], None))
    run(Epoch(rates[1:], None, first_batch=1))
    assert_same_weights(whole, parts, 0)


# Memory


def peak_bytes(function):
    """Return how much more memory than before is in use at the worst moment of a call."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("hidden", ["relu", "sigmoid", "tanh"])
def test_memory_besides_data_weights_and_gradients_is_at_most_four_times_the_activations_of_a_batch(hidden):
    batch_size, sizes = 2048, [32, 256, 256, 10]
    rng = np.random.default_rng(0)
    data = pairs(
        rng.normal(size=(4 * batch_size, 32)).astype(np.float32),
        np.eye(10, dtype=np.float32)[rng.integers(10, size=4 * batch_size)],
    )
    net = nNet.from_sizes(sizes, [hidden, "softmax"], dtype=np.float32)
    task = task_for(net, data, batch_size)
    epoch = Epoch(np.full(4, 0.01), None)
    # The first run also imports and caches, which doesn't count here.
    prepare(task)(epoch)
    peak = peak_bytes(lambda: prepare(task)(epoch))
    gradients = sum(array.nbytes for array in weights_of(net))
    activations = batch_size * sum(sizes[1:]) * 4
    assert peak - gradients <= 4 * activations
    assert activations > 4 * MIB


def test_the_data_is_not_copied():
    rng = np.random.default_rng(0)
    data = pairs(rng.normal(size=(200_000, 8)), rng.normal(size=(200_000, 1)))
    net = nNet.from_sizes([8, 4, 1], ["tanh", None])
    task = task_for(net, data, 1000, "mse")
    epoch = Epoch(np.full(200, 0.01), None)
    prepare(task)(epoch)
    assert peak_bytes(lambda: prepare(task)(epoch)) < data.X.nbytes / 10


def test_a_run_of_more_epochs_takes_no_more_memory():
    rng = np.random.default_rng(0)
    data = pairs(rng.normal(size=(512, 64)), rng.normal(size=(512, 3)))
    net = nNet.from_sizes([64, 128, 3], ["tanh", None])
    task = task_for(net, data, 128, "mse")
    epoch = Epoch(np.full(4, 0.01), None)
    prepare(task)(epoch)

    def train(epochs):
        run = prepare(task)
        for _ in range(epochs):
            run(epoch)

    # The least of several, for Python's own small objects come and go by the kilobyte; what stays is in all of them.
    few, many = (min(peak_bytes(lambda epochs=epochs: train(epochs)) for _ in range(5)) for epochs in (2, 8))
    assert many <= few + 1000
