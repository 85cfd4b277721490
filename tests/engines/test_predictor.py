"""A predictor returns what the forward pass returns."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from nnframe import Engine, PluginError, ShapeError, denseLayer, nNet
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


@pytest.mark.parametrize("hidden", ["relu", np.tanh], ids=["built-in", "a function"])
def test_a_column_has_the_same_answer_in_any_error_state_and_thread(hidden):
    net = nNet.from_sizes([5, 4, 3], [hidden, "softmax"], seed=1, dtype="float32")
    predictor, v = net.predictor("numpy"), np.array([[1.0], [-200.0], [300.0], [0.0], [2.0]], np.float32)
    expected = net.forwardPass(v, return_all_steps=False)
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(predictor(v), expected)
    # As while another thread is in the middle of a call.
    answers = predictor._column.func(lambda: [predictor(v), predictor(v)]) if hidden == "relu" else [predictor(v)]
    for answer in answers:
        np.testing.assert_array_equal(answer, expected)
    with ThreadPoolExecutor(4) as pool:
        for answer in pool.map(predictor, [v] * 200):
            np.testing.assert_array_equal(answer, expected)


def test_an_answer_belongs_to_the_caller():
    for activations in (["relu", None], [None, None]):
        net = nNet.from_sizes([5, 4, 3], activations, seed=1)
        predictor, v = net.predictor("numpy"), np.ones((5, 1))
        before = net.layersList[1].bias.copy()
        predictor(v)[...] = np.nan
        np.testing.assert_array_equal(v, 1)
        np.testing.assert_array_equal(net.layersList[1].bias, before)
        assert np.isfinite(predictor(v)).all()


def test_an_activation_that_fails_for_a_column_is_blamed():
    def forward(z):
        if z.shape == (4, 1) and z.dtype == np.float32:
            raise RuntimeError("no more")
        return np.tanh(z)

    predictor = nNet.from_sizes([5, 4, 3], [forward, None], seed=1, dtype="float32").predictor("numpy")
    with pytest.raises(PluginError, match="no more"):
        predictor(np.ones((5, 1), np.float32))
