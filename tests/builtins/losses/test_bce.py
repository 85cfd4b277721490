"""bce is PyTorch's binary cross-entropy; make_reference.py says how its values were made."""

import math
from pathlib import Path

import numpy as np
import pytest

from nnframe import nNet, pairs, registry

with np.load(Path(__file__).with_name("reference.npz")) as archive:
    REFERENCE = dict(archive)
TOLERANCE = {"float32": 1e-6, "float64": 1e-10}
BCE, SIGMOID = registry.get("loss", "bce"), registry.get("activation", "sigmoid")


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_value_and_gradient_are_the_reference(dtype):
    rows = REFERENCE[f"loss|bce|{dtype}"]
    a, y, grad = np.split(rows[:-1], 3)
    tolerance = {"rtol": TOLERANCE[dtype], "atol": TOLERANCE[dtype]}
    np.testing.assert_allclose(BCE.value(a, y), rows[-1], **tolerance)
    np.testing.assert_allclose(BCE.gradient(a, y), grad, **tolerance)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_the_fused_form_is_the_reference(dtype):
    rows = REFERENCE[f"fused|bce|sigmoid|{dtype}"]
    z, y, dz = np.split(rows[:-1], 3)
    form = BCE.fused["sigmoid"]
    tolerance = {"rtol": TOLERANCE[dtype], "atol": TOLERANCE[dtype]}
    np.testing.assert_allclose(form.value(z, y), rows[-1], **tolerance)
    np.testing.assert_allclose(form.gradient(z, SIGMOID.forward(z), y), dz, **tolerance)


def test_a_half_is_log_2_whatever_the_target():
    y = np.array([[0.0, 0.3, 1.0]])
    np.testing.assert_allclose(BCE.value(np.full((1, 3), 0.5), y), math.log(2))


@pytest.mark.parametrize(("z", "y"), [(50.0, 1.0), (-50.0, 0.0)])
def test_a_nearly_certain_right_answer_still_has_a_slope(z, y):
    z, y = np.array([[z]]), np.array([[y]])
    slope = BCE.fused["sigmoid"].gradient(z, SIGMOID.forward(z), y).item()
    assert slope == pytest.approx(math.exp(-50) * (1 if z < 0 else -1))
    assert BCE.fused["sigmoid"].value(z, y).item() == pytest.approx(math.exp(-50))


def test_a_binary_net_learns_what_it_should():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    labels = (X[:, :1] * X[:, 1:] > 0).astype(float)
    net = nNet.from_sizes([2, 16, 1], ["tanh", "sigmoid"], seed=0)
    net.nEpochs(60, pairs(X, labels), "bce", batch_size=8, optimizer="adam(learning_rate=0.01)", seed=0)
    found = net.forwardPass(X.T, False)[0] > 0.5
    assert (found == labels[:, 0]).mean() > 0.97
