"""Nets that the engine leaves to the engine numpy as a whole, and says so."""

import copy

import numpy as np
import pytest
from nnframe_numba import EngineWarning, engine_warnings

from nnframe import Activation, Learned, Loss, nNet, pairs

RNG = np.random.default_rng(0)


def refuses_nan(z, alpha):
    if np.isnan(z).any():
        raise ValueError("not a number")
    return np.where(z > 0, z, alpha * z)


by_hand = Activation(
    "by_hand",
    refuses_nan,
    lambda z, alpha: np.where(z > 0, 1.0, alpha),
    params={"alpha": 0.25},
    learned={"alpha": Learned(lambda grad, z, a, alpha: grad * np.minimum(z, 0))},
)


def refuses_zero(a, y, s):
    if (s == 0).any():
        raise ValueError("zero")
    return (np.square(a - y) / s + np.log(s)).sum(axis=0)


scaled = Loss(
    "scaled",
    refuses_zero,
    lambda a, y, s: 2 * (a - y) / s,
    params={"s": 1.0},
    learned={"s": Learned(lambda a, y, s: (1 / s - np.square(a - y) / s**2).sum(axis=0))},
)
NETS = {
    "an activation that can't be recorded": ([by_hand, None], "mse"),
    "a loss that can't be recorded": (["tanh", None], scaled),
}


@pytest.mark.parametrize(("activations", "loss"), NETS.values(), ids=NETS)
def test_the_result_is_that_of_numpy_and_the_first_run_warns(monkeypatch, activations, loss):
    monkeypatch.setattr(engine_warnings, "_given", set())
    data = pairs(RNG.normal(size=(20, 3)), RNG.normal(size=(20, 2)))
    one = nNet.from_sizes([3, 4, 2], activations)
    other = copy.deepcopy(one)
    with pytest.warns(EngineWarning, match="leaves this net to the engine numpy: .* be recorded"):
        one.nEpochs(2, data, loss, 0.1, engine="numba")
    other.nEpochs(2, data, loss, 0.1, engine="numpy")
    for layer, expected in zip(one.layersList, other.layersList, strict=True):
        assert (layer.linear == expected.linear).all()
        assert dict(layer.parameters) == dict(expected.parameters)


@pytest.mark.parametrize(("activations", "loss"), NETS.values(), ids=NETS)
def test_a_trainer_is_left_to_numpy_as_well(monkeypatch, activations, loss):
    monkeypatch.setattr(engine_warnings, "_given", set())
    x, y = RNG.normal(size=(3, 8)), RNG.normal(size=(2, 8))
    one = nNet.from_sizes([3, 4, 2], activations)
    other = copy.deepcopy(one)
    with pytest.warns(EngineWarning, match="leaves this net to the engine numpy: .* be recorded"):
        trainer = one.trainer(loss, 0.1, engine="numba")
    like = other.trainer(loss, 0.1)
    assert [trainer.step(x, y) for _ in range(3)] == [like.step(x, y) for _ in range(3)]
    assert dict(one.layersList[0].parameters) == dict(other.layersList[0].parameters)


def test_a_predictor_that_runs_on_numpy_sees_learned_parameters_as_they_are(monkeypatch):
    monkeypatch.setattr(engine_warnings, "_given", set())
    net = nNet.from_sizes([3, 4, 2], [by_hand, None])
    with pytest.warns(EngineWarning, match="a predictor of the engine numba runs on numpy"):
        predictor = net.predictor("numba")
    X = RNG.normal(size=(20, 3))
    net.layersList[0].parameters["alpha"][...] = 0.75
    np.testing.assert_allclose(predictor.rows(X), net.predict(X), rtol=1e-12)
