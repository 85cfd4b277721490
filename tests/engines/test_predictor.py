"""A predictor returns what the forward pass returns."""

import numpy as np
import pytest

from nnframe import Engine, ShapeError, denseLayer, nNet
from nnframe.engines.reference import prepare

RNG = np.random.default_rng(0)


def make_net(dtype=np.float32):
    return nNet.from_sizes([3, 4, 2], ["tanh", "softmax"], seed=1, dtype=dtype)


@pytest.mark.parametrize("engine", [None, "numpy", "reference"])
@pytest.mark.parametrize("n", [1, 5])
def test_columns_and_rows_give_what_the_net_gives(engine, n):
    net = make_net()
    predictor, X = net.predictor(engine), RNG.normal(size=(n, 3))
    np.testing.assert_array_equal(predictor(X.T), net.forwardPass(X.T, False))
    np.testing.assert_array_equal(predictor.rows(X), net.predict(X))
    assert predictor(X.T).dtype == np.float32


def test_it_sees_weights_that_change():
    layer = denseLayer([[1.0]])
    predictor = nNet([layer]).predictor()
    layer.linear *= 3
    layer.bias += 1
    assert predictor([[2.0]]).tolist() == [[7.0]]


def test_it_is_the_engine_s_where_it_has_one():
    engine = Engine("seven", prepare, predictor=lambda layers, k: lambda rows: rows * 0 + k, params={"k": 7})
    net = nNet([denseLayer([[1.0]])])
    assert net.predictor(engine)([[1.0, 2.0]]).tolist() == [[7.0, 7.0]]
    assert net.predictor(engine.with_params(k=8)).rows([[1.0]]).tolist() == [[8.0]]


def test_the_environment_names_the_engine(monkeypatch):
    monkeypatch.setenv("NNFRAME_ENGINE", "nothing_like_that")
    with pytest.raises(Exception, match="nothing_like_that"):
        make_net().predictor()


@pytest.mark.parametrize("shape", [(3,), (2, 3), (4, 1)])
def test_columns_of_another_length_are_refused(shape):
    with pytest.raises(ShapeError, match=r"v has shape .*\(3, 1\)"):
        make_net().predictor()(np.zeros(shape, np.float32))


@pytest.mark.parametrize("shape", [(3,), (3, 2), (1, 4)])
def test_rows_of_another_length_are_refused(shape):
    with pytest.raises(ShapeError, match=r"X has shape .*\(N, 3\)"):
        make_net().predictor().rows(np.zeros(shape, np.float32))


def test_an_engine_that_fails_is_blamed():
    def fail(layers):
        raise ZeroDivisionError

    with pytest.raises(Exception, match="predictor: raised ZeroDivisionError"):
        make_net().predictor(Engine("flawed", prepare, predictor=fail))
