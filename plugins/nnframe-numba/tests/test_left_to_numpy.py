"""Nets that the engine leaves to the engine numpy as a whole, and says so."""

import copy

import numpy as np
import pytest
from nnframe_numba import EngineWarning, engine_warnings

from nnframe import Activation, nNet, pairs

prelu = Activation("prelu", lambda z, alpha: np.where(z > 0, z, alpha * z), params={"alpha": 0.25}, learned=("alpha",))


def test_the_result_is_that_of_numpy_and_the_first_run_warns(monkeypatch):
    monkeypatch.setattr(engine_warnings, "_given", set())
    rng = np.random.default_rng(0)
    data = pairs(rng.normal(size=(20, 3)), rng.normal(size=(20, 2)))
    one = nNet.from_sizes([3, 4, 2], [prelu, None])
    other = copy.deepcopy(one)
    with pytest.warns(EngineWarning, match="no learned parameters"):
        one.nEpochs(2, data, "mse", 0.1, engine="numba")
    other.nEpochs(2, data, "mse", 0.1, engine="numpy")
    for layer, expected in zip(one.layersList, other.layersList, strict=True):
        assert (layer.linear == expected.linear).all()
        assert dict(layer.parameters) == dict(expected.parameters)


def test_a_trainer_is_left_to_numpy_as_well(monkeypatch):
    monkeypatch.setattr(engine_warnings, "_given", set())
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(3, 8)), rng.normal(size=(2, 8))
    one = nNet.from_sizes([3, 4, 2], [prelu, None])
    other = copy.deepcopy(one)
    with pytest.warns(EngineWarning, match="no learned parameters"):
        trainer = one.trainer("mse", 0.1, engine="numba")
    assert [trainer.step(x, y) for _ in range(3)] == [other.trainer("mse", 0.1).step(x, y) for _ in range(3)]
    assert dict(one.layersList[0].parameters) == dict(other.layersList[0].parameters)


def test_a_predictor_sees_learned_parameters_as_they_are(monkeypatch):
    monkeypatch.setattr(engine_warnings, "_given", set())
    net = nNet.from_sizes([3, 4, 2], [prelu, None])
    with pytest.warns(EngineWarning, match="a predictor of the engine numba runs on numpy: .* no learned parameters"):
        predictor = net.predictor("numba")
    X = np.random.default_rng(0).normal(size=(20, 3))
    net.layersList[0].parameters["alpha"][...] = 0.75
    np.testing.assert_allclose(predictor.rows(X), net.predict(X), rtol=1e-12)
