"""The numpy engine's first layer with weights and bias in one matrix: the same training as the reference engine's."""

import numpy as np
import pytest

from nnframe import Loss, PluginError, TrainingTask, hookimpl, nNet, pairs
from nnframe.engines.fast.joined_first import joins_first
from nnframe.training.prepare import bind_net
from nnframe.training.settings import Settings

RNG = np.random.default_rng(0)
DATA = pairs(RNG.normal(size=(49, 5)), RNG.dirichlet(np.ones(3), size=49))
ADAM = "adam(learning_rate=0.01)"
CASES = {
    "adam": {"optimizer": ADAM},
    "momentum": {"optimizer": "sgd(momentum=0.9, learning_rate=0.01)"},
    "in the order of the data": {"optimizer": ADAM, "shuffle": False},
    "penalties": {"optimizer": "rmsprop(learning_rate=0.01)", "l1": 0.01, "l2": 0.1},
    "clipping": {"optimizer": ADAM, "clip_norm": 0.01, "clip_value": 0.05, "l2": 0.1},
    "dropout": {"optimizer": ADAM, "dropout": 0.3},
    "a frozen first layer": {"optimizer": ADAM, "layer_rates": [0.0, 1.0, 0.5]},
    "weights of samples": {"optimizer": ADAM, "sample_weights": RNG.uniform(size=49)},
    "held-out rows": {"optimizer": ADAM, "validation": 0.2},
}


def make_net(dtype=np.float64):
    return nNet.from_sizes([5, 7, 4, 3], ["relu", "tanh", "softmax"], seed=1, dtype=dtype)


def arrays_of(net):
    return [array for layer in net.layersList for array in (layer.linear, layer.bias)]


def trained(engine, batch_size=16, data=DATA, **settings):
    net = make_net(data.X.dtype)
    history = net.nEpochs(3, data, "cel", None, batch_size, seed=2, engine=engine, **{"shuffle": True, **settings})
    return arrays_of(net), history.loss


def task_of(net, batch_size, data=DATA, **settings):
    bound = bind_net(net, Settings.of(**{"loss": "cel", "learning_rate": None, **settings}))
    return TrainingTask(bound.layers, bound.objective, data, batch_size, bound.rule)


def test_nets_that_an_optimizer_trains_in_batches_have_it():
    assert joins_first(task_of(make_net(), 16, optimizer=ADAM), 16)
    assert not joins_first(task_of(make_net(), 16, learning_rate=0.1), 16)
    assert not joins_first(task_of(make_net(), 4, optimizer=ADAM), 4)
    assert not joins_first(task_of(make_net(np.float32), 16, optimizer=ADAM), 16)


@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
@pytest.mark.parametrize("batch_size", [16, 20, 49])
def test_weights_and_losses_equal_the_references(settings, batch_size):
    mine, losses = trained("numpy", batch_size, **settings)
    theirs, expected = trained("reference", batch_size, **settings)
    np.testing.assert_allclose(losses, expected, rtol=1e-10)
    for array, other in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(array, other, rtol=1e-8, atol=1e-10)


def test_float32_stays_float32():
    data = pairs(DATA.X.astype(np.float32), DATA.Y.astype(np.float32))
    mine, _ = trained("numpy", data=data, optimizer=ADAM)
    theirs, _ = trained("reference", data=data, optimizer=ADAM)
    for array, other in zip(mine, theirs, strict=True):
        assert array.dtype == np.float32
        np.testing.assert_allclose(array, other, rtol=1e-3, atol=1e-5)


def test_callbacks_see_the_weights_after_each_batch():
    class Keep:
        def __init__(self):
            self.seen = []

        @hookimpl
        def nnframe_batch_end(self, run):
            self.seen.append([array.copy() for array in run.weights])

    keep, others = Keep(), Keep()
    at_once, _ = trained("numpy", optimizer=ADAM)
    in_parts, _ = trained("numpy", optimizer=ADAM, callbacks=[keep])
    trained("reference", optimizer=ADAM, callbacks=[others])
    for array, other in zip(at_once, in_parts, strict=True):
        np.testing.assert_array_equal(array, other)
    for mine, theirs in zip(keep.seen, others.seen, strict=True):
        for array, other in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(array, other, rtol=1e-8, atol=1e-10)


def test_an_error_leaves_the_weights_and_the_state_after_the_last_whole_batch():
    calls = []

    def fail_in_the_third(a, y):
        calls.append(None)
        if len(calls) > 2:
            raise RuntimeError
        return a - y

    net, expected = make_net(), make_net()
    loss = Loss("fails", lambda a, y: ((a - y) ** 2).sum(axis=0) / 2, fail_in_the_third)
    right = Loss("right", lambda a, y: ((a - y) ** 2).sum(axis=0) / 2, lambda a, y: a - y)
    with pytest.raises(PluginError):
        net.nEpochs(1, DATA, loss, None, 16, optimizer=ADAM, engine="numpy")
    expected.nEpochs(1, DATA[:32], right, None, 16, optimizer=ADAM, engine="reference")
    for array, other in zip(arrays_of(net), arrays_of(expected), strict=True):
        np.testing.assert_allclose(array, other, rtol=1e-8, atol=1e-10)


def test_data_that_changes_between_epochs_is_read_anew():
    class Change:
        def __init__(self, X):
            self.X = X

        @hookimpl
        def nnframe_epoch_end(self, run):
            self.X *= -1

    found = []
    for engine in ("numpy", "reference"):
        X, net = np.array(DATA.X), make_net()
        net.nEpochs(3, pairs(X, DATA.Y), "cel", None, 16, optimizer=ADAM, engine=engine, callbacks=[Change(X)])
        found.append(arrays_of(net))
    for array, other in zip(*found, strict=True):
        np.testing.assert_allclose(array, other, rtol=1e-8, atol=1e-10)
