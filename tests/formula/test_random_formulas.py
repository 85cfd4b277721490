"""Formulas drawn at random from all that can be recorded: value, slope, float32 and extremes are right.

Slopes are held against differences in extended precision, which know nothing of the rules.
"""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from nnframe import Activation, Loss
from nnframe.formula.derived import recorded
from nnframe.formula.source import source_of

UNARY = (
    "np.tanh({})",
    "np.exp(-np.abs({}))",
    "np.exp(np.minimum({}, 1))",
    "np.expm1(np.clip({}, -2, 1))",
    "np.log1p(np.abs({}))",
    "np.log(1 + ({0}) * ({0}))",
    "np.sqrt(1 + ({0}) ** 2)",
    "np.sin({})",
    "np.cos({})",
    "np.arctan({})",
    "np.abs({})",
    "np.maximum({}, 0)",
    "np.minimum({}, 0.5)",
    "np.clip({}, -1, 2)",
    "np.square({})",
    "-({})",
    "1 / (1 + np.abs({}))",
    "1 / (1 + np.exp(-({})))",
    "np.logaddexp(0, {})",
    "np.sign({0}) * np.tanh({0})",
    "({0} > 0.3) * {0}",
    "np.heaviside({}, 0.5)",
    "np.cbrt(2 + np.abs({}))",
    "np.hypot({}, 1)",
    "np.arcsinh({})",
)
BINARY = (
    "({} + {})",
    "({} - {})",
    "({} * {})",
    "{} / (2 + np.abs({}))",
    "np.maximum({}, {})",
    "np.minimum({}, {})",
    "np.where({0} > {1}, 1.5 * {0} - 0.5 * {1}, {1})",
    "np.where(z > 0.25, {}, {})",
    "np.where((z > -1) & (z < 1), {}, {})",
    "np.select([z < -1, z < 1], [{}, {}], z)",
    "np.piecewise(z, [z < 0], [lambda z: {}, lambda z: {}])",
    "np.exp(np.minimum({}, 0)) * {}",
    "(1 + np.abs({})) ** (1 / (1 + np.exp(-np.abs({}))))",
    "np.logaddexp({}, {})",
)
NUMBERS = st.sampled_from(["0.5", "2", "(-1.25)", "0.1", "3"])


def formulas(leaves):
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(str.format, st.sampled_from(UNARY), inner),
            st.builds(str.format, st.sampled_from(BINARY), inner, inner),
        ),
        max_leaves=6,
    )


ELEMENTWISE = formulas(st.one_of(st.just("z"), st.just("z"), NUMBERS.map("({} * z)".format), NUMBERS))
ROWS = st.sampled_from(["{}.sum(axis=0, keepdims=True)", "{}.mean(axis=0)", "{}.max(axis=0)", "np.min({}, axis=0)"])


def function_of(text, arguments="z"):
    return eval(f"lambda {arguments}: {text} + 0 * {arguments[0]}", {"np": np})


def extended_differences(function, x):
    """Return slopes with their uncertainty: where the formula bends, both sides differ."""
    x = x.astype(np.longdouble)
    step = np.longdouble(1e-6)
    with np.errstate(all="ignore"):
        middle, above, below = function(x), function(x + step), function(x - step)
    right, left = (above - middle) / step, (middle - below) / step
    return (right + left) / 2, np.abs(right - left)


def assert_slopes(got, function, z):
    expected, bend = extended_differences(function, z)
    known = np.isfinite(expected) & (bend < 1e-3) & (np.abs(expected) < 1e6)
    assume(known.any())
    error = np.abs(got - expected) / (1 + np.abs(expected))
    assert not np.isnan(got[known]).any()
    assert (error[known] < 1e-5).all(), (got, expected)


POINTS = np.array([-2.7310, -1.3177, -0.6123, -0.2219, 0.1351, 0.4137, 0.8781, 1.6543, 3.2171]).reshape(-1, 1)
# Enough to find a slip; FORMULAS=5000 finds what is rare.
MANY = settings(
    max_examples=int(os.environ.get("FORMULAS", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much],
)


@MANY
@given(ELEMENTWISE)
@example("np.where(z > 0.25, np.logaddexp(z, z), (0.1 * z))")
def test_a_random_formula_has_the_slope_of_its_differences(text):
    forward = function_of(text)
    derived = Activation("mine", forward).derived
    assert_slopes(derived.slope(POINTS), forward, POINTS)
    with np.errstate(all="ignore"):
        a = forward(POINTS)
        assert_slopes(derived.backward(np.ones_like(POINTS), POINTS, a), forward, POINTS)


@MANY
@given(ELEMENTWISE)
def test_a_random_formula_is_recorded_as_it_is(text):
    forward = function_of(text)
    for dtype in (np.float64, np.float32):
        z = POINTS.astype(dtype)
        for compiles in (False, True):
            source = source_of(
                "forward", [recorded(forward, ["z"], {})], ["z"], dtype=np.dtype(dtype), compiles=compiles
            )
            with np.errstate(all="ignore"):
                expected, got = forward(z), source.compiled()(z)
            tolerance = 1e-4 if dtype == np.float32 else 1e-12
            np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)
            assert compiles or got.dtype == dtype


@MANY
@given(ELEMENTWISE)
def test_a_random_slope_stays_float32_and_nearly_the_same(text):
    forward = function_of(text)
    derived = Activation("mine", forward).derived
    z = POINTS.astype(np.float32)
    got = derived.slope(z)
    assert got.dtype == np.float32
    exact = z.astype(np.float64)
    expected, moved = derived.slope(exact), derived.slope(exact * (1 + 1e-6))
    # Where the slope hangs on the last digits of z, or of numbers that cancel, float32 can't know it.
    steady = np.abs(moved - expected) < 1e-4 * (1 + np.abs(expected))
    error = np.abs(got - expected) / (1 + np.abs(expected))
    assert (error[steady & (np.abs(expected) < 100)] < 2e-3).all()


@MANY
@given(ELEMENTWISE, st.sampled_from([-1e4, -100.0, 100.0, 1e4]))
def test_a_random_slope_is_a_number_wherever_the_formula_is_one(text, at):
    forward = function_of(text)
    z = np.array([[at]])
    with np.errstate(all="ignore"):
        around = forward(z + np.array([[-1.0, -1e-3, 0.0, 1e-3, 1.0]]))
    if np.isfinite(around).all():
        assert not np.isnan(Activation("mine", forward).derived.slope(z)).any()


@MANY
@given(ELEMENTWISE, ELEMENTWISE, ROWS, st.sampled_from(["{0} * {1}", "{0} - {1}", "{0} / (1 + np.abs({1}))"]))
def test_a_random_mixing_formula_has_the_jacobian_product_of_its_differences(one, other, row, joined):
    text = joined.format(f"({one})", row.format(f"({other} + 0 * z)"))
    forward = function_of(text)
    derived = Activation("mine", forward).derived
    rng = np.random.default_rng(0)
    z, grad = rng.normal(size=(2, 3, 4))
    with np.errstate(all="ignore"):
        a = forward(z)
    got = derived.backward(grad, z, a)
    for i in range(3):

        def total(row, i=i):
            at = z.astype(np.longdouble)
            at[i] = row
            return (grad * forward(at)).sum(axis=0)

        assert_slopes(got[i], total, z[i])


LOSS_LEAVES = st.sampled_from(["a", "a", "(a - y)", "(y * a)", "y", "0.5"])


@MANY
@given(
    formulas(LOSS_LEAVES),
    st.sampled_from(["({}).sum(axis=0)", "({}).mean(axis=0)", "np.sqrt(1 + (({}) ** 2).sum(axis=0))"]),
)
def test_a_random_loss_has_the_gradient_of_its_differences(text, row):
    # numpy calls the pieces with parts of z alone.
    assume("piecewise" not in text)
    text = row.format(text.replace("z", "a") + " + 0 * a")
    value = eval(f"lambda a, y: {text}", {"np": np})
    rng = np.random.default_rng(1)
    a, y = rng.normal(size=(2, 3, 5))
    got = Loss("mine", value).slope(a, y)
    for i in range(3):

        def moved(row, i=i):
            at = a.astype(np.longdouble)
            at[i] = row
            return value(at, y)

        assert_slopes(got[i], moved, a[i])


@pytest.mark.parametrize("text", UNARY + BINARY)
def test_every_rule_is_drawn_from(text):
    Activation("mine", function_of(text.format("z", "(0.5 * z)"))).derived.slope(POINTS)
