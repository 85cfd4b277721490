"""Checks of fused forms, which an activation or a loss may declare."""

from __future__ import annotations

import numpy as np

from nnframe import registry
from nnframe.arrays import FLOAT32, FLOAT64, DType
from nnframe.contracts.activation import Activation
from nnframe.contracts.loss import Loss
from nnframe.errors import NNFrameError
from nnframe.registry.binding import bind_activation, bind_objective
from nnframe.testing.outcome import CheckSkipped, require_close
from nnframe.testing.samples import DTYPES, targets, variants

TOLERANCES = {FLOAT32: 1e-4, FLOAT64: 1e-7}


def fused_forms_agree(plugin: Activation | Loss) -> None:
    """A fused gradient agrees with the chain rule, a fused value with the loss, and `both` with the two of them."""
    if not plugin.fused:
        raise CheckSkipped("it has no fused forms")
    tried = 0
    for each in variants(plugin):
        for activation, loss in _pairs(each):
            form = bind_objective(loss, activation).fused
            if form is None:
                continue
            tried += 1
            for dtype in DTYPES:
                _check_pair(activation, loss, dtype)
    if tried == 0:
        raise CheckSkipped("no partner that its fused forms name is installed")


def _check_pair(activation: Activation, loss: Loss, dtype: DType) -> None:
    fused = bind_objective(loss, activation).fused
    assert fused is not None
    # Moderate numbers, so that neither form loses digits.
    z = np.random.default_rng(0).normal(size=(4, 24)).astype(dtype)
    y = targets(loss.y_domain, dtype)
    a = activation.forward(z, **activation.settings)
    chain = bind_activation(activation).backward(loss.slope(a, y, **loss.settings), z, a)
    where, inputs = f"of {loss.spec} after {activation.spec} in {dtype}", {"z": z, "y": y}
    rtol = atol = TOLERANCES[dtype]
    got = fused.form.gradient(z, a, y, **fused.owner.settings)
    advice = "Expected is what the chain rule gives."
    require_close(got, chain, f"the fused gradient {where}", advice, rtol, atol, inputs)
    if fused.form.value is not None:
        value = fused.form.value(z, y, **fused.owner.settings)
        plain = loss.value(a, y, **loss.settings)
        advice = "Expected is value(forward(z), y)."
        require_close(value, plain, f"the fused value {where}", advice, rtol, atol, inputs)
    if fused.form.both is not None:
        values, gradient = fused.form.both(z, y, **fused.owner.settings)
        plain = loss.value(a, y, **loss.settings)
        advice = "Expected are value(forward(z), y) and what the chain rule gives."
        require_close(values, plain, f"the value of fused both {where}", advice, rtol, atol, inputs)
        require_close(gradient, chain, f"the gradient of fused both {where}", advice, rtol, atol, inputs)


def _pairs(plugin: Activation | Loss) -> list[tuple[Activation, Loss]]:
    """Return the plugin with each installed partner of its fused forms."""
    found = []
    for name in plugin.fused:
        try:
            if isinstance(plugin, Loss):
                found.append((registry.resolve(Activation, name), plugin))
            else:
                found.append((plugin, registry.resolve(Loss, name)))
        except NNFrameError:
            continue
    return found
