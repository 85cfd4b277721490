"""Diverging runs are found, reported and rolled back."""

import copy
import pickle
import warnings

import numpy as np
import pytest

import nnframe
from nnframe import Activation, DivergenceError, Loss, nNet, pairs

ENGINES = ["reference", "numpy"]
rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))
DATA = pairs(X, X @ [[1.0], [2.0], [3.0]])


def net_of(*activations, dtype=np.float64):
    sizes = [3, *[6] * (len(activations) - 1), 1]
    return nNet.from_sizes(sizes, list(activations), seed=1, dtype=dtype)


def arrays_of(net):
    return [array for layer in net.layersList for array in (layer.linear, layer.bias)]


def diverge(net, data=DATA, n=5, rate=1e30, loss="mse", batch_size=4, **settings):
    with pytest.raises(DivergenceError) as caught:
        net.nEpochs(n, data, loss, rate, batch_size, **settings)
    return caught.value


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("settings", [{}, {"shuffle": True, "seed": 3}, {"dropout": 0.3, "seed": 3}], ids=str)
def test_the_net_has_the_weights_from_before_the_named_batch(engine, settings):
    net = net_of("relu", "relu", None)
    start = copy.deepcopy(net)
    error = diverge(net, engine=engine, **settings)
    assert error.epoch == 0
    assert 0 < error.batch < 10
    assert f"epoch 1, batch {error.batch + 1}:" in str(error)
    assert all(np.isfinite(array).all() for array in arrays_of(net))
    # The same epoch, cut off before the batch that is named.
    order = np.arange(40)
    if "shuffle" in settings:
        order = np.random.default_rng([3, 0]).permutation(40)
    rows = order[: 4 * error.batch]
    start.nEpochs(1, pairs(DATA.X[rows], DATA.Y[rows]), "mse", 1e30, 4, engine=engine, **settings | {"shuffle": False})
    for mine, expected in zip(arrays_of(net), arrays_of(start), strict=True):
        np.testing.assert_array_equal(mine, expected)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_epoch_and_the_layer_are_named(engine):
    spike = Activation("spike", lambda z: np.where(z > 1e30, np.inf, z), lambda z: np.ones_like(z))
    net = net_of("relu", spike, None)
    error = diverge(net, engine=engine)
    assert error.layer == 1
    assert "the activations of layer 2 of 3 (spike) have an infinite number" in str(error)


def test_a_gradient_that_is_not_finite_is_named_by_its_layer():
    steep = Activation("steep", lambda z: z, lambda z: np.full_like(z, np.nan))
    error = diverge(net_of("relu", steep, None), rate=0.1)
    assert (error.epoch, error.batch, error.layer) == (0, 0, 1)
    assert "the gradient of the weights of layer 2 of 3 (steep) has NaN" in str(error)


def test_a_loss_that_is_not_finite_is_named():
    loss = Loss("blank", lambda a, y: np.full(a.shape[1], np.nan), lambda a, y: a * 0)
    assert "the loss blank of the outputs of layer 1 of 1 (linear) is NaN" in str(diverge(net_of(None), loss=loss))


@pytest.mark.parametrize(("name", "columns"), [("input", "X"), ("target", "Y")])
def test_data_that_is_not_finite_is_named_by_its_sample(name, columns):
    arrays = {"X": DATA.X.copy(), "Y": DATA.Y.copy()}
    arrays[columns][17] = np.nan
    error = diverge(net_of("tanh", None), pairs(**arrays), rate=0.01)
    assert error.batch == 17 // 4
    assert f"the {name} of sample 17 of the data (counted from 0) is not finite" in str(error)


def test_a_sample_is_named_by_its_place_in_the_data_in_any_order():
    X = DATA.X.copy()
    X[17] = np.inf
    error = diverge(net_of("tanh", None), pairs(X, DATA.Y), rate=0.01, shuffle=True, seed=1)
    assert "the input of sample 17 of the data" in str(error)
    assert "learning rate" not in str(error)


def test_an_optimizer_that_makes_nan_is_named():
    odd = nnframe.Optimizer("odd", lambda w, g, t, learning_rate: (w * np.nan,), params={"learning_rate": 0.1})
    assert "the optimizer odd turns finite gradients into a number that is not finite" in str(
        diverge(net_of(None), rate=None, optimizer=odd)
    )


def test_weights_that_were_not_finite_before_training_are_reported():
    net = net_of("tanh", None)
    net.layersList[1].bias[...] = np.nan
    assert "the weights of layer 2 of 2 (linear) were not finite before training" in str(diverge(net, rate=0.1))


@pytest.mark.parametrize("ending", [KeyboardInterrupt, ValueError])
def test_an_interrupt_after_divergence_leaves_finite_weights(ending):
    def forward(z):
        if not np.isfinite(z).all():
            raise ending
        return z * z

    net = net_of(Activation("square", forward, lambda z: 2 * z), None)
    with pytest.raises((KeyboardInterrupt, nnframe.PluginError)):
        net.backprop(DATA, "mse", 10.0)
    assert all(np.isfinite(array).all() for array in arrays_of(net))


def test_the_error_survives_pickling():
    error = diverge(net_of("relu", None))
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.epoch, again.batch, again.layer) == (str(error), error.epoch, error.batch, error.layer)


def test_later_epochs_are_counted():
    # The learning rate grows until the weights leave the numbers there are.
    error = diverge(net_of(None), n=50, rate=0.01, schedule="exponential(gamma=10)")
    assert error.epoch > 2
    assert f"in epoch {error.epoch + 1}, batch" in str(error)


def test_the_state_of_the_optimizer_is_restored_too():
    seen = []

    class Look:
        @nnframe.hookimpl
        def nnframe_train_end(self, run):
            seen.append([array.copy() for array in run.live_arrays])

    settings = {"optimizer": "sgd(learning_rate=1e30, momentum=0.9)", "callbacks": [Look()]}
    net, other = net_of("relu", None), net_of("relu", None)
    error = diverge(net, rate=None, **settings)
    assert (error.epoch, error.batch > 0) == (0, True)
    other.nEpochs(1, DATA[: 4 * error.batch], "mse", None, 4, **settings)
    assert len(seen[0]) == len(arrays_of(net)) + 2
    for mine, cut_off in zip(*seen, strict=True):
        np.testing.assert_array_equal(mine, cut_off)


def test_a_net_that_can_not_be_trained_further_still_runs_and_trains_with_other_settings():
    net = net_of("relu", None)
    diverge(net)
    assert np.isfinite(net.forwardPass(DATA.X.T, False)).all()
    fresh = net_of("relu", None)
    assert np.isfinite(fresh.nEpochs(2, DATA, "mse", 0.001, 4).loss).all()


def test_a_plugin_that_is_not_deterministic_is_detected():
    calls = []

    def moody(a, y):
        calls.append(1)
        return np.full(a.shape[1], np.nan if len(calls) == 5 else 1.0)

    error = diverge(net_of("tanh", None), rate=0.01, loss=Loss("moody", moody, lambda a, y: a - y))
    assert error.batch is None
    assert "was when the same batches ran again" in str(error)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("engine", ENGINES)
def test_divergence_is_one_error_without_warnings(engine, dtype):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        diverge(net_of("relu", "sigmoid", None, dtype=dtype), engine=engine, rate=1e20)


def test_a_parameter_that_makes_a_loss_nan_is_blamed_and_not_the_learning_rate():
    # Barron's general loss divides by its scale c.
    barron = nnframe.Loss(
        "barron",
        lambda a, y, c: (((a - y) / c) ** 2).sum(axis=0),
        lambda a, y, c: 2 * (a - y) / c**2,
        params={"c": 1.0},
    )
    error = diverge(net_of("tanh", None), rate=0.01, loss=barron.with_params(c=0.0))
    assert "check the loss barron(c=0.0): its parameters and its formula" in str(error)
    assert "learning rate" not in str(error)


def test_an_activation_that_makes_nan_of_moderate_numbers_is_blamed_and_not_the_learning_rate():
    odd = nnframe.Activation("odd", lambda z: z / (z - z), lambda z: z)
    error = diverge(net_of(odd, None), rate=0.01)
    assert "check the activation odd: its formula" in str(error)
