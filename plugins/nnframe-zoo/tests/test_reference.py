"""Values and gradients are PyTorch's, or those of plain formulas; make_reference.py says which."""

from pathlib import Path

import numpy as np
import pytest

from nnframe import registry
from nnframe.registry.binding import bind_objective

with np.load(Path(__file__).with_name("reference.npz")) as archive:
    REFERENCE = dict(archive)

TOLERANCE = {"float32": 1e-6, "float64": 1e-10}


def cases(kind):
    return [pytest.param(*key.split("|")[1:], id=key) for key in REFERENCE if key.startswith(f"{kind}|")]


def assert_close(actual, wanted, dtype):
    np.testing.assert_allclose(actual, wanted, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize(("spec", "dtype"), cases("activation"))
def test_an_activation_and_its_gradient_are_the_reference(spec, dtype):
    activation = registry.get("activation", f"nnframe-zoo/{spec}")
    z, grad, a, dz = np.split(REFERENCE[f"activation|{spec}|{dtype}"], 4)
    assert_close(activation.forward(z, **activation.settings), a, dtype)
    if activation.elementwise:
        assert_close(grad * activation.slope(z, **activation.settings), dz, dtype)
    assert_close(activation.backward_pass(grad, z, a, **activation.settings), dz, dtype)


@pytest.mark.parametrize(("spec", "dtype"), cases("loss"))
def test_a_loss_and_its_gradient_are_the_reference(spec, dtype):
    loss = registry.get("loss", f"nnframe-zoo/{spec}")
    rows = REFERENCE[f"loss|{spec}|{dtype}"]
    a, y, grad = np.split(rows[:-1], 3)
    assert_close(loss.value(a, y, **loss.settings), rows[-1], dtype)
    assert_close(loss.slope(a, y, **loss.settings), grad, dtype)


@pytest.mark.parametrize(("spec", "dtype"), cases("outputs"))
def test_a_loss_with_several_outputs_a_target_and_its_gradient_are_the_reference(spec, dtype):
    loss = registry.get("loss", f"nnframe-zoo/{spec}")
    rows = REFERENCE[f"outputs|{spec}|{dtype}"]
    n_targets = (len(rows) - 1) // (2 * loss.n_outputs + 1)
    a, y, gradient = np.split(rows[:-1], [loss.n_outputs * n_targets, (loss.n_outputs + 1) * n_targets])
    bound = bind_objective(loss, None)
    assert_close(bound.value(a, a, y), rows[-1], dtype)
    assert_close(bound.gradient(a, a, y), gradient, dtype)


@pytest.mark.parametrize(("spec", "activation", "dtype"), cases("fused"))
def test_a_fused_form_is_the_reference(spec, activation, dtype):
    loss = registry.get("loss", f"nnframe-zoo/{spec}")
    rows = REFERENCE[f"fused|{spec}|{activation}|{dtype}"]
    z, y, dz = np.split(rows[:-1], 3)
    last = registry.get("activation", activation)
    form, a = bind_objective(loss, last), last.forward(z)
    assert_close(form.value(z, a, y), rows[-1], dtype)
    assert_close(form.gradient(z, a, y), dz, dtype)


def test_every_activation_has_a_reference(activation):
    assert f"activation|{activation.name}|float64" in REFERENCE


def test_every_loss_has_a_reference(any_loss):
    kind = "outputs" if any_loss.is_grouped else "loss"
    assert f"{kind}|{any_loss.name}|float64" in REFERENCE
