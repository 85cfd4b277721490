"""Batches of one in nets with large layers, whose gradients are subtracted without being written down."""

import sys

import numpy as np
import pytest

from nnframe import nNet, pairs
from nnframe.blas.outer_products import outer_subtraction
from nnframe.engines.fast import rank_one
from nnframe.engines.fast.memory_layout import LayerMemory, Memory
from nnframe.training.prepare import bind_net
from nnframe.training.settings import Settings

needs_blas = pytest.mark.skipif(
    outer_subtraction(np.ones((2, 3)), np.ones((2, 1)), np.ones((1, 3))) is None, reason="numpy has another BLAS"
)


@needs_blas
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (300, 200), (1, 40_000), (40_000, 1), (1100, 1000)])
def test_an_outer_product_is_subtracted_in_place(shape, dtype):
    rng = np.random.default_rng(0)
    matrix, column, row = (rng.normal(size=size).astype(dtype) for size in (shape, (shape[0], 1), (1, shape[1])))
    subtract = outer_subtraction(matrix, column, row)
    # It reads what is in the arrays then.
    column *= 2
    expected = matrix - column * row
    subtract()
    np.testing.assert_allclose(matrix, expected, rtol=0, atol=50 * np.finfo(dtype).eps)


@needs_blas
@pytest.mark.parametrize(("which", "wrong"), [
    (0, np.ones((4, 4)).T[:3]),
    (1, np.ones((4, 4))[:, :1]),
    (2, np.ones((1, 8))[:, ::2]),
    (2, np.ones((1, 4), np.float32)),
])  # fmt: skip
def test_arrays_with_gaps_or_of_other_dtypes_are_refused(which, wrong):
    arrays = [np.ones((4, 4)), np.ones((4, 1)), np.ones((1, 4))]
    arrays[which] = wrong
    with pytest.raises(ValueError, match="contiguous"):
        outer_subtraction(*arrays)


def net_and_data(dtype):
    rng = np.random.default_rng(0)
    net = nNet.from_sizes([30, 20, 10, 3], ["tanh", "relu", "softmax"], seed=1, dtype=dtype)
    return net, pairs(rng.normal(size=(50, 30)).astype(dtype), rng.dirichlet(np.ones(3), size=50).astype(dtype))


@pytest.mark.parametrize("has_function", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("fewest", [30, 150, 300])
@pytest.mark.parametrize("settings", [{}, {"dropout": 0.3, "seed": 1}, {"layer_rates": [(0, 1), 1, 1]}])
def test_epochs_and_steps_lead_where_the_reference_leads(settings, fewest, dtype, has_function, monkeypatch):
    monkeypatch.setattr(rank_one, "FEWEST_WEIGHTS", fewest)
    if not has_function:
        monkeypatch.setattr(rank_one, "outer_subtraction", lambda *arrays: None)
    (mine, data), (stepped, _), (theirs, _) = (net_and_data(dtype) for _ in range(3))
    mine.nEpochs(2, data, "cel", 0.05, engine="numpy", **settings)
    theirs.nEpochs(2, data, "cel", 0.05, engine="reference", **settings)
    if "dropout" in settings:
        stepped = mine
    else:
        trainer = stepped.trainer("cel", 0.05, **settings)
        for _ in range(2):
            trainer.run((x.copy(), y.copy()) for x, y in data)
    for net in (mine, stepped):
        for layer, like in zip(net.layersList, theirs.layersList, strict=True):
            np.testing.assert_allclose(layer.linear, like.linear, rtol=0, atol=1e-5 if dtype == "float32" else 1e-12)
            np.testing.assert_allclose(layer.bias, like.bias, rtol=0, atol=1e-5 if dtype == "float32" else 1e-12)


@needs_blas
def test_no_python_code_runs_in_the_middle_of_an_update(monkeypatch):
    monkeypatch.setattr(rank_one, "FEWEST_WEIGHTS", 150)
    bound = bind_net(net_and_data("float32")[0], Settings.of(loss="cel", learning_rate=0.1))
    memories = [LayerMemory.allocate(Memory(), layer, 1) for layer in bound.layers]
    descent = rank_one.rank_one_descent(bound, memories)
    called = []
    # The gradients are any numbers here.
    with np.errstate(all="ignore"):
        sys.setprofile(lambda frame, event, argument: called.append(frame.f_code.co_name) if event == "call" else None)
        try:
            descent.step(0.1)
        finally:
            sys.setprofile(None)
    assert called == ["step"]
