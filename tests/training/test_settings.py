"""Settings has a line for each argument of nEpochs, with the same default, and checks it."""

import dataclasses
import inspect

import numpy as np
import pytest

import nnframe
from nnframe import ArgumentError, ArgumentTypeError, nNet
from nnframe.training.settings import Settings

ARGUMENTS = {
    name: parameter.default
    for name, parameter in inspect.signature(nNet.nEpochs).parameters.items()
    if name not in ("self", "data")
}
FIELDS = {field.name: field.default for field in dataclasses.fields(Settings)}


def test_the_fields_are_the_arguments_of_nepochs():
    assert FIELDS.keys() == ARGUMENTS.keys()


def test_the_defaults_are_those_of_nepochs():
    # A run always says how many epochs; a trainer has none.
    optional = FIELDS.keys() - {"loss", "n"}
    assert {name: FIELDS[name] for name in optional} == {name: ARGUMENTS[name] for name in optional}


def test_help_describes_every_argument():
    described = inspect.getdoc(nNet.nEpochs)
    assert [name for name in ARGUMENTS if name not in described] == []


def test_the_settings_of_a_trainer_are_some_of_them():
    parameters = inspect.signature(nNet.trainer).parameters
    shared = parameters.keys() & ARGUMENTS.keys() - {"n"}
    assert {name: parameters[name].default for name in shared} == {name: ARGUMENTS[name] for name in shared}


def test_fields_hold_what_was_checked():
    settings = Settings.of(loss="MSE", learning_rate=np.float32(0.5), schedule="cosine", metrics=["mae"], dropout=[0.5])
    assert settings.loss is nnframe.registry.get("loss", "mse")
    assert (settings.learning_rate, type(settings.learning_rate)) == (0.5, float)
    assert settings.schedule.name == "cosine"
    assert settings.metrics == {"mae": nnframe.registry.get("metric", "mae")}
    assert settings.dropout == (0.5,)
    assert settings.engine.name == "numpy"


def test_plain_sgd_is_a_learning_rate_and_no_optimizer():
    assert Settings.of(loss="mse", optimizer="sgd(learning_rate=0.2)").optimizer is None
    assert Settings.of(loss="mse", optimizer="sgd(learning_rate=0.2)").learning_rate == 0.2
    assert Settings.of(loss="mse", optimizer="sgd(learning_rate=0.2, momentum=0.9)").optimizer is not None


def test_settings_can_not_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings.of(loss="mse", learning_rate=0.1).n = 3


@pytest.mark.parametrize("method", ["backprop", "nEpochs"])
def test_an_unknown_argument_is_named(method):
    arguments = [[([[0]], [[0]])], "mse", 0.1]
    net = nNet.from_sizes([1, 1])
    with pytest.raises(TypeError, match="momentum"):
        getattr(net, method)(*([1] if method == "nEpochs" else []), *arguments, momentum=0.9)


def test_what_is_missing_is_named():
    with pytest.raises(ArgumentTypeError, match="loss is missing"):
        Settings.of(learning_rate=0.1)
    with pytest.raises(ArgumentError, match="learning_rate is missing; expected a number"):
        Settings.of(loss="mse")


@pytest.mark.parametrize("value", ["no", "False", None, [True], 2])
def test_shuffle_is_true_or_false_and_no_text(value):
    with pytest.raises(ArgumentTypeError, match=r"shuffle is .*expected True or False"):
        Settings.of(loss="mse", learning_rate=0.1, shuffle=value)
