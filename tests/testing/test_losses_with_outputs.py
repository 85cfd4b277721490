"""The kit on losses with several outputs for each target, and on those that take inputs and weights by name."""

import numpy as np
import pytest

from nnframe import Loss
from nnframe.testing import run_checks


def laplace(a, y):
    return (np.abs(y - a[0]) * np.exp(-a[1]) + a[1]).sum(axis=0)


def scaled(a):
    return a[0], np.exp(a[1])


def loss(**changes):
    settings = {"value": laplace, "outputs": 2, "point": lambda a: a[0], "distribution": scaled}
    return Loss("laplace_nll", doc="L = |y - m| exp(-s) + s. Source: an example.", **{**settings, **changes})


def failures(plugin):
    return {result.name: result.message for result in run_checks(plugin) if result.outcome == "failed"}


def test_right_ones_pass():
    by_name = Loss(
        "exposed",
        lambda a, y, x, sample_weight: sample_weight * (np.exp(x[0]) * np.exp(a) - y * a).mean(axis=0),
        doc="L = e exp(a) - y a. Source: an example.",
    )
    assert failures(loss()) == failures(by_name) == {}


@pytest.mark.parametrize(
    ("changes", "check", "message"),
    [
        ({"gradient": lambda a, y: np.stack([np.sign(a[0] - y), a[1]])}, "gradient_matches_differences", "gradient(a"),
        ({"point": lambda a: a}, "answers_fit_the_targets", "point: returned an array of shape (2, 4, 24)"),
        ({"distribution": lambda a: (a[0], a[1])}, "answers_fit_the_targets", "distribution(a) has a scale of -"),
        ({"distribution": lambda a: a[0]}, "answers_fit_the_targets", "expected (mean, scale)"),
        ({"quantiles": lambda a, levels: np.stack([a[0] - level for level in levels.tolist()])},
         "answers_fit_the_targets", "are in the wrong order"),
        ({"value": lambda a, y: np.abs(a[0] - y).sum(axis=0) + 0 * a.mean()}, "gradient_matches_differences",
         "can't be derived"),
    ],
)  # fmt: skip
def test_a_wrong_one_is_found(changes, check, message):
    found = failures(loss(**changes))
    assert message in found[check], found
