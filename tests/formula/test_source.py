"""The source that is derived: as short as one would write it by hand, in the arrays' own type."""

import numpy as np
import pytest

from nnframe import Activation, Loss


def returned(source):
    """Return what stands behind return."""
    return source.text.split("return ")[-1].strip()


def sigmoid(z):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def softmax(z):
    e = np.exp(z - z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


@pytest.mark.parametrize(
    ("forward", "derivative"),
    [
        (lambda z: np.maximum(z, 0), "(z > 0).astype(z.dtype)"),
        (np.tanh, "1 - np.tanh(z) ** 2"),
        (lambda z: z - np.tanh(z), "np.tanh(z) ** 2"),
        (sigmoid, "e / s / s"),
        (lambda z: z / (1 + np.abs(z)), "1 / s / s"),
        (lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))), "np.exp(np.minimum(z, 0))"),
        (lambda z: np.clip(z + 3, 0, 6) / 6, "((z > -3) & (z < 3)).astype(z.dtype) / 6"),
        (lambda z: np.where(z > 0, z, 0.01 * z), "np.maximum(z > 0, number(0.01))"),
        (lambda z: 3 * z + 1, "np.full_like(z, 3)"),
        (lambda z: z * z * z, "3 * z ** 2"),
    ],
)
def test_a_slope_is_as_short_as_by_hand(forward, derivative):
    assert returned(Activation("mine", forward).derived.slope.source) == derivative


def test_softmax_uses_its_output_and_drops_the_shift_by_the_maximum():
    source = Activation("mine", softmax).derived.backward.source
    assert source.text == ("def backward(grad, z, a):\n    return a * (grad - (grad * a).sum(axis=0, keepdims=True))\n")


def test_a_backward_pass_uses_the_output_where_the_slope_is_a_function_of_it():
    assert returned(Activation("mine", np.tanh).derived.backward.source) == "grad * (1 - a ** 2)"
    assert returned(Activation("mine", np.exp).derived.backward.source) == "grad * a"


def huber(a, y):
    size = np.abs(a - y)
    within = np.minimum(size, 1)
    return (within * (size - within / 2)).mean(axis=0)


@pytest.mark.parametrize(
    ("value", "gradient"),
    [
        (lambda a, y: ((a - y) ** 2).mean(axis=0), "2 / n * (a - y)"),
        (lambda a, y: np.abs(a - y).mean(axis=0), "np.sign(a - y) / n"),
        (huber, "np.clip(a - y, -1, 1) / n"),
        (lambda a, y: np.maximum(0.5 * (y - a), -0.5 * (y - a)).mean(axis=0), "-0.5 / n * np.sign(y - a)"),
        (lambda a, y: (np.maximum(1 - y * a, 0) ** 2).mean(axis=0), "-2 / n * (y * np.maximum(1 - y * a, 0))"),
        (lambda a, y: -(y * a).sum(axis=0), "-y"),
    ],
)
def test_a_gradient_is_as_short_as_by_hand(value, gradient):
    assert returned(Loss("mine", value).derived.gradient.source) == gradient


@pytest.mark.parametrize("forward", [sigmoid, lambda z: np.where(z > 0, 2.5, -0.3) * z, lambda z: z * sigmoid(z)])
def test_bounded_choices_are_made_with_masks_and_stay_float32(forward):
    derived = Activation("mine", forward).derived
    assert "np.where" not in derived.slope.source.text
    z = np.linspace(-3, 3, 8, dtype=np.float32).reshape(-1, 1)
    assert derived.slope(z).dtype == np.float32
    assert derived.backward(z, z, forward(z)).dtype == np.float32


def test_what_is_computed_twice_stands_in_a_line_of_its_own():
    text = Activation("mine", lambda z: np.exp(z) * np.sin(np.exp(z))).derived.slope.source.text
    assert text.count("np.exp") == 1


def test_a_source_for_compilers_has_no_masks_times_numbers():
    formula = (
        Activation("mine", lambda z: np.where(z > 0, z, 0.01 * z))
        .derived.slope.source_to_compile(np.dtype(np.float32))
        .function()
    )
    assert formula(np.array([[2.0], [-2.0]], np.float32)).tolist() == [[1.0], [np.float32(0.01)]]
