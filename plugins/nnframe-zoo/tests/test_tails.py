"""Exactness where the plain formula has lost all digits, against values worked out by hand."""

import math

import numpy as np
import pytest

from nnframe import registry
from nnframe.registry.binding import bind_objective


def column(*values):
    return np.array(values, dtype=np.float64).reshape(-1, 1)


def result_of(spec, part, z):
    activation = registry.get("activation", f"nnframe-zoo/{spec}")
    part = {"derivative": "slope"}.get(part, part)
    return getattr(activation, part)(column(z), **activation.settings).item()


EXP_50 = math.exp(-50.0)


@pytest.mark.parametrize(
    ("spec", "part", "z", "wanted"),
    [
        # log(1 + x) and x / (1 + x) are x for x = exp(-50), to rounding.
        ("softplus", "forward", -50.0, EXP_50),
        ("softplus(beta=2)", "forward", -25.0, EXP_50 / 2),
        ("softplus", "derivative", -50.0, EXP_50),
        ("logsigmoid", "forward", 50.0, -EXP_50),
        ("logsigmoid", "derivative", 50.0, EXP_50),
        ("silu", "forward", -50.0, -50 * EXP_50),
        ("silu", "derivative", -50.0, -49 * EXP_50),
        ("mish", "forward", -50.0, -50 * EXP_50),
        ("mish", "derivative", -50.0, -49 * EXP_50),
        ("gelu", "forward", -20.0, -10 * math.erfc(20 / math.sqrt(2))),
        # exp(z) - 1 is z for z = -1e-20.
        ("elu", "forward", -1e-20, -1e-20),
        ("celu(alpha=0.5)", "forward", -1e-20, -1e-20),
    ],
)
def test_a_tail_keeps_its_digits(spec, part, z, wanted):
    assert result_of(spec, part, z) == pytest.approx(wanted, rel=1e-13)


def test_gelu_tanh_keeps_its_digits_in_the_lower_tail():
    u = math.sqrt(2 / math.pi) * (-6 - 0.044715 * 216)
    assert result_of("gelu_tanh", "forward", -6.0) == pytest.approx(-6 * math.exp(2 * u) / (1 + math.exp(2 * u)))


def test_log_softmax_keeps_the_log_of_a_nearly_certain_class():
    log_softmax = registry.get("activation", "nnframe-zoo/log_softmax")
    np.testing.assert_allclose(log_softmax.forward(column(50, 0)), column(-EXP_50, -50))


def test_log_softmax_shares_equally_among_equal_scores():
    log_softmax = registry.get("activation", "nnframe-zoo/log_softmax")
    np.testing.assert_allclose(log_softmax.forward(column(1e4, 1e4)), -np.log(column(2, 2)))


def test_log_cosh_of_a_small_error_is_half_its_square():
    log_cosh = registry.get("loss", "nnframe-zoo/log_cosh")
    assert log_cosh.value(column(1e-9), column(0)).item() == pytest.approx(0.5e-18)


def test_log_cosh_of_a_large_error_is_the_error_less_log_2():
    log_cosh = registry.get("loss", "nnframe-zoo/log_cosh")
    assert log_cosh.value(column(-1e4), column(0)).item() == pytest.approx(1e4 - math.log(2), rel=1e-15)


def test_focal_of_a_nearly_certain_right_answer_is_its_chance_of_error_cubed():
    focal, softmax = registry.get("loss", "nnframe-zoo/focal"), registry.get("activation", "softmax")
    form, z = bind_objective(focal, softmax), column(50, 0)
    assert form.value(z, softmax.forward(z), column(1, 0)).item() == pytest.approx(EXP_50**3)


@pytest.mark.parametrize("a", [0.0, 1.0])
@pytest.mark.parametrize("name", ["focal", "smoothed_cel"])
def test_a_probability_of_exactly_0_or_1_is_no_trouble(name, a):
    loss = registry.get("loss", f"nnframe-zoo/{name}")
    arrays = column(a, 1 - a), column(1, 0)
    assert np.isfinite(loss.value(*arrays, **loss.settings)).all()
    assert np.isfinite(loss.slope(*arrays, **loss.settings)).all()


def test_poisson_nll_of_a_mean_that_is_not_positive_is_no_trouble():
    loss = registry.get("loss", "nnframe-zoo/poisson_nll(log_input=false)")
    arrays = column(0, -1, -1e4), column(0, 1, 2)
    assert np.isfinite(loss.value(*arrays, **loss.settings)).all()
    assert np.isfinite(loss.slope(*arrays, **loss.settings)).all()


def test_kl_div_of_equal_distributions_is_0():
    kl_div = registry.get("loss", "nnframe-zoo/kl_div")
    y = column(0.25, 0.75, 0)
    assert kl_div.value(np.log(column(0.25, 0.75, 1e-9)), y).item() == 0


def test_a_column_of_zeros_has_a_finite_cosine():
    cosine = registry.get("loss", "nnframe-zoo/cosine")
    assert cosine.value(column(0, 0), column(3, 4), eps=1e-8).item() == 1
    np.testing.assert_allclose(cosine.slope(column(0, 0), column(3, 4), eps=0.5), column(-1.2, -1.6))
