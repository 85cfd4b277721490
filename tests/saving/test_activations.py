"""Activations in files: how they are found again, and what is said when one is missing or another."""

import math
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

import nnframe
from nnframe import (
    Activation,
    PluginError,
    hookimpl,
    registry,
)
from nnframe.errors import ChangedFormulaWarning
from nnframe.saving.files import read_file, read_manifest, write_file

sys.path.insert(0, str(Path(__file__).parent))
from saved_nets import activation_with, load_changed, net_with, refused


@pytest.mark.parametrize(
    ("written", "parameters", "saved"),
    [
        ("many(mode=fast)", {"mode": "fast"}, "fast"),
        ("many(mode='None, (it) is = \"\"')", {"mode": 'None, (it) is = ""'}, 'None, (it) is = ""'),
        ("many(mode=slow, best=none)", {"best": None}, None),
        ("many(best='true')", {"best": "true"}, "true"),
        ("many(mode=slow, knots=(1, 2.5))", {"knots": (1.0, 2.5)}, [1.0, 2.5]),
        ("many(knots=(-inf, inf))", {"knots": (-math.inf, math.inf)}, [{"float": "-inf"}, {"float": "inf"}]),
        ("many(top=inf)", {"top": math.inf}, {"float": "inf"}),
        ("many(count=3)", {"count": 3}, 3),
    ],
)
def test_parameters_of_every_type_come_back(path, written, parameters, saved):
    many = Activation(
        "many",
        lambda z, mode, best, knots, top, count: np.minimum(z, top) * count,
        params={"mode": "slow", "best": None, "knots": (0.0, math.inf), "top": 6.0, "count": 1},
        limits={"best": str, "top": "(0, inf]"},
    )
    with registry.temporarily(many):
        net_with(written).save(path)
        assert read_manifest(path)["model"]["activations"][0]["parameters"][next(iter(parameters))] == saved
        layer = nnframe.load(path).layersList[0]
        assert layer.resolved_activation == many.with_params(**parameters)
        assert registry.get("activation", layer.activation) == many.with_params(**parameters)


def test_a_parameter_that_is_a_plugin_comes_back_with_its_parameters_and_provider(path, new_bump):
    gated = Activation(
        "gated",
        lambda z, inner: z * inner.forward(z, **inner.settings),
        params={"inner": registry.get("activation", "sigmoid")},
        limits={"inner": Activation},
    )
    one, other = new_bump(), Activation("bump", np.tanh)
    with registry.temporarily(gated), registry.temporarily(one, name="one"), registry.temporarily(other, name="two"):
        net = net_with(gated.with_params(inner=one.with_params(width=3.0)))
        net.save(path)
        inner = nnframe.load(path).layersList[0].resolved_activation.settings["inner"]
        assert inner == one.with_params(width=3.0)
        assert registry.provider_of(inner).name == "one"
    with registry.temporarily(gated):
        assert "it needs the activation 'one/bump', which is not installed" in refused(path)


def test_an_object_comes_back_as_its_name(path, new_bump):
    activation = new_bump()
    with registry.temporarily(activation):
        net_with(activation.with_params(width=3.0)).save(path)
        assert nnframe.load(path).layersList[0].activation == "bump(width=3.0)"


def test_the_provider_decides_between_two_plugins_of_one_name(path, new_bump):
    one, other = new_bump(), Activation("bump", np.tanh, lambda z: 1 - np.tanh(z) ** 2)
    with registry.temporarily(one, name="rival-one"), registry.temporarily(other, name="rival-two"):
        net_with(other).save(path)
        layer = nnframe.load(path).layersList[0]
        assert registry.provider_of(layer.resolved_activation).name == "rival-two"
        assert layer.activation == "rival-two/bump"


def test_an_activation_from_code_is_found_in_another_module(path, new_bump):
    with registry.temporarily(new_bump(), name="__main__"):
        net_with("bump(width=3)").save(path)
    with registry.temporarily(new_bump(), name="nnframe-bump"):
        assert nnframe.load(path).layersList[0].activation == "bump(width=3.0)"


def test_parameters_stay_when_a_newer_version_has_other_defaults(path, new_bump):
    with registry.temporarily(new_bump()):
        net_with("bump(width=3)").save(path)
    with registry.temporarily(new_bump(height=7.0, width=3.0)):
        loaded = nnframe.load(path).layersList[0].resolved_activation
    assert loaded.settings == {"height": 1.0, "width": 3.0}


def test_a_pickle_and_a_file_agree_when_a_newer_version_has_other_defaults(path, new_bump):
    with registry.temporarily(new_bump(), name="some_module"):
        net = net_with("bump(width=3)")
        net.save(path)
        pickled = pickle.dumps(net)
    with registry.temporarily(new_bump(height=7.0, width=3.0), name="some_module"):
        of_file, of_pickle = (
            each.layersList[0].resolved_activation.settings for each in (nnframe.load(path), pickle.loads(pickled))
        )
    assert of_file == of_pickle == {"height": 1.0, "width": 3.0}


def test_a_parameter_that_a_newer_version_adds_has_its_default(path):
    with registry.temporarily(Activation("grown", lambda z, a: a * z, params={"a": 1.0})):
        net_with("grown(a=2)").save(path)
    with registry.temporarily(Activation("grown", lambda z, a, b: a * z + b, params={"a": 1.0, "b": 0.0})):
        assert nnframe.load(path).layersList[0].resolved_activation.settings == {"a": 2.0, "b": 0.0}


def test_a_removed_parameter_is_reported(path, new_bump):
    with registry.temporarily(new_bump(), name="some_module"):
        net_with("bump(width=3)").save(path)
    with registry.temporarily(Activation("bump", np.tanh), name="some_module"):
        message = refused(path)
    assert "it was saved with 'bump(height=1.0, width=3.0)' of some_module (registered in code)" in message
    assert "bump has no parameter 'height'" in message
    assert message.endswith("register(...) with the one it was saved with, or import the module that does")


def test_a_missing_activation_from_code_asks_to_register_it(path, new_bump):
    with registry.temporarily(new_bump(), name="some_module"):
        net_with("bump").save(path)
    message = refused(path)
    assert "it needs the activation 'bump', which some_module registered in code" in message
    assert message.endswith("register(...) with the one it was saved with, or import the module that does")


@pytest.mark.filterwarnings("ignore::nnframe.errors.ChangedFormulaWarning")
def test_a_broken_plugin_is_blamed_and_not_the_file(path, new_bump):
    with registry.temporarily(new_bump(), name="some_module"):
        net_with("bump").save(path)

    def fails(z, height, width):
        raise RuntimeError("out of order")

    broken = Activation("bump", fails, params={"height": 1.0, "width": 2.0})
    with registry.temporarily(broken, name="some_module"), pytest.raises(PluginError, match="some_module"):
        nnframe.load(path)


def test_a_changed_formula_is_reported_with_the_values_before_and_after(path):
    with registry.temporarily(Activation("ramp", lambda z: 2 * z), name="some_module"):
        net_with("ramp").save(path)
    changed = Activation("ramp", lambda z: 3 * z)
    with registry.temporarily(changed, name="some_module"), pytest.warns(ChangedFormulaWarning) as caught:
        loaded = nnframe.load(path)
    message = str(caught[0].message)
    assert "the activation 'ramp' computes something else than when the net was saved" in message
    assert "it returned -16 for -8 with some_module (registered in code), and returns -24 with some_module" in message
    assert loaded.forwardPass([[1.0], [0.0]], return_all_steps=False).item() == 3 * (1.5 * 3)


@pytest.mark.parametrize("change", [lambda z: z * (1 + 1e-13), lambda z: z * 1.0])
def test_rounding_is_not_a_changed_formula(path, change):
    with registry.temporarily(Activation("line2", lambda z: z * 1.0), name="some_module"):
        net_with("line2").save(path)
    with registry.temporarily(Activation("line2", change), name="some_module"):
        nnframe.load(path)


@pytest.mark.filterwarnings("error")
def test_a_formula_that_overflows_or_raises_at_the_points_is_saved(path):
    with registry.temporarily(Activation("steep", lambda z: np.exp(z**4), lambda z: z), name="some_module"):
        net_with("steep").save(path)
        nnframe.load(path)
    picky = Activation("picky", lambda z: z + np.ones((1, 1)) if len(z) < 5 else 1 / 0, lambda z: 1 + 0 * z)
    with registry.temporarily(picky, name="some_module"):
        net_with("picky").save(path)
        assert nnframe.load(path).layersList[0].activation == "picky"


def test_a_missing_distribution_names_the_command_that_installs_it(path):
    message = load_changed(path, activation_with(name="swish", provider="nnframe-nowhere", version="1.2"))
    assert "it needs the activation 'swish' of nnframe-nowhere 1.2, which is not installed; " in message
    assert message.endswith("pip install nnframe-nowhere, if you trust the source of the file")


def test_a_distribution_without_the_activation_names_the_version_that_had_it(path, monkeypatch):
    change = activation_with(name="swish", provider="numpy", version="1.2")
    message = load_changed(path, change)
    assert f"it needs the activation 'swish' of numpy 1.2, but numpy {np.__version__} doesn't provide it; " in message
    install = "pip install numpy==1.2, if you trust the source of the file"
    assert message.endswith(f"{install}; or change NNFRAME_DISABLE_PLUGINS, which is 'all'")
    monkeypatch.delenv("NNFRAME_DISABLE_PLUGINS")
    assert load_changed(path, change).endswith(install)


def test_a_built_in_activation_of_the_future_asks_for_an_upgrade(path):
    message = load_changed(path, activation_with(name="relu2", version="99.0"))
    assert "it needs the activation 'relu2' of nnframe 99.0, " in message
    assert message.endswith("pip install --upgrade nnframe")


def test_no_plugin_replaces_a_built_in_activation(tmp_path):
    class Plugin:
        @hookimpl
        def nnframe_activations(self):
            return [Activation("tanh", lambda z: z)]

    with pytest.raises(nnframe.RegistrationError):
        registry.register(Plugin(), name="nnframe")
    net_with("tanh").save(tmp_path / "m.nnf")
    assert nnframe.load(tmp_path / "m.nnf").layersList[0].resolved_activation is registry.get("activation", "tanh")


def test_another_version_of_a_plugin_with_the_same_formula_loads_silently(tmp_path):
    path = tmp_path / "m.nnf"
    net_with("tanh").save(path)
    manifest, stored = read_file(path)
    activation_with(version="0.0.1")(manifest, stored)
    write_file(path, manifest, stored)
    assert nnframe.load(path).layersList[0].activation == "tanh"
