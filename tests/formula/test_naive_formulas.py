"""Formulas as strangers write them: each is derived right, or refused in a sentence that says what to write."""

import math
import re

import numpy as np
import pytest

from nnframe import Activation, DerivativeError, Loss, floored, rule

Z = np.array([[-2.5, 0.3, 1.7], [0.9, -0.4, 4.0]])
Y = np.array([[1.0, 0.0, 0.25], [0.0, 1.0, 0.75]])
A = np.array([[0.7, 0.2, 0.9], [0.4, 0.6, 0.1]])


def leaky_by_assignment(z):
    out = z.copy()
    out[out < 0] *= 0.1
    return out


def filled(z):
    out = np.zeros_like(z)
    positive = z > 0
    out[positive] = np.log1p(z[positive])
    out[~positive] = 0.5 * z[~positive]
    return out


def in_steps(z):
    a = z * 2
    b = a
    b += 1
    a **= 2
    return b


def in_a_loop(z):
    total = np.ones_like(z)
    for k in range(1, 6):
        total = total + z**k / math.factorial(k)
    return total


def with_checks(z):
    assert z.ndim == 2
    z = z.astype(z.dtype)
    if z.shape[0] < 1:
        raise ValueError("no components")
    return np.tanh(z)


@rule(lambda x, f: 1 / (1 + x * x))
def compiled_arctan(x):
    return np.array([[math.atan(each) for each in row] for row in np.asarray(x)])


def normalized(z):
    return (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 1e-5)


def normalized_pulled_back(grad, z):
    """Return the known formula of layer normalization, with s = 1 / sqrt(var + eps)."""
    s = 1 / np.sqrt(z.var(axis=0) + 1e-5)
    a = (z - z.mean(axis=0)) * s
    return s * (grad - grad.mean(axis=0) - a * (grad * a).mean(axis=0))


@pytest.mark.parametrize(
    ("forward", "derivative"),
    [
        (lambda z: z * (z > 0), lambda z: (z > 0) * 1.0),
        (lambda z: np.maximum(0, z) + 0.2 * np.minimum(0, z), lambda z: np.where(z > 0, 1, 0.2)),
        (lambda z: z.clip(min=0), lambda z: (z > 0) * 1.0),
        (lambda z: (abs(z) + z) / 2, lambda z: (z > 0) * 1.0),
        (lambda z: pow(z, 3), lambda z: 3 * z * z),
        (lambda z: np.log(np.exp(z) + 1), lambda z: 1 / (1 + np.exp(-z))),
        (lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)), lambda z: 1 / np.cosh(z) ** 2),
        (lambda z: 1.0 / (1.0 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
        (lambda z: 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))), None),
        (leaky_by_assignment, lambda z: np.where(z < 0, 0.1, 1)),
        (filled, lambda z: np.where(z > 0, 1 / (1 + np.maximum(z, 0)), 0.5)),
        (in_steps, lambda z: 8 * z + 4),
        (in_a_loop, lambda z: 1 + z + z**2 / 2 + z**3 / 6 + z**4 / 24),
        (with_checks, lambda z: 1 - np.tanh(z) ** 2),
        (compiled_arctan, lambda z: 1 / (1 + z**2)),
        (lambda z: np.select([z < -1, z > 1], [-1, 1], z), lambda z: (np.abs(z) < 1) * 1.0),
        (lambda z: np.piecewise(z, [z < 0, z >= 0], [lambda x: -x, np.sqrt]), None),
        (lambda z: z + z**2 + 1, lambda z: 1 + 2 * z),
    ],
)
def test_an_activation_is_derived_right(forward, derivative):
    got = Activation("mine", forward).slope(Z)
    if derivative is None:
        step = 1e-6
        np.testing.assert_allclose(got, (forward(Z + step) - forward(Z - step)) / (2 * step), rtol=1e-7)
    else:
        np.testing.assert_allclose(got, derivative(Z), rtol=1e-12)


def test_layer_normalization_is_derived_right():
    grad = np.random.default_rng(0).normal(size=Z.shape)
    z = np.random.default_rng(1).normal(size=Z.shape)
    got = Activation("mine", normalized).backward_pass(grad, z, normalized(z))
    np.testing.assert_allclose(got, normalized_pulled_back(grad, z), rtol=1e-9, atol=1e-12)


def test_functions_of_scipy_that_have_a_rule_are_derived_right():
    special = pytest.importorskip("scipy.special")
    gelu = Activation("mine", lambda z: z * (1 + special.erf(z / np.sqrt(2))) / 2)
    density = np.exp(-Z * Z / 2) / np.sqrt(2 * np.pi)
    np.testing.assert_allclose(gelu.slope(Z), special.ndtr(Z) + Z * density, rtol=1e-13)
    silu = Activation("mine", lambda z: z * special.expit(z))
    s = special.expit(Z)
    np.testing.assert_allclose(silu.slope(Z), s + Z * s * (1 - s), rtol=1e-13)


def with_epsilon(a, y):
    return -np.sum(y * np.log(a + 1e-12), axis=0)


@pytest.mark.parametrize(
    ("value", "gradient"),
    [
        (lambda a, y: ((a - y) ** 2).sum(axis=0) / len(a), lambda a, y: (a - y) * 2 / 2),
        (lambda a, y: 0.5 * np.sum(np.square(a - y), 0), lambda a, y: a - y),
        (lambda a, y: np.linalg.norm(a - y, axis=0), lambda a, y: (a - y) / np.sqrt(((a - y) ** 2).sum(axis=0))),
        (with_epsilon, lambda a, y: -y / (a + 1e-12)),
        (lambda a, y: np.maximum(0, 1 - (2 * y - 1) * a).sum(0), lambda a, y: -(2 * y - 1) * ((2 * y - 1) * a < 1)),
        (lambda a, y: a.mean(0), lambda a, y: np.full_like(a, 0.5)),
        (lambda a, y: -(y * np.log(floored(a))).sum(axis=0), lambda a, y: -y / a),
        (lambda a, y: (np.abs(a - y) ** 1.5).mean(axis=0), lambda a, y: 0.75 * np.sign(a - y) * np.abs(a - y) ** 0.5),
        (lambda a, y: np.log(np.cosh(a - y)).mean(axis=0), lambda a, y: np.tanh(a - y) / 2),
        (
            lambda a, y: 1 - (a * y).sum(axis=0) / np.sqrt((a * a).sum(axis=0) * (y * y).sum(axis=0)),
            lambda a, y: (
                (a * (a * y).sum(axis=0) / (a * a).sum(axis=0) - y) / np.sqrt((a * a).sum(axis=0) * (y * y).sum(axis=0))
            ),
        ),
    ],
)
def test_a_loss_is_derived_right(value, gradient):
    np.testing.assert_allclose(Loss("mine", value).slope(A, Y), gradient(A, Y), rtol=1e-11)


def in_place(z):
    z[z < 0] = 0
    return z


def in_place_arithmetic(z):
    z *= 2
    return z


def by_zeros(z):
    out = np.zeros(z.shape)
    out[z > 0] = z[z > 0]
    return out


def by_cases(z):
    if z > 0:
        return z
    return 0.1 * z


def element_by_element(z):
    out = np.empty_like(z)
    for i in range(z.shape[0]):
        out[i] = np.tanh(z[i])
    return out


def while_large(z):
    while z > 1:
        z = z / 2
    return z


RNG = np.random.default_rng(0)


def with_noise(z):
    return z + RNG.normal(size=z.shape)


def by_math(z):
    return 1 / (1 + math.exp(-z))


def from_math(z):
    from math import tanh

    return tanh(z)


@pytest.mark.parametrize(
    ("forward", "construct", "instead"),
    [
        (lambda z: max(0, z), "Python's max()", "np.maximum(a, b)"),
        (lambda z: z if z > 0 else 0.01 * z, "an if on values", "np.where(condition, yes, no)"),
        (by_cases, "an if on values", "np.where(condition, yes, no)"),
        (lambda z: np.where(-1 < z < 1, z, 0), "a chained comparison", "(low < z) & (z < high)"),
        (lambda z: np.where(z > -1 and z < 1, z, 0), "and on values", "write &"),
        (lambda z: np.where(not z > 0, z, 0), "not on values", "write ~"),
        (while_large, "a while on values", "a loop of fixed length"),
        (by_math, "math.exp", "np.exp"),
        (from_math, "math's tanh", "np.tanh"),
        (lambda z: float(z), "float()", "for arrays, not for one number"),
        (lambda z: np.array([math.tanh(x) for x in z]), "a loop over the elements", "for the whole array"),
        (element_by_element, "indexing by element", "np.where(condition, yes, no)"),
        (lambda z: np.vectorize(math.tanh)(z), "np.vectorize", "np.where in place of if"),
        (lambda z: np.array(z) ** 2, "np.array or np.asarray", "the array itself"),
        (by_zeros, "np.array or np.asarray", "np.zeros_like(z)"),
        (in_place, "an assignment to an element of an argument", "z = z.copy()"),
        (in_place_arithmetic, "an in-place multiply of an argument", "z = z.copy()"),
        (lambda z: np.exp(z, out=z), "out= of np.exp", "use what the function returns"),
        (lambda z: np.add(z, 1, where=z > 0), "where= of np.add", "np.where(condition, yes, no)"),
        (lambda z: np.exp(z) / np.sum(np.exp(z)), "np.sum without axis", "axis=0"),
        (lambda z: z / z.max(axis=1, keepdims=True), "np.max with axis=1", "axis=0"),
        (lambda z: np.sort(z, axis=0), "np.sort", "without sorting"),
        (lambda z: np.cumsum(z, axis=0), "np.cumsum", "sums over whole columns"),
        (lambda z: z @ z.T, ".T", "leave it out"),
        (lambda z: np.dot(np.eye(2), z), "np.dot", "(a * b).sum(axis=0)"),
        (lambda z: np.nan_to_num(z), "np.nan_to_num", "np.where(np.isnan(x), 0, x)"),
        (lambda z: np.einsum("ij->ij", z), "np.einsum", "(a * b).sum(axis=0)"),
        (with_noise, "an array of different numbers", "as parameters"),
        (lambda z: z / z.shape[1], "the number of samples", "depends on that column alone"),
        (lambda z: RNG.normal() * z, "changes from call to call", "random numbers"),
    ],
)
def test_what_is_refused_is_named_with_its_line_and_what_to_write(forward, construct, instead):
    with pytest.raises(DerivativeError) as caught:
        _ = Activation("mine", forward).derived
    message = str(caught.value)
    assert construct in message
    assert instead in message
    if "samples" not in construct and "from call" not in construct:
        assert re.search(r"\(line \d+ of test_naive_formulas.py: .+\)", message), message


@pytest.mark.parametrize(
    ("value", "construct", "instead"),
    [
        (lambda a, y: np.mean((a - y) ** 2), "np.mean without axis", "axis=0"),
        (lambda a, y: sum((a - y) ** 2), "Python's sum()", "np.sum(x, axis=0)"),
        (lambda a, y: ((a - y) ** 2).mean(axis=0, keepdims=True), "isn't one number for each column", "shape (B,)"),
        (lambda a, y: (a - y) ** 2, "isn't one number for each column", "shape (B,)"),
        (lambda a, y: np.array([1.0, 2.0, 5.0]).reshape(3, 1) * (a - y), "an array of different numbers", "parameters"),
    ],
)
def test_a_loss_that_is_refused_says_why(value, construct, instead):
    with pytest.raises(DerivativeError) as caught:
        _ = Loss("mine", value).derived
    assert construct in str(caught.value)
    assert instead in str(caught.value)


def test_a_value_kept_from_an_earlier_call_is_refused():
    kept = []

    def forward(z):
        kept.append(z)
        return z + kept[0]

    with pytest.raises(DerivativeError, match="a value kept from an earlier call"):
        _ = Activation("mine", forward).derived
