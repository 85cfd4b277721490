"""Derivatives to be read: as a formula on paper, with parameters by name, and as source."""

import numpy as np
import pytest

from nnframe import Activation, DerivativeError, Loss, registry


def test_an_activation_is_explained_with_its_parameters_by_name():
    steep = Activation("steep", lambda z, steepness: np.tanh(steepness * z), params={"steepness": 2.0})
    explanation = steep.explanation()
    assert explanation.recorded == "a = tanh(steepness z)"
    assert explanation.formula == "f'(z) = steepness (1 - t^2)\n  with t = tanh(steepness z)"
    assert explanation.source == (
        "def derivative(z, steepness):\n    return steepness * (1 - np.tanh(steepness * z) ** 2)\n"
    )


def test_a_formula_that_wants_to_know_a_parameter_is_explained_with_its_number():
    def forward(z, k):
        return np.tanh(z) if k > 1 else k * z

    assert Activation("mine", forward, params={"k": 0.5}).explanation().formula == "f'(z) = 0.5"


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("relu", "f'(z) = [z > 0]"),
        ("softmax", "dL/dz = a (grad - sum(grad a))"),
        ("sigmoid", "f'(z) = e / s / s\n  with e = exp(-|z|)\n  with s = 1 + e"),
    ],
)
def test_a_built_in_activation_is_explained(name, formula):
    assert registry.get("activation", name).explanation().formula == formula


@pytest.mark.parametrize(("name", "formula"), [("mse", "dL/da = (2 / n) (a - y)"), ("cel", "dL/da = -(y / a)")])
def test_a_built_in_loss_is_explained(name, formula):
    assert registry.get("loss", name).explanation().formula == formula


def test_the_formula_itself_is_shown_as_its_author_wrote_it():
    softmax = registry.get("activation", "softmax").explanation()
    assert softmax.recorded == "a = e / sum(e)\n  with e = exp(z - max(z))"
    assert registry.get("loss", "cel").explanation().recorded == "L = -sum(y log(a))"


def test_what_can_not_be_derived_is_not_explained():
    with pytest.raises(DerivativeError, match=r"np.cumsum can't be recorded"):
        Loss("mine", lambda a, y: np.cumsum(a, axis=0).sum(axis=0)).explanation()


def test_the_command_line_shows_the_derivative(command):
    status, out, _ = command("plugins", "show", "tanh")
    assert status == 0
    assert "The formula, as recorded:\n\na = tanh(z)\n" in out
    assert "The derivative, which its author writes by hand, derived from the formula:\n\nf'(z) = 1 - t^2\n" in out
    _, out, _ = command("plugins", "show", "tanh", "--source")
    assert "def derivative(z):\n    return 1 - np.tanh(z) ** 2\n" in out


def test_the_command_line_says_what_stands_in_the_way(command):
    with registry.temporarily(Activation("mine", lambda z: np.cumsum(z, axis=0)), name="somewhere"):
        _, out, _ = command("plugins", "show", "mine")
    assert "np.cumsum can't be recorded" in out
