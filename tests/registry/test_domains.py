"""Which last layers, losses and targets fit each other."""

import warnings
from itertools import product
from typing import get_args

import numpy as np
import pytest

from nnframe import Activation, ArgumentError, Loss, registry
from nnframe.contracts.domains import DESCRIPTIONS, Domain, includes, sample, violation
from nnframe.registry.domains import check_domains, check_targets


def get(kind, name):
    if name is None:
        return None
    if name in ("log_softmax", "softplus"):
        return Activation(name, np.abs, a_domain={"log_softmax": "log_distribution", "softplus": "positive"}[name])
    if name in ("nll", "hinge", "counts"):
        domains = {"nll": ("log_distribution", "distribution"), "hinge": ("real", "sign"),
                   "counts": ("positive", "nonnegative")}[name]  # fmt: skip
        return Loss(name, lambda a, y: a.sum(axis=0), a_domain=domains[0], y_domain=domains[1])
    return registry.get(kind, name)


@pytest.mark.parametrize(
    ("activation", "loss", "n_outputs"),
    [
        ("softmax", "cel", 3), ("sigmoid", "bce", 1), ("sigmoid", "bce", 4), ("softmax", "bce", 3), (None, "mse", 1),
        ("sigmoid", "mse", 1), ("softmax", "mse", 2), ("relu", "mse", 2), ("tanh", "mse", 2), (None, "hinge", 1),
        ("log_softmax", "nll", 3), ("softplus", "counts", 2),
    ],
)  # fmt: skip
def test_pairs_that_fit_say_nothing(activation, loss, n_outputs):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_domains(get("activation", activation), get("loss", loss), n_outputs)


@pytest.mark.parametrize(
    ("activation", "loss", "n_outputs", "sentence"),
    [
        ("sigmoid", "cel", 1, "use the loss 'bce' with one output, or two outputs with 'softmax' and 'cel'"),
        ("softmax", "cel", 1, "always 1, so that the net learns nothing: for two classes, use the loss 'bce' with one"),
        ("softmax", "bce", 1, "always 1"),
        (None, "cel", 3, "the loss 'cel' takes probabilities that sum to 1 in each column, and the last layer, which "
         "has no activation, returns any numbers: use the activation 'softmax', or the loss 'mse'"),
        (None, "cel", 1, "use 'sigmoid' and the loss 'bce', or two outputs with 'softmax', or the loss 'mse'"),
        ("relu", "cel", 3, "the activation 'relu' of the last layer returns numbers of 0 or more: use the activation "
         "'softmax', or the loss 'mse'"),
        ("tanh", "cel", 2, "use the activation 'softmax'"),
        (None, "bce", 1, "the loss 'bce' takes numbers from 0 to 1"),
        ("tanh", "bce", 1, "use the activation 'sigmoid', or the loss 'mse'"),
        ("softmax", "nll", 3, "use the activation 'log_softmax', or the loss 'cel'"),
        (None, "nll", 3, "use the activation 'log_softmax'"),
        ("relu", "counts", 1, "takes numbers above 0"),
    ],
)  # fmt: skip
def test_pairs_that_do_not_fit_are_refused_with_one_that_does(activation, loss, n_outputs, sentence):
    with pytest.raises(ArgumentError) as caught:
        check_domains(get("activation", activation), get("loss", loss), n_outputs)
    assert sentence in str(caught.value)


def test_several_sigmoids_before_cel_are_legal_and_warned_of():
    with pytest.warns(UserWarning, match="for several at once, the loss 'bce'"):
        check_domains(get("activation", "sigmoid"), get("loss", "cel"), 3)


def test_one_softmax_output_before_another_loss_is_warned_of():
    with pytest.warns(UserWarning, match="one output, which is always 1"):
        check_domains(get("activation", "softmax"), get("loss", "mse"), 1)


def log_softmax(z):
    return z - np.log(np.exp(z).sum(axis=0))


@pytest.mark.parametrize(
    ("forward", "loss", "message"),
    [
        (
            lambda z: np.maximum(z, 0),
            "cel",
            "'mine' of the last layer returns numbers of 0 or more: use the activation",
        ),
        (lambda z: 2 * z, "cel", "returns any numbers: use the activation 'softmax'"),
        (np.tanh, "bce", "returns any numbers: use the activation 'sigmoid'"),
        (log_softmax, "cel", "returns logarithms of probabilities that sum to 1"),
        (lambda z: np.exp(log_softmax(z)), "nll", "returns probabilities that sum to 1"),
    ],
    ids=["relu", "linear", "tanh", "log_softmax", "softmax"],
)
def test_an_activation_that_declares_nothing_is_tried(forward, loss, message):
    with pytest.raises(ArgumentError, match=message):
        check_domains(Activation("mine", forward), get("loss", loss), 3)


def raises(z):
    raise RuntimeError


@pytest.mark.parametrize(
    ("forward", "loss"),
    [
        (lambda z: np.exp(log_softmax(z)), "cel"), (log_softmax, "nll"), (lambda z: 1 / (1 + np.exp(-z)), "bce"),
        (np.exp, "counts"), (np.sin, "mse"), (raises, "cel"), (lambda z: np.full_like(z, np.nan), "cel"),
    ],
    ids=["softmax", "log_softmax", "sigmoid", "exp", "sine", "one that raises", "nan"],
)  # fmt: skip
@pytest.mark.parametrize("n_outputs", [2, 3, 9, 30])
def test_an_activation_that_declares_nothing_is_let_through_if_it_fits_or_cannot_be_tried(forward, loss, n_outputs):
    check_domains(Activation("mine", forward), get("loss", loss), n_outputs)


def test_an_undeclared_softmax_of_one_output_is_refused():
    with pytest.raises(ArgumentError, match="has one output, which is always 1"):
        check_domains(Activation("mine", lambda z: np.exp(log_softmax(z))), get("loss", "cel"), 1)


ONE_HOT = np.eye(3)


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        ("cel", ONE_HOT), ("cel", np.full((2, 4), 0.5)), ("cel", np.array([[1.0], [1.0], [0.0]])),
        ("cel", np.zeros((2, 3))), ("bce", np.array([[0.0, 1.0, 0.3]])), ("mse", np.array([[-1e9, 1e9]])),
        ("hinge", np.array([[-1.0, 1.0]])), ("counts", np.array([[0.0, 7.0]])), ("cel", np.full((2, 1), np.nan)),
    ],
)  # fmt: skip
def test_targets_that_a_loss_takes_pass(loss, y):
    check_targets(get("loss", loss), y)


@pytest.mark.parametrize(
    ("loss", "y", "sentence"),
    [
        ("cel", [[-1.0, 1.0], [1.0, -1.0]], "targets has -1 in sample 0, and the loss 'cel' takes probabilities that "
         "sum to 1 in each column: use the loss 'mse' with 'tanh', or 'hinge' with no activation, or write the labels "
         "-1 and 1 as 0 and 1"),
        ("bce", [[0.0, 1.0, 2.0]], "2 in sample 2, and the loss 'bce' takes numbers from 0 to 1: use the loss 'mse' "
         "with no activation"),
        ("cel", [[5.5, 1.0], [0.0, 0.0]], "5.5 in sample 0"),
        ("hinge", [[0.0, 1.0]], "the loss 'hinge' takes -1 or 1: use the loss 'bce' with 'sigmoid', or write the "
         "labels 0 and 1 as -1 and 1"),
        ("counts", [[1.0, -0.5]], "-0.5 in sample 1"),
    ],
)  # fmt: skip
def test_targets_that_a_loss_does_not_take_are_refused_with_one_that_does(loss, y, sentence):
    with pytest.raises(ArgumentError) as caught:
        check_targets(get("loss", loss), np.array(y))
    assert sentence in str(caught.value)


def test_a_part_of_the_targets_is_numbered_from_its_first_sample():
    with pytest.raises(ArgumentError, match="y of validation has 3 in sample 101"):
        check_targets(get("loss", "cel"), np.array([[1.0, 3.0]]), "y of validation", first=100)


@pytest.mark.parametrize("domain", get_args(Domain))
def test_samples_of_a_domain_are_in_it_and_in_all_that_include_it(domain):
    columns = sample(domain, (5, 200), np.random.default_rng(0))
    for other in get_args(Domain):
        assert not includes(other, domain) or violation(other, columns, 1e-12) is None


def test_what_includes_what_is_transitive():
    for a, b, c in product(get_args(Domain), repeat=3):
        if includes(a, b) and includes(b, c):
            assert includes(a, c)


def test_every_domain_is_described():
    assert set(DESCRIPTIONS) == set(get_args(Domain))


def test_an_unknown_domain_is_refused_with_the_known_ones():
    with pytest.raises(ArgumentError, match=r"a_domain of activation 'x' is 'reel'; expected one of 'real', .*'sign'"):
        Activation("x", np.tanh, a_domain="reel")
