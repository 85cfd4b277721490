"""Losses with several outputs for a target, or with sample weights by name, are compiled and agree with numpy."""

import copy

import numpy as np
import pytest
from nnframe_numba import EngineWarning

from nnframe import Loss, nNet, pairs

RNG = np.random.default_rng(0)
N_TARGETS = 2


def laplace(a, y, floor):
    location, log_scale = a
    scale = np.exp(log_scale) + floor
    return (np.abs(y - location) / scale + np.log(scale)).mean(axis=0)


def pinball(a, y, levels):
    errors = [y - quantile for quantile in a]
    return sum(np.maximum(level * e, (level - 1) * e).mean(axis=0) for level, e in zip(levels, errors, strict=True))


LOSSES = {
    "two outputs": (Loss("laplace_nll", laplace, params={"floor": 0.1}, outputs=2, point=lambda a, floor: a[0]), 2),
    "as many as a parameter says": (
        Loss("pinball", pinball, params={"levels": (0.1, 0.5, 0.9)}, outputs=lambda levels: len(levels),
             point=lambda a, levels: a[0]), 3),
    "sample weights": (
        Loss("weighted", lambda a, y, sample_weight: np.square(a - y).sum(axis=0) * np.sqrt(sample_weight)), 1),
}  # fmt: skip


def trained(loss, n_outputs, dtype):
    """Return two nets of the same weights after the same epochs and steps on numba and on numpy."""
    X, Y = RNG.normal(size=(20, 4)).astype(dtype), RNG.normal(size=(20, N_TARGETS)).astype(dtype)
    weights = RNG.uniform(0.5, 2, 20)
    net = nNet.from_sizes([4, 6, N_TARGETS * n_outputs], ["tanh", None], seed=1, dtype=dtype)
    nets = {"numba": net, "numpy": copy.deepcopy(net)}
    losses = []
    for engine, each in nets.items():
        history = each.nEpochs(2, pairs(X, Y), loss, 0.05, 8, engine=engine, sample_weights=weights)
        trainer = each.trainer(loss, 0.05, engine=engine)
        losses.append([*history.loss, *(trainer.step(X[[i]].T, Y[[i]].T) for i in range(3))])
    return nets, losses


@pytest.mark.parametrize(("loss", "n_outputs"), LOSSES.values(), ids=LOSSES)
def test_epochs_and_steps_are_compiled_and_agree_with_numpy(loss, n_outputs):
    nets, losses = trained(loss, n_outputs, np.float64)
    np.testing.assert_allclose(*losses, rtol=1e-12)
    for layer, like in zip(nets["numba"].layersList, nets["numpy"].layersList, strict=True):
        np.testing.assert_allclose(layer.linear, like.linear, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(layer.bias, like.bias, rtol=1e-12, atol=1e-12)


def test_a_loss_of_the_inputs_runs_on_numpy_with_a_warning():
    loss = Loss("nearer", lambda a, y, x: ((a - y) ** 2).sum(axis=0) / (1 + (x**2).sum(axis=0)))
    with pytest.warns(EngineWarning, match="takes x"):
        nets, losses = trained(loss, 1, np.float64)
    np.testing.assert_allclose(*losses, rtol=1e-12)
    np.testing.assert_allclose(nets["numba"].layersList[0].linear, nets["numpy"].layersList[0].linear, rtol=1e-12)
