"""What the author of swish promises."""

import math

import pytest
from nnframe_swish import swish

import nnframe.testing
from nnframe import denseLayer, registry


def test_swish_is_found_by_name():
    assert registry.get("activation", "swish") is swish


@pytest.mark.parametrize("z", [-3.0, 0.0, 0.5, 4.0])
def test_forward_is_the_formula(z):
    layer = denseLayer([[1.0]], activation="swish(beta=2)")
    assert layer.forwardPass([[z]]).item() == pytest.approx(z / (1 + math.exp(-2 * z)))


@nnframe.testing.parametrize_plugin_checks("nnframe-swish")
def test_it_keeps_the_contract(check):
    check()
