"""Names that are known without being installed."""

import configparser
import re
from pathlib import Path

import pytest

from nnframe import UnknownNameError, registry
from nnframe.registry import known
from nnframe.registry.kinds import KINDS

PLUGINS = Path(__file__).parents[2] / "plugins"


@pytest.fixture
def alone(monkeypatch):
    """A registry that has the built-ins and nothing else, as in an environment with nnframe alone."""
    monkeypatch.setattr("nnframe.registry.loader.scan_entry_points", list)
    return registry.Registry(registry.BUILTIN_MODULES, registry.BUILTIN_PROVIDER)


def message_for(found, kind, name):
    with pytest.raises(UnknownNameError) as caught:
        found.get(kind, name)
    return str(caught.value)


@pytest.mark.parametrize(
    ("kind", "name", "sentence"),
    [
        ("loss", "focal", "There is no loss 'focal' installed; nnframe-zoo has it: pip install nnframe-zoo"),
        ("engine", "numba", "There is no engine 'numba' installed; nnframe-numba has it: pip install nnframe-numba"),
        (
            "activation",
            "ReLU6",
            "There is no activation 'relu6' installed; nnframe-zoo has it: pip install nnframe-zoo",
        ),
        ("activation", "swish", "'swish' installed; nnframe-swish has it: pip install nnframe-swish"),
        ("activation", "LeakyReLU", "'leakyrelu'; nnframe calls it 'leaky_relu' (pip install nnframe-zoo)"),
        ("activation", "logistic", "'logistic'; nnframe calls it 'sigmoid'"),
        ("loss", "categorical_crossentropy", "'categorical_crossentropy'; nnframe calls it 'cel'"),
        ("loss", "CrossEntropyLoss", "nnframe calls it 'cel', after the activation 'softmax'"),
        ("loss", "Mean-Squared-Error", "'mean-squared-error'; nnframe calls it 'mse'"),
        ("loss", "L1Loss", "nnframe calls it 'mae' (pip install nnframe-zoo)"),
        ("optimizer", "nesterov", "nnframe calls it 'sgd', as 'sgd(momentum=0.9, nesterov=true)'"),
        ("activation", "identity", "'identity'; a layer without activation is linear: leave activation out"),
        ("schedule", "OneCycle", "nnframe calls it 'one_cycle'"),
    ],
)
def test_a_known_name_says_what_to_install_or_to_write(alone, kind, name, sentence):
    assert sentence in message_for(alone, kind, name)


@pytest.mark.parametrize(
    ("kind", "name", "meant"),
    [("activation", "rleu", "relu"), ("activation", "sigmiod", "sigmoid"), ("optimizer", "rmspropp", "rmsprop"),
     ("loss", "smoothed_cell", "smoothed_cel"), ("metric", "acuracy", "accuracy")],
)  # fmt: skip
def test_a_typing_error_gets_the_name(alone, kind, name, meant):
    assert f"did you mean {meant!r}" in message_for(alone, kind, name)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("optimizer", "radam"), ("optimizer", "adamax"), ("optimizer", "adadelta"), ("activation", "prelu"),
     ("loss", "mape"), ("loss", "rmse"), ("metric", "mse"), ("loss", "xyz"), ("activation", "glu")],
)  # fmt: skip
def test_a_name_that_means_something_else_elsewhere_gets_no_similar_name(alone, kind, name):
    message = message_for(alone, kind, name)
    assert "did you mean" not in message
    assert "calls it" not in message


def test_a_name_of_another_kind_is_told(alone):
    assert "'mish' is the name of an activation" in message_for(alone, "loss", "mish")


def test_nothing_is_imported_to_know_a_name(alone, monkeypatch):
    monkeypatch.setattr("importlib.metadata.entry_points", None)
    assert "pip install nnframe-zoo" in message_for(alone, "loss", "focal")


def test_every_alias_leads_to_a_name_that_exists():
    for kind, aliases in known.ALIASES.items():
        names = {*registry.names(kind), *known.provided_names(kind)}
        for key, alias in aliases.items():
            assert key == known.squeezed(key)
            assert not alias.name or alias.name in names


def test_no_name_elsewhere_is_one_of_ours():
    for kind, names in known.ELSEWHERE.items():
        ours = {known.squeezed(name) for name in (*registry.names(kind), *known.provided_names(kind))}
        assert not ours & names


@pytest.mark.parametrize(
    "distribution", ["nnframe-zoo", "nnframe-swish", "nnframe-huber", "nnframe-numba", "nnframe-sklearn"]
)
def test_what_a_distribution_provides_is_what_its_entry_points_claim(distribution):
    config = configparser.ConfigParser()
    config.read(PLUGINS / distribution / "setup.cfg")
    claims = set(re.findall(r"^(\w+) *=", config["options.entry_points"]["nnframe"], re.MULTILINE))
    assert claims == {name for names in known.PROVIDED[distribution].values() for name in names}


def test_every_kind_in_the_tables_is_a_kind_or_is_about_to_be():
    planned = {"command", "reader", "format"}
    assert {kind for kinds in known.PROVIDED.values() for kind in kinds} <= {*KINDS, *planned}
    assert set(known.ALIASES) | set(known.ELSEWHERE) <= set(KINDS)
