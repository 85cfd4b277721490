"""Frozen layers and learning rates of single ones, compiled: epochs and single updates."""

import copy
import warnings

import numpy as np
import pytest

from nnframe import nNet, pairs

# Few, since each is compiled.
CASES = [
    (1, [0, 0, (0, 2)], {"learning_rate": 0.1, "l1": 0.01, "l2": 0.1, "clip_value": 0.1, "clip_norm": 0.05}),
    (8, [(0.5, 0), 0, 1], {"optimizer": "adam", "clip_norm": 0.1}),
]


def arrays_of(net):
    return [array for layer in net.layersList for array in (layer.linear, layer.bias)]


@pytest.mark.parametrize(("batch_size", "rates", "rule"), CASES)
def test_epochs_and_steps_agree_with_the_reference_and_what_is_frozen_keeps_its_bits(batch_size, rates, rule):
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(24, 3)), rng.normal(size=(24, 2))
    start = nNet.from_sizes([3, 4, 4, 2], ["tanh", "relu", None], seed=1)
    settings = {**rule, "layer_rates": rates}
    expected, compiled, stepped, stepped_by_numpy = (copy.deepcopy(start) for _ in range(4))
    expected.nEpochs(2, pairs(X, Y), "mse", batch_size=batch_size, engine="reference", **settings)
    with warnings.catch_warnings():
        # Nothing is left to numpy.
        warnings.simplefilter("error")
        compiled.nEpochs(2, pairs(X, Y), "mse", batch_size=batch_size, engine="numba", **settings)
        for net, engine in ((stepped, "numba"), (stepped_by_numpy, "numpy")):
            trainer = net.trainer("mse", engine=engine, **settings)
            for first in range(0, 24, batch_size):
                trainer.step(X[first : first + batch_size].T, Y[first : first + batch_size].T)
    factors = [factor for rate in rates for factor in (rate if isinstance(rate, tuple) else (rate, rate))]
    for net, other in ((compiled, expected), (stepped, stepped_by_numpy)):
        for array, wanted, begun, factor in zip(*map(arrays_of, (net, other, start)), factors, strict=True):
            np.testing.assert_allclose(array, wanted, rtol=1e-9, atol=1e-12)
            assert (array.tobytes() == begun.tobytes()) == (factor == 0)
