"""Checks, before the first epoch, that a last layer, a loss and targets fit together.

>>> from nnframe import registry
>>> check_domains(registry.get("activation", "softmax"), registry.get("loss", "cel"), n_outputs=3)
>>> check_domains(registry.get("activation", "sigmoid"), registry.get("loss", "cel"), n_outputs=1)
Traceback (most recent call last):
...
nnframe.errors.ArgumentError: the loss 'cel' takes probabilities that sum to 1 in each column, and the activation \
'sigmoid' of the last layer returns numbers from 0 to 1, with one output: for two classes, use the loss 'bce' with one \
output, or two outputs with 'softmax' and 'cel'
"""

from __future__ import annotations

import warnings

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.activation import Activation
from nnframe.contracts.domains import DESCRIPTIONS, Domain, includes, violation
from nnframe.contracts.loss import Loss
from nnframe.errors import ArgumentError

# The activation for a loss, by its a_domain.
ACTIVATION_FOR: dict[Domain, str] = {
    "probability": "sigmoid",
    "distribution": "softmax",
    "log_distribution": "log_softmax",
    "positive": "softplus",
    "nonnegative": "relu",
}
# The loss for targets, by their domain, with its activation.
PAIR_FOR: dict[Domain, str] = {
    "sign": "'mse' with 'tanh', or 'hinge' with no activation",
    "real": "'mse' with no activation",
    "nonnegative": "'mse' with no activation",
    "probability": "'bce' with 'sigmoid'",
}

# Pre-activations that show what an activation returns, each next to others in every column.
TRIED = (-8.0, 3.0, -1.5, 0.5, 0.0, 8.0, -3.0, 1.5, -0.5)
# Each with a tolerance for the rounding of probabilities.
TRIED_DOMAINS: dict[Domain, float] = {
    "distribution": 1e-9, "log_distribution": 1e-9, "probability": 1e-9, "positive": 0.0, "nonnegative": 0.0,
}  # fmt: skip


def check_domains(activation: Activation | None, loss: Loss, n_outputs: int) -> None:
    """Raise if a loss doesn't fit the activation of the last layer; warn if training would teach little.

    Parameters
    ----------
    activation : Activation or None
        None for a layer without activation, which returns any numbers. One that doesn't declare its `a_domain` is tried
        with a few columns.
    loss : Loss
    n_outputs : int
        The last layer's outputs.

    Raises
    ------
    ArgumentError
        If they don't fit, with a pair that does.

    Warns
    -----
    UserWarning
        If probabilities that needn't sum to 1 go into a loss that is meant for a distribution, or if the only output of
        a last layer is always 1.
    """
    taken = loss.a_domain
    if activation is None:
        given: Domain | None = "real"
    else:
        # A loss that takes any numbers takes those of any activation.
        given = activation.a_domain or (None if taken == "real" else tried_domain(activation, n_outputs))
    if given is None:
        return
    whose = "the last layer, which has no activation," if activation is None else _whose(activation)
    if given == "distribution" and n_outputs == 1:
        what = f"{whose} has one output, which is always 1, so that the net learns nothing: {_two_classes()}"
        if taken in ("distribution", "probability"):
            raise ArgumentError(what)
        warnings.warn(what, stacklevel=2)
        return
    if includes(taken, given):
        return
    mismatch = (
        f"the loss {loss.spec!r} takes {DESCRIPTIONS[taken]}, and {whose} returns {DESCRIPTIONS[given]}"
        f"{', with one output' if n_outputs == 1 else ''}"
    )
    if (taken, given) == ("distribution", "probability"):
        if n_outputs == 1:
            raise ArgumentError(f"{mismatch}: {_two_classes()}")
        warnings.warn(
            f"{mismatch}: outputs that are too high cost nothing. For one class of several, use the activation "
            f"'softmax'; for several at once, the loss 'bce'",
            stacklevel=2,
        )
        return
    fitting = [f"the activation {ACTIVATION_FOR[taken]!r}"] if taken in ACTIVATION_FOR else []
    if taken == "distribution" and n_outputs == 1:
        fitting = ["'sigmoid' and the loss 'bce'", "two outputs with 'softmax'"]
    if given == "distribution" and taken == "log_distribution":
        fitting.append("the loss 'cel'")
    elif given in PAIR_FOR:
        fitting.append(f"the loss {PAIR_FOR[given].partition(' with')[0]}")
    raise ArgumentError(f"{mismatch}: use {', or '.join(fitting)}")


def check_targets(loss: Loss, y: Array, name: str = "targets", first: int = 0) -> None:
    """Raise if targets are outside of a loss's y_domain.

    Parameters
    ----------
    loss : Loss
    y : ndarray, shape (n, B)
        One column a sample.
    name : str, optional
        What they are called in an error.
    first : int, optional
        The number of the first column among all samples, for the error.

    Raises
    ------
    ArgumentError
        If a target is outside of the loss's `y_domain`, with a loss that takes it. Columns that don't sum to 1 are let
        through, for a loss such as cel is defined for them; NaN is found elsewhere.
    """
    domain: Domain = "probability" if loss.y_domain == "distribution" else loss.y_domain
    found = violation(domain, y)
    if found is None:
        return
    value, _, column = found.partition(" in column ")
    advice = next((pair for other, pair in PAIR_FOR.items() if violation(other, y) is None), PAIR_FOR["real"])
    if domain == "sign" and violation("probability", y) is None:
        advice = f"{PAIR_FOR['probability']}, or write the labels 0 and 1 as -1 and 1"
    elif domain == "probability" and violation("sign", y) is None:
        advice = f"{advice}, or write the labels -1 and 1 as 0 and 1"
    raise ArgumentError(
        f"{name} has {value} in sample {first + int(column)}, and the loss {loss.spec!r} takes "
        f"{DESCRIPTIONS[loss.y_domain]}: use the loss {advice}"
    )


def tried_domain(activation: Activation, n_outputs: int) -> Domain | None:
    """Return the smallest domain that holds what an activation returns for a few columns; None if it can't be tried.

    Parameters
    ----------
    activation : Activation
    n_outputs : int
        The length of a column.
    """
    z = np.resize(TRIED, (len(TRIED) + 1, n_outputs)).T
    try:
        with np.errstate(all="ignore"):
            a = np.asarray(activation.forward(z, **activation.settings), np.float64)
    except Exception:
        # What is wrong with it is told with its name where it is called for the net.
        return None
    if a.shape != z.shape or np.isnan(a).any():
        return None
    return next(
        (domain for domain, tolerance in TRIED_DOMAINS.items() if violation(domain, a, tolerance) is None), "real"
    )


def _two_classes() -> str:
    return "for two classes, use the loss 'bce' with one output, or two outputs with 'softmax' and 'cel'"


def _whose(activation: Activation) -> str:
    return f"the activation {activation.spec!r} of the last layer"
