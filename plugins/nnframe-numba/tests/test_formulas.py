"""Formulas of plugins are compiled as they are, or run on numpy with a warning that says why."""

import warnings

import numpy as np
import pytest
from nnframe_numba import EngineWarning
from numba.core import compiler

import nnframe
from nnframe import Activation, Loss, nNet, pairs
from nnframe.builtins.activations import relu, sigmoid, softmax, tanh

RNG = np.random.default_rng(0)
DATA = pairs(RNG.normal(size=(13, 3)), RNG.dirichlet(np.ones(2), size=13))


def train(engine, activation, loss="mse"):
    net = nNet.from_sizes([3, 4, 2], [activation, "sigmoid"], seed=0)
    history = net.nEpochs(2, DATA, loss, 0.1, 4, engine=engine)
    return history.loss, [layer.linear for layer in net.layersList]


def assert_agrees(activation, loss="mse"):
    mine, expected = train("numba", activation, loss), train("reference", activation, loss)
    np.testing.assert_allclose(mine[0], expected[0], rtol=1e-10)
    for one, other in zip(mine[1], expected[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


def scaled(z):
    return 2 * z


COMPILED = {
    "np.where on numbers": Activation("a", lambda z: np.where(z > 0, z, 0.1 * z), lambda z: np.where(z > 0, 1.0, 0.1)),
    "no derivative": Activation("a", lambda z, k: z / (1 + np.exp(-k * z)), params={"k": 1.5}),
    "a function of its own": Activation("a", lambda z: np.tanh(scaled(z)), lambda z: 2 / np.cosh(scaled(z)) ** 2),
    "a ufunc": Activation("a", np.sin, np.cos),
    "np.piecewise": Activation(
        "a",
        lambda z: np.piecewise(z, [z > 0, z > 1], [0.5, 1.0, 0.0]) * z,
        lambda z: np.piecewise(z, [z > 0, z > 1], [0.5, 1.0]),
    ),
    "np.select": Activation(
        "a", lambda z: np.select([z > 1, z > 0], [z, z * z], 0), lambda z: np.select([z > 1, z > 0], [1.0, 2 * z], 0)
    ),
    "astype": Activation("a", lambda z: z * (z > 0).astype(z.dtype), lambda z: (z > 0).astype(z.dtype)),
    "columns": Activation(
        "a",
        lambda z: z - z.mean(axis=0, keepdims=True),
        backward=lambda grad, z, a: grad - np.mean(grad, axis=0, keepdims=True),
    ),
    "relu's": Activation("a", relu.forward, relu.derivative),
    "sigmoid's": Activation("a", sigmoid.forward, sigmoid.derivative),
    "softmax's": Activation("a", softmax.forward, backward=softmax.backward),
    "tanh's": Activation("a", tanh.forward, tanh.derivative),
}


@pytest.mark.parametrize("what", COMPILED)
def test_it_is_compiled_and_agrees(what):
    with warnings.catch_warnings():
        warnings.simplefilter("error", EngineWarning)
        assert_agrees(COMPILED[what])


def test_a_mean_over_columns_is_compiled_in_losses():
    loss = Loss("l", lambda a, y: ((a - y) ** 2).mean(axis=0), lambda a, y: 2 * (a - y) / len(a))
    with warnings.catch_warnings():
        warnings.simplefilter("error", EngineWarning)
        assert_agrees("tanh", loss)


def test_new_values_of_parameters_compile_nothing(monkeypatch):
    steep = Activation("steep", lambda z, k: np.where(z > 0, z, k * z), params={"k": 0.5})
    mixed = Activation("mixed", lambda z, k: z - k * z.mean(axis=0), params={"k": 0.5})
    pinched = Loss("pinched", lambda a, y, p: (np.abs(a - y) ** p).sum(axis=0), params={"p": 2.5})
    for activation in (steep, mixed):
        assert_agrees(activation, pinched)
    monkeypatch.setattr(compiler, "compile_extra", lambda *_, **__: pytest.fail("something is compiled"))
    for activation in (steep, mixed):
        for value in (0.3, 1.7):
            assert_agrees(activation.with_params(k=value), pinched.with_params(p=value + 1.5))


def test_the_warning_says_what_to_write_instead():
    ranked = Activation("ranked", lambda z: np.sort(z, axis=0), lambda z: np.ones_like(z))
    with pytest.warns(EngineWarning, match=r"np\.sort .*can't be recorded \(line \d+ of test_formulas.py.*\); "):
        train("numba", ranked)


def checked(z):
    if not np.isfinite(z).all():
        raise ValueError("not finite")
    return np.tanh(z)


class Table:
    def __call__(self, z):
        return np.tanh(z)


ON_NUMPY = {
    "it can raise an error": Activation("b", checked, lambda z: 1 - np.tanh(z) ** 2),
    "it is not a function written in Python": Activation("b", Table(), lambda z: 1 - np.tanh(z) ** 2),
    "sort": Activation("b", lambda z: np.sort(z, axis=0), lambda z: np.ones_like(z)),
}


@pytest.mark.parametrize("reason", ON_NUMPY)
def test_what_cannot_be_compiled_runs_on_numpy_with_one_warning_that_says_why(reason):
    with pytest.warns(EngineWarning, match=f"forward of 'b': .*{reason}") as caught:
        assert_agrees(ON_NUMPY[reason])
    assert len(caught) == 1


def test_an_input_that_is_not_finite_is_found_out():
    net = nNet.from_sizes([3, 4, 2], ["relu", None], seed=0)
    bad = pairs(np.full((1, 3), np.nan), np.zeros((1, 2)))
    with pytest.raises(nnframe.DivergenceError, match="the input of sample 0"):
        net.backprop(bad, "mse", 0.1, engine="numba")
