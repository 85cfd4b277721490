"""Formulas as strangers write them: each is derived right, or refused in a sentence that says what to write."""

import math
import operator
import re
from decimal import Decimal
from functools import lru_cache, partial, reduce, wraps

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


def into_its_own_array(z):
    out = np.empty_like(z)
    np.tanh(z, out=out)
    np.multiply(out, 2, out=out)
    return out


def into_zeros(z):
    total = np.zeros(z.shape, dtype=z.dtype)
    for k in range(1, 4):
        total += np.sin(k * z) / k
    return total


def checked_like_an_array(z):
    if not isinstance(z, np.ndarray):
        return math.tanh(z)
    if z.ndim == 1:
        z = z[:, None]
    return np.tanh(z[:, :])


def tried(z):
    try:
        return math.tanh(z)
    except Exception:
        return np.tanh(z)


def power(z, n):
    return z if n == 1 else z * power(z, n - 1)


def by_newton(z):
    x = np.ones_like(z)
    for _ in range(30):
        x = x - (x**3 + x - z) / (3 * x**2 + 1)
    return x


def with_a_quieted_overflow(z):
    with np.errstate(over="ignore"):
        return np.log(1 + np.exp(z))


def mirrored(z):
    out = z.copy()
    same = out
    same[same < 0] = -0.5 * same[same < 0]
    return out


class Swish:
    def __init__(self, beta):
        self.beta = beta

    def __call__(self, z):
        return z / (1 + np.exp(-self.beta * z))


def doubled(function):
    @wraps(function)
    def call(*args, **settings):
        return 2 * function(*args, **settings)

    return call


SETTINGS = {"steepness": 1.5}


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
        (into_its_own_array, lambda z: 2 - 2 * np.tanh(z) ** 2),
        (into_zeros, lambda z: np.cos(z) + np.cos(2 * z) + np.cos(3 * z)),
        (checked_like_an_array, lambda z: 1 - np.tanh(z) ** 2),
        (tried, lambda z: 1 - np.tanh(z) ** 2),
        (lambda z: power(z, 5) / 120, lambda z: z**4 / 24),
        (by_newton, lambda z: 1 / (3 * by_newton(z) ** 2 + 1)),
        (with_a_quieted_overflow, lambda z: 1 / (1 + np.exp(-z))),
        (mirrored, lambda z: np.where(z < 0, -0.5, 1)),
        (Swish(1.2), None),
        (Swish(1.2).__call__, None),
        (partial(lambda k, z: np.tanh(k * z), 2.0), lambda z: 2 - 2 * np.tanh(2 * z) ** 2),
        (doubled(lambda z: np.sin(z)), lambda z: 2 * np.cos(z)),
        (lambda z: np.tanh(SETTINGS["steepness"] * z), lambda z: 1.5 * (1 - np.tanh(1.5 * z) ** 2)),
        (lambda z, f=np.arctan: f(z), lambda z: 1 / (1 + z * z)),
        (lambda z: z * (z > 0).astype(int), lambda z: (z > 0) * 1.0),
        (lambda z: (m := z > 0) * z + (1 - m) * np.expm1(z), lambda z: np.where(z > 0, 1, np.exp(z))),
        (lambda z: reduce(operator.add, [z**k for k in (1, 2, 3)]), lambda z: 1 + 2 * z + 3 * z * z),
        (lambda z: (1 + z * z) ** -2, lambda z: -4 * z * (1 + z * z) ** -3),
        (lambda z: 2**z, lambda z: np.log(2) * 2**z),
        (lambda z: np.where(z > 0, np.log(np.abs(z)), z), lambda z: np.where(z > 0, 1 / z, 1)),
        (lambda z: np.degrees(np.arctan(z)), lambda z: 180 / np.pi / (1 + z * z)),
        (lambda z: z * [2] + (1,), lambda z: 0 * z + 2),
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
        (lambda a, y: np.average((a - y) ** 2, axis=0), lambda a, y: a - y),
        (lambda a, y: np.var(a - y, axis=0, ddof=1), lambda a, y: 2 * (a - y - (a - y).mean(axis=0))),
        (lambda a, y: np.linalg.norm(a - y, 3, axis=0) ** 3, lambda a, y: 3 * np.sign(a - y) * (a - y) ** 2),
        (lambda a, y: ((a - y) ** 2).mean(axis=0, keepdims=True).ravel(), lambda a, y: a - y),
        (lambda a, y: np.log(np.exp(a).sum(0)) - (a * y).sum(0), lambda a, y: np.exp(a) / np.exp(a).sum(0) - y),
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
        (lambda z: np.sqrt(z + 0j).real, "a complex number", "np.hypot"),
        (lambda z: np.tanh(z.astype(np.float32)), "astype(float32)", "astype(z.dtype)"),
        (lambda z: np.where(z > -1 & z < 1, z, 0), "& of numbers", "(z > -1) & (z < 1)"),
        (lambda z: np.max([z, 0.1 * z], axis=0), "a list of arrays", "np.maximum(a, b)"),
        (lambda z: z - z[0], "indexing by element", "sums over axis=0"),
        (lambda z: np.roll(z, 1, axis=0), "np.roll", "sums over whole columns"),
        (lambda z: z.flatten(), "np.ravel", "keep the shape (n, B)"),
        (lambda z: z - np.tile(z.mean(0), (len(z), 1)), "np.tile", "combine with (n, B)"),
        (lambda z: z * z.max(axis=0).item(), ".item", "has the shape (B,)"),
        (lambda z: np.logaddexp.reduce(z, axis=0), "np.logaddexp.reduce", "np.log(np.exp(x - m).sum(axis=0))"),
        (lambda z: np.where(np.signbit(z), 0, z), "np.signbit", "x < 0"),
        (lambda z: np.frompyfunc(math.tanh, 1, 1)(z), "tanh (vectorized)", "nnframe.rule"),
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


@pytest.mark.parametrize(
    ("forward", "reason"),
    [
        (lambda z: z * Decimal("0.5"), "unsupported operand type(s) for *: 'array' and 'decimal.Decimal'"),
        (lambda z: z << 1, "unsupported operand type(s) for <<: 'array' and 'int'"),
        (lambda z: lru_cache(np.tanh)(z), "unhashable type: 'array'"),
        (lambda z: z.nothing, "has no attribute 'nothing'"),
        (lambda z: {}["missing"], "KeyError: 'missing'"),
    ],
)
def test_what_a_formula_raises_itself_is_told_with_its_line(forward, reason):
    with pytest.raises(DerivativeError) as caught:
        _ = Activation("mine", forward).derived
    message = str(caught.value)
    assert reason in message
    assert "Symbol" not in message
    assert re.search(r"; line \d+ of test_naive_formulas.py: .+; or give derivative", message), message


def test_a_condition_is_taken_as_a_number():
    derived = Activation("mine", lambda z: z > 0).derived
    assert derived.slope(Z).tolist() == np.zeros_like(Z).tolist()


def test_a_value_kept_from_an_earlier_call_is_refused():
    kept = []

    def forward(z):
        kept.append(z)
        return z + kept[0]

    with pytest.raises(DerivativeError, match="a value kept from an earlier call"):
        _ = Activation("mine", forward).derived
