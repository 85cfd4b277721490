"""Optimizers, schedules, penalties and clipping do what PyTorch does, step for step; make_reference.py says how."""

import json
from pathlib import Path

import numpy as np
import pytest

from nnframe import denseLayer, hookimpl, nNet, pairs, registry

with np.load(Path(__file__).with_name("reference.npz")) as archive:
    REFERENCE = dict(archive)

TOLERANCE = {"float32": 1e-6, "float64": 1e-12}
BATCH_SIZE, EPOCHS = 4, 8


def cases(kind):
    return [pytest.param(*key.split("|")[1:], id=key) for key in REFERENCE if key.startswith(f"{kind}|")]


def assert_close(actual, wanted, dtype):
    np.testing.assert_allclose(actual, wanted, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize(("spec", "dtype"), cases("optimizer"))
def test_the_weights_after_each_step_are_the_reference(spec, dtype):
    optimizer = registry.get("optimizer", spec)
    w = REFERENCE["weights"].astype(dtype)
    state = [np.full_like(w, value) for value in optimizer.state.values()]
    for t, (g, wanted) in enumerate(
        zip(REFERENCE["gradients"].astype(dtype), REFERENCE[f"optimizer|{spec}|{dtype}"], strict=True), start=1
    ):
        w, *state = optimizer.update(w, g, *state, t=t, **optimizer.settings)
        assert {array.dtype for array in (w, *state)} == {np.dtype(dtype)}
        assert_close(w, wanted, dtype)


@pytest.mark.parametrize(("spec", "steps_per_epoch", "n_epochs"), cases("schedule"))
def test_the_factor_of_each_step_is_the_reference(spec, steps_per_epoch, n_epochs):
    schedule = registry.get("schedule", spec)
    wanted = REFERENCE[f"schedule|{spec}|{steps_per_epoch}|{n_epochs}"]
    factors = schedule.factor(np.arange(len(wanted)), int(steps_per_epoch), int(n_epochs), **schedule.settings)
    np.testing.assert_allclose(factors, wanted, rtol=1e-12)


class WeightsOfEachBatch:
    """Notes down all weights after each batch."""

    def __init__(self):
        self.rows = []

    @hookimpl
    def nnframe_train_start(self, run):
        run.batches_per_part = 1

    @hookimpl
    def nnframe_part_end(self, run):
        self.rows.append(vector_of(run.net))


def vector_of(net):
    return np.concatenate([array.ravel() for layer in net.layersList for array in (layer.linear, layer.bias)])


def net_of(dtype):
    w1, b1, w2, b2 = np.split(REFERENCE["net"].astype(dtype), [8, 12, 24])
    return nNet(
        [
            denseLayer(w1.reshape(4, 2), b1.reshape(-1, 1), "tanh"),
            denseLayer(w2.reshape(3, 4), b2.reshape(-1, 1), "softmax"),
        ]
    )


@pytest.mark.parametrize(("settings", "dtype"), cases("run"))
@pytest.mark.parametrize("engine", ["reference", "numpy"])
def test_a_net_has_the_weights_of_the_reference_after_each_batch(engine, settings, dtype):
    net, notes = net_of(dtype), WeightsOfEachBatch()
    data = pairs(REFERENCE["X"], REFERENCE["Y"])
    given = {"batch_size": BATCH_SIZE, "engine": engine, **json.loads(settings)}
    net.nEpochs(EPOCHS, data, "cel", callbacks=[notes], **given)
    assert_close(notes.rows, REFERENCE[f"run|{settings}|{dtype}"], dtype)

    whole = net_of(dtype)
    whole.nEpochs(EPOCHS, data, "cel", **given)
    np.testing.assert_array_equal(vector_of(whole), notes.rows[-1])


@pytest.mark.parametrize("kind", ["optimizer", "schedule"])
def test_all_that_is_built_in_has_a_reference(kind):
    keys = [key.split("|")[1].partition("(")[0] for key in REFERENCE if key.startswith(f"{kind}|")]
    # PyTorch has another line search: tests/builtins/test_lbfgs.py compares the minima.
    assert set(keys) == set(registry.names(kind)) - {"lbfgs"}
