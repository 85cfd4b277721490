"""Where BLAS multiplies, the epoch is the same."""

import math

import numpy as np
import pytest
from nnframe_numba import EngineWarning, blas
from nnframe_numba.compile_thread import in_compile_thread

from nnframe import Activation, nNet, pairs, registry
from nnframe.testing.kit import checks_of

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


@pytest.fixture
def always_blas(monkeypatch):
    monkeypatch.setattr(blas, "FEWEST_MULTIPLICATIONS", 0)
    monkeypatch.setattr(blas, "speed", lambda dtype: 1.0)


@pytest.mark.filterwarnings(f"ignore::{EngineWarning.__module__}.{EngineWarning.__name__}")
@pytest.mark.parametrize(("make", "settings"), CASES.values(), ids=CASES)
def test_the_result_is_that_of_the_reference(make, settings, always_blas):
    for mine, expected in zip(trained(make(), "numba", settings), trained(make(), "reference", settings), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("check", ["failures_of_plugins_leave_whole_batches", "interrupts_leave_whole_batches"])
def test_an_epoch_that_ends_early_leaves_whole_batches(check, always_blas):
    checks_of(registry.get("engine", "numba"))[check]()


@pytest.mark.parametrize(
    ("shapes", "batch_size", "speed", "expected"),
    [
        ([(32, 64), (10, 32)], 128, 1.0, False),
        ([(256, 784), (128, 256), (10, 128)], 128, 1.0, False),
        ([(2048, 512), (2048, 2048), (10, 2048)], 1024, 1.0, True),
        ([(2048, 512), (2048, 2048), (10, 2048)], 1024, 0.65, True),
        ([(2048, 512), (2048, 2048), (10, 2048)], 1024, 0.55, False),
        ([(20_000, 20_000)], 1, 1.0, False),
    ],
)
def test_blas_multiplies_where_a_batch_is_large_and_it_is_no_slower_by_the_thread(
    shapes, batch_size, speed, expected, monkeypatch
):
    monkeypatch.setattr(blas, "speed", lambda dtype: speed)
    assert blas.is_faster(shapes, batch_size, np.dtype(np.float32)) is expected


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_speed_of_blas_is_measured_once_and_found_on_disk_later(dtype, monkeypatch):
    blas.speed.cache_clear()
    measured = in_compile_thread(lambda: blas.speed(np.dtype(dtype)))
    assert 0 < measured < math.inf
    blas.speed.cache_clear()
    monkeypatch.setattr(blas, "_measured_speed", lambda dtype: pytest.fail("it was measured again"))
    assert in_compile_thread(lambda: blas.speed(np.dtype(dtype))) == measured


def test_the_speed_of_blas_is_measured_again_with_other_loops(monkeypatch):
    monkeypatch.setattr(blas, "_measured_speed", lambda dtype: pytest.fail("it was measured again"))
    blas.speed.cache_clear()
    monkeypatch.setenv(blas.KERNELS_VARIABLE, "those of this test")
    with pytest.raises(pytest.fail.Exception, match="it was measured again"):
        in_compile_thread(lambda: blas.speed(np.dtype(np.float32)))


def test_the_speed_of_blas_is_how_many_times_as_fast_it_is(monkeypatch):
    times = iter([3.0, 2.0])
    monkeypatch.setattr(blas, "_least_time", lambda function: next(times))
    assert blas._measured_speed(np.dtype(np.float32)) == 1.5
