"""Whatever a net and its settings are, the epoch is the reference's."""

import numpy as np
import pytest
from nnframe_numba import EngineWarning

from nnframe import Activation, nNet, pairs

RNG = np.random.default_rng(0)
DATA = pairs(RNG.normal(size=(150, 30)), np.eye(30)[RNG.integers(0, 30, 150)])
ON_NUMPY = Activation("p", lambda z: np.maximum(z, np.sort(0 * z, axis=0)), lambda z: (z > 0).astype(z.dtype))


def net(activation="relu"):
    return nNet.from_sizes([30, 50, 20, 30], [activation, "tanh", "softmax"], seed=1)


def with_a_layer_twice():
    first, _, last = nNet.from_sizes([30, 30, 30, 30], ["tanh", "tanh", "softmax"], seed=1).layersList
    return nNet([first, first, last])


CASES = {
    "plain": (net, {}),
    "dropout and weights": (net, {"dropout": 0.3, "sample_weights": np.linspace(0.5, 2, 150)}),
    "an optimizer with all that goes before it": (net, {"optimizer": "adam", "l2": 0.01, "clip_norm": 0.5}),
    "a formula on numpy": (lambda: net(ON_NUMPY), {}),
    "a formula on numpy, and an optimizer": (lambda: net(ON_NUMPY), {"optimizer": "adam"}),
    "a layer that is there twice": (with_a_layer_twice, {}),
    "a layer that is there twice, and an optimizer": (with_a_layer_twice, {"optimizer": "adagrad"}),
}


def trained(untrained, engine, settings):
    rate = None if "optimizer" in settings else 0.1
    loss = untrained.nEpochs(3, DATA, "cel", rate, 64, engine=engine, seed=0, shuffle=True, **settings).loss
    return [*(array for layer in untrained.layersList for array in (layer.linear, layer.bias)), np.array(loss)]


@pytest.mark.filterwarnings(f"ignore::{EngineWarning.__module__}.{EngineWarning.__name__}")
@pytest.mark.parametrize(("make", "settings"), CASES.values(), ids=CASES)
def test_the_result_is_that_of_the_reference(make, settings):
    for mine, expected in zip(trained(make(), "numba", settings), trained(make(), "reference", settings), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-9, atol=1e-11)
