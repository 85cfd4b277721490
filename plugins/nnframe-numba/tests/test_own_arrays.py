"""A net that is trained on its own weights learns what they were before the update, as on the engine reference."""

import numpy as np
import pytest

import nnframe

N = 6


def two_nets(dtype="float32"):
    return [nnframe.nNet.from_sizes([N, N, N], ["tanh", None], seed=1, dtype=dtype) for _ in range(2)]


def filled(net):
    """Return the net with other numbers than 0 in its biases."""
    for k, layer in enumerate(net.layersList):
        layer.bias = np.linspace(0.2, 1 + k, N)[:, np.newaxis]
    return net


# What to take of a net as (N, B) columns.
OWN = {
    "the first bias": lambda net: net.layersList[0].bias,
    "the second bias": lambda net: net.layersList[1].bias,
    "a row of the first weights": lambda net: net.layersList[0].linear[2][:, np.newaxis],
    "a column of the first weights": lambda net: net.layersList[0].linear[:, 3:4],
    "all of the first weights": lambda net: net.layersList[0].linear,
    "some rows of the first weights": lambda net: net.layersList[0].linear[1:4].T,
    "the second weights, backwards": lambda net: net.layersList[1].linear[::-1].T,
}
OTHER = np.linspace(-1, 1, N)[:, np.newaxis]


def assert_same_weights(mine, theirs):
    for layer, like in zip(mine.layersList, theirs.layersList, strict=True):
        np.testing.assert_allclose(layer.linear, like.linear, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(layer.bias, like.bias, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("which", OWN)
@pytest.mark.parametrize("as_targets", [False, True])
def test_a_step_sees_its_own_arrays_as_they_were(which, as_targets):
    mine, theirs = map(filled, two_nets())
    for net, engine in ((mine, "numba"), (theirs, "reference")):
        step = net.trainer("mse", optimizer="sgd(learning_rate=0.3)", engine=engine).step
        for _ in range(3):
            own = OWN[which](net)
            # The engine reference gets a copy, so that this doesn't depend on when it reads.
            own = own if engine == "numba" else own.copy()
            other = np.repeat(OTHER.astype("f4"), own.shape[1], axis=1)
            step(*((other, own) if as_targets else (own, other)))
    assert_same_weights(mine, theirs)


@pytest.mark.parametrize("batch_size", [1, 2])
@pytest.mark.parametrize("as_targets", [False, True])
@pytest.mark.parametrize("settings", [{}, {"shuffle": True, "seed": 0}], ids=["in order", "shuffled"])
def test_an_epoch_sees_its_own_arrays_as_each_batch_finds_them(settings, as_targets, batch_size):
    mine, theirs = map(filled, two_nets())
    for net, engine in ((mine, "numba"), (theirs, "reference")):
        own = net.layersList[0].linear
        other = np.repeat(OTHER.astype("f4").T, N, axis=0)
        data = nnframe.pairs(other, own) if as_targets else nnframe.pairs(own, other)
        net.nEpochs(2, data, "mse", 0.3, batch_size, engine=engine, **settings)
    assert_same_weights(mine, theirs)
